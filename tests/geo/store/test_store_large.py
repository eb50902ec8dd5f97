"""Large reads from SQLite, past the driver: the same bits in the same transaction, or the driver's way."""

from __future__ import annotations

import ctypes
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import rasterio
import shapely

import geo.store.sqlitescan  # noqa: F401  (compiled code in the process, as in a run)
from geo.errors import StoreError
from geo.kinds import KINDS
from geo.store import Store, open_store, reading, sqlitelarge, sqlitelibrary, sqliterows
from geo.store.frames import to_shapes
from geo.store.reader import _columns

EnterpriseMaker = Callable[..., pd.DataFrame]
sqlite_only = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every read is a large one, in parts of a few rows and bytes."""
    monkeypatch.setattr(sqlitelarge, "LARGE", 1)
    monkeypatch.setattr(sqlitelarge, "_ROWS", 7)
    monkeypatch.setattr(sqlitelarge, "_FIRST", 64)
    assert sqlitelarge.worth(1), "this Python's library of SQLite cannot be reached"


def odd(enterprises: EnterpriseMaker) -> pd.DataFrame:
    """Rows with whatever a store may hold."""
    frame = enterprises(
        60, name=["甲\x1e\n\t乙", "甲\x1f乙", "%s'); DROP", None, '"', "长" * 5_000] * 10,
        floor_area_m2=[1 / 3, 5e-324, 1.7976931348623157e308, 20.0, None, 0.1 + 0.2] * 10,
        staff_at_place=[0, 1, 2**31, 2**40, 5, 6] * 10, valid_to=[date(2030, 2, 28), None, date(9999, 12, 31)] * 20,
        position_accuracy_m=None)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.02)
    return frame


@pytest.fixture
def raw(store: Store, store_url: str, enterprises: EnterpriseMaker) -> Iterator[sqlite3.Connection]:
    """The driver's connection to a store of odd rows."""
    store.load("enterprise", odd(enterprises), source="a")
    with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as connection:
        yield connection


def rows(raw: sqlite3.Connection, way: Callable[..., pa.Table], rest: str = "", **values: object) -> pa.Table:
    kind = KINDS["enterprise"]
    types = reading.types_of(kind, ["rowid", "content", "minx", *_columns(kind, None)])
    return way(raw, f' FROM "enterprise"{rest}', values, types)


@sqlite_only
@pytest.mark.usefixtures("large")
def test_both_ways_give_the_same_bits(raw: sqlite3.Connection) -> None:
    some = " WHERE valid_to = :day OR minx > :west OR staff_at_place = :staff OR name IS :name"
    values = {"day": "2030-02-28", "west": 116.9, "staff": 2**40, "name": None}
    found = []
    for rest, given in (("", {}), (some, values), (" WHERE id = 'no'", {})):
        one, two = (rows(raw, way, rest, **given) for way in (sqlitelarge.scanned, sqliterows.fetch))
        assert one.equals(two)
        found.append(one.num_rows)
    assert found[0] == 60 > found[1] > found[2] == 0


