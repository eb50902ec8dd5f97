"""Features kept as text: the bytes of the serialiser, made once for all processes, within their room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from layers.collections import Collection, collection_names, make_collection
from layers.formats.jsontext import feature_texts, text_bytes
from layers.formats.kept import KeptTexts
from layers.reader import Snapshot

RUN = "20260101T000000-aaaaaa.1"


@contextmanager
def made(folder: Path, collection: Collection, *, run: str = RUN, most: int = 10_000_000) -> Iterator[KeptTexts]:
    """The collection's file, when it is there; opened by another than made it."""
    first = KeptTexts(folder, most, least=1)
    assert first.page(run, collection, np.arange(1)) is None
    first.close()
    again = KeptTexts(folder, most, least=1)
    yield again
    again.close()


def test_pages_are_those_of_the_serialiser(snapshot: Snapshot, tmp_path: Path) -> None:
    for name in collection_names(snapshot):
        collection = snapshot.collection(name)
        if not len(collection):
            continue
        rows = np.random.default_rng(1).permutation(len(collection))[:2000]
        with made(tmp_path, collection) as kept:
            for wanted in (rows, np.sort(rows), rows[:1], np.arange(len(collection))[-3:]):
                page = kept.page(RUN, collection, wanted)
                assert page is not None, name
                assert bytes(page) == text_bytes(feature_texts(collection, wanted), b","), name


def test_whoever_asks_first_goes_on_with_the_same(snapshot: Snapshot, tmp_path: Path) -> None:
    collection = make_collection(snapshot, "cells")
    kept = KeptTexts(tmp_path, 10_000_000, least=5)
    assert kept.page(RUN, collection, np.arange(4)) is None
    assert kept.page(RUN, collection, np.arange(5)) is None
    kept.close()
    assert kept.page(RUN, collection, np.arange(4)) is None
    assert kept.page(RUN, collection, np.arange(5)) is not None
    for path in tmp_path.rglob("*.texts"):
        path.unlink()
    assert kept.page(RUN, collection, np.arange(5)) is not None
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file()) == [".lock"]


@pytest.mark.parametrize("keep", [0, 10, -1, -30])
def test_a_broken_file_is_made_again(snapshot: Snapshot, tmp_path: Path, keep: int) -> None:
    collection = snapshot.collection("venue")
    with made(tmp_path, collection) as kept:
        whole = bytes(kept.page(RUN, collection, np.arange(9)) or b"")
    (path,) = tmp_path.rglob("*.texts")
    path.write_bytes(path.read_bytes()[:keep] if keep >= 0 else path.read_bytes()[:keep] + b"x" * -keep)
    with made(tmp_path, collection) as kept:
        assert bytes(kept.page(RUN, collection, np.arange(9)) or b"") == whole


def test_files_stay_within_their_room(snapshot: Snapshot, tmp_path: Path) -> None:
    collection = snapshot.collection("enterprise")
    with made(tmp_path, collection):
        (path,) = tmp_path.rglob("*.texts")
    room = int(path.stat().st_size * 1.5)
    with made(tmp_path, collection, run="b", most=room) as kept:
        assert kept.page("b", collection, np.arange(1)) is not None
        assert [path.name for path in tmp_path.iterdir()] == ["b"]
    narrow = KeptTexts(tmp_path, 1000, least=1)
    assert narrow.page("c", collection, np.arange(1)) is None
    narrow.close()
    assert narrow.page("c", collection, np.arange(1)) is None
    assert not list(tmp_path.rglob("*.texts"))
    none = KeptTexts(tmp_path / "none", 0, least=1)
    assert none.page(RUN, collection, np.arange(1)) is None
    none.close()
    assert not (tmp_path / "none").exists()


def test_where_nothing_can_be_written_pages_go_on(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = KeptTexts(tmp_path / "file", 10_000_000, least=1)
    collection = snapshot.collection("enterprise")
    assert kept.page(RUN, collection, np.arange(1)) is None
    kept.close()
    assert kept.page(RUN, collection, np.arange(1)) is None
