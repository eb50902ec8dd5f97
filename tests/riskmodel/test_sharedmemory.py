"""Rooms give back what was left in them, to this process and to those that find them, and nothing stays behind."""

from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from riskmodel.sharedmemory import Address, Packed, Room, put, take

WHAT = {"numbers": np.arange(5000.0).reshape(50, 100), "none": np.zeros((0, 3), np.int32), "odd": np.array([1, 2, 3], np.int8),
        "flags": np.array([True, False]), "name": "甲"}


def rooms() -> list[str]:
    """What this process has open of such memory."""
    links = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [link for link in links if "riskmap-" in link]


def equal(found: dict[str, object]) -> bool:
    return all(np.array_equal(found[name], value) for name, value in WHAT.items())  # type: ignore[arg-type]


def test_what_was_left_is_there_and_can_be_written_to_alone() -> None:
    room = Room()
    packed = room.put(WHAT)
    found, again = room.take(packed), room.take(packed)
    room.close()
    room.close()
    assert equal(found)
    for name in ("numbers", "none", "odd", "flags"):  # as the compiled code knows them: nothing is compiled anew for these
        assert found[name].flags.writeable
        assert found[name].flags.aligned
    found["numbers"][:] = 0.0
    assert equal(again)


@pytest.mark.parametrize("what", ["甲", [], {"none": np.zeros((0, 7))}, [np.zeros(0), np.ones(3), np.zeros(0)]])
def test_objects_with_few_or_no_arrays(what: object) -> None:
    room = Room()
    assert str(room.take(room.put(what))) == str(what)
    room.close()


def test_a_second_object_begins_where_the_first_ends() -> None:
    room = Room()
    first = room.put(np.arange(3))
    descriptor = room.address.opened()
    assert descriptor is not None
    second = put(descriptor, np.arange(4.0), first.end)
    assert np.array_equal(take(descriptor, second), np.arange(4.0))
    assert np.array_equal(take(descriptor, first), np.arange(3))
    os.close(descriptor)
    room.close()


def test_only_the_room_that_is_meant_is_found() -> None:
    before = rooms()
    room = Room()
    address = room.address
    assert address.reachable()
    assert len(rooms()) == len(before) + 1
    assert not replace(address, name="riskmap-another").reachable()
    assert not replace(address, pid=2**22 + 1).reachable()
    room.close()
    assert not address.reachable()
    assert rooms() == before


def test_another_process_reads_and_answers() -> None:
    room = Room()
    packed = room.put(WHAT)
    with get_context("fork").Pool(1) as pool:
        answer = pool.apply(_double, (room.address, packed))
    assert np.array_equal(room.take(answer), 2 * WHAT["numbers"])  # type: ignore[operator]
    room.close()


def _double(address: Address, packed: Packed) -> Packed:
    descriptor = address.opened()
    assert descriptor is not None
    return put(descriptor, 2 * take(descriptor, packed)["numbers"], packed.end)