@sqlite_only
def test_frames_are_equal_whichever_way(store: Store, enterprises: EnterpriseMaker, large: None,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    store.load("enterprise", odd(enterprises), source="a")
    before = datetime.now(UTC)
    store.retire("enterprise", ["E00003", "E00004"], by="")
    polygon = shapely.box(116, 40, 117, 41)

    def everything() -> list[pd.DataFrame]:
        return [store.read("enterprise"), store.read("enterprise", as_of=date(2029, 1, 1)), store.read("enterprise", at=before),
                store.read("enterprise", columns=["geometry"]), store.search(polygon, ["enterprise"])["enterprise"],
                store.query("enterprise", polygon=polygon, limit=17).table.to_pandas()]

    mine = everything()
    monkeypatch.setattr(sqlitelarge, "LARGE", 10**9)
    for one, two in zip(mine, everything(), strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert [len(frame) for frame in mine[:3]] == [58, 58, 60]


@sqlite_only
@pytest.mark.usefixtures("large")
def test_a_large_read_belongs_to_its_transaction(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(30), source="a")
    with open_store(store_url, read_only=True) as other, other.snapshot():
        assert len(other.read("enterprise")) == 30
        with store.transaction(keep=False):
            store.retire("enterprise", ["E00003"], by="")
            assert len(store.read("enterprise")) == 29  # inside, what is not committed yet
        store.retire("enterprise", ["E00005"], by="")
        assert len(other.read("enterprise")) == 30
        assert len(store.read("enterprise")) == 29


@sqlite_only
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("column", "value"), [("staff_at_place", 1.5), ("sprinklers", 2), ("valid_to", "morgen"),
                                               ("name", b"\xff"), ("name", b"x"), ("floor_area_m2", "viel")])
def test_what_is_not_as_declared_goes_the_drivers_way(raw: sqlite3.Connection, column: str, value: object) -> None:
    """Another program's writing: whatever the driver's way says of it, good or bad, is said."""
    text = "CAST(? AS TEXT)" if value == b"\xff" else "?"
    raw.execute(f"UPDATE enterprise SET {column} = {text} WHERE id = 'E00011'", (value,))
    with pytest.raises(sqlitelarge.UnlikeDeclared):
        rows(raw, sqlitelarge.scanned)
    try:
        theirs = rows(raw, sqliterows.fetch)
    except (pa.ArrowInvalid, pa.ArrowTypeError, sqlite3.Error) as error:
        with pytest.raises(type(error)):
            rows(raw, sqlitelarge.fetch)
    else:
        assert rows(raw, sqlitelarge.fetch).equals(theirs)


@sqlite_only
@pytest.mark.usefixtures("large")
def test_errors_are_the_drivers(raw: sqlite3.Connection) -> None:
    for rest in (" WHERE dragon = 1", " WHERE", " WHERE abs(-9223372036854775807 - rowid) > 0"):
        with pytest.raises(sqlite3.OperationalError) as mine:
            rows(raw, sqlitelarge.scanned, rest)
        with pytest.raises(sqlite3.OperationalError) as theirs:
            rows(raw, sqliterows.fetch, rest)
        assert str(mine.value) == str(theirs.value)
    with pytest.raises(sqlitelarge.UnlikeDeclared):
        rows(raw, sqlitelarge.scanned, " WHERE minx > :west", west=2**63)
    raw.set_progress_handler(lambda: 1, 1)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        rows(raw, sqlitelarge.scanned)
    raw.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        rows(raw, sqlitelarge.scanned)


@sqlite_only
@pytest.mark.usefixtures("large")
def test_a_corrupt_file_is_called_so(raw: sqlite3.Connection, store: Store, store_url: str) -> None:
    root = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'enterprise'").fetchone()[0]
    size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    store.close()
    with Path(store_url.removeprefix("sqlite:///")).open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with open_store(store_url, read_only=True) as broken, pytest.raises(StoreError, match="损坏"):
        broken.read("enterprise")


def test_only_the_library_of_pythons_own_driver_is_used() -> None:
    """Another copy of SQLite in the process, as GDAL's wheel brings one, is known as such."""
    found = sqlitelibrary.library()
    assert found is not None
    copies = list(Path(rasterio.__file__).parents[1].glob("*.libs/libsqlite3*"))
    assert copies
    assert sqlitelibrary.is_pythons(found)
    for copy in copies:
        assert not sqlitelibrary.is_pythons(ctypes.CDLL(str(copy)))
    assert sqlitelibrary.is_pythons(found)


def test_small_reads_and_processes_without_compiled_code_take_the_drivers_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not sqlitelarge.worth(sqlitelarge.LARGE - 1)
    assert sqlitelarge.worth(sqlitelarge.LARGE)
    monkeypatch.delitem(sys.modules, "numba")
    assert not sqlitelarge.worth(10**6)


def test_points_are_what_their_wkb_says() -> None:
    points = shapely.points([[116.123456789, 39.9], [0.1 + 0.2, -0.0], [5e-324, 1e308]])
    for shapes in (points, [*points, shapely.Point()], [*points, shapely.box(0, 0, 1, 1)], []):
        stored = shapely.to_wkb(np.array(shapes, object))
        back = to_shapes(pa.chunked_array([pa.array(stored[:2], pa.binary()), pa.array(stored[2:], pa.binary())]))
        assert shapely.to_wkb(back).tolist() == stored.tolist()
