"""Reading: validity in time, search in a polygon against a plain scan, rasters, runs, version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.errors import BadGeometry, BadParameter, NotFound, UnknownIdentifier
from geo.store import Store

EnterpriseMaker = Callable[..., pd.DataFrame]


def test_as_of_keeps_what_is_valid_on_the_day(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(
        4, valid_from=[None, date(2026, 3, 1), None, date(2026, 3, 2)], valid_to=[None, None, date(2026, 3, 1), date(2026, 4, 1)])
    store.load("enterprise", frame, source="test")
    assert list(store.read("enterprise", as_of=date(2026, 2, 28))["id"]) == ["E00000", "E00002"]
    assert list(store.read("enterprise", as_of=date(2026, 3, 1))["id"]) == ["E00000", "E00001"]
    assert list(store.read("enterprise", as_of=date(2026, 3, 31))["id"]) == ["E00000", "E00001", "E00003"]
    assert list(store.read("enterprise", as_of=date(2026, 4, 1))["id"]) == ["E00000", "E00001"]
    found = store.search(shapely.box(115, 39, 118, 41), ["enterprise"], as_of=date(2026, 3, 1))
    assert list(found["enterprise"]["id"]) == ["E00000", "E00001"]


def test_any_text_comes_back(store: Store, enterprises: EnterpriseMaker) -> None:
    """Also what separates the columns on their way out of SQLite."""
    names = ["甲\x1e\n\t乙", "%s'); DROP", None, '"']
    frame = enterprises(4, name=names, floor_area_m2=[1 / 3, 5e-324, 1.7976931348623157e308, 20.0])
    frame["valid_to"] = [date(2030, 2, 28), None, None, date(9999, 12, 31)]
    store.load("enterprise", frame, source="test")
    for first in ("甲\x1e\n\t乙", "甲\x1f乙"):
        store.edit("enterprise", "E00000", {"name": first}, by="")
        back = store.read("enterprise")
        assert back["name"].tolist() == [first, *names[1:]]
        assert back["floor_area_m2"].tolist() == frame["floor_area_m2"].tolist()
        assert back["staff_at_place"].tolist() == frame["staff_at_place"].tolist()
        assert back["valid_to"].dt.strftime("%Y-%m-%d").fillna("-").tolist() == ["2030-02-28", "-", "-", "9999-12-31"]
        assert [None if value is pd.NA else bool(value) for value in back["sprinklers"]] == frame["sprinklers"].tolist()


def test_columns_are_the_asked_ones(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3), source="test")
    assert list(store.read("enterprise", columns=["staff_at_place", "id"]).columns) == ["staff_at_place", "id"]
    assert list(store.read("enterprise", columns=["geometry"]).columns) == ["geometry"]
    with pytest.raises(UnknownIdentifier):
        store.read("enterprise", columns=["id", "name; DROP TABLE enterprise"])
    with pytest.raises(UnknownIdentifier):
        store.read("dragon")


def test_search_equals_a_plain_scan(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(2000)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.02)
    store.load("enterprise", frame, source="test")
    star = shapely.Polygon([(116, 39.7), (116.3, 40.1), (116.9, 40), (116.5, 40.3), (116.6, 40.7), (116.2, 40.4), (115.9, 40.6)])
    holed = shapely.box(116, 39.8, 117, 40.5) - star
    for polygon in (star, holed, shapely.MultiPolygon([shapely.box(116, 40, 116.1, 40.1), shapely.box(117, 40, 117.1, 40.1)])):
        expected = frame["id"][shapely.intersects(polygon, frame["geometry"].to_numpy())]
        found = store.search(polygon, ["enterprise", "venue"])
        assert list(found["enterprise"]["id"]) == sorted(expected)
        assert len(expected) > 10
        assert found["venue"].empty


def test_a_point_on_the_border_is_found(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(2)
    frame["geometry"] = [shapely.Point(116.1, 40.05), shapely.Point(np.nextafter(116.1, 117), 40.05)]
    store.load("enterprise", frame, source="test")
    assert list(store.search(shapely.box(116, 40, 116.1, 40.1), ["enterprise"])["enterprise"]["id"]) == ["E00000"]


def test_bad_search_areas_are_refused(store: Store) -> None:
    bow = shapely.Polygon([(116, 39), (117, 40), (117, 39), (116, 40)])
    for shape in (bow, shapely.Polygon(), shapely.Point(116, 40)):
        with pytest.raises(BadGeometry):
            store.search(shape, ["enterprise"])  # type: ignore[arg-type]
    with pytest.raises(UnknownIdentifier):
        store.search(shapely.box(116, 40, 117, 41), ["dragon"])


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_search_on_postgis_uses_the_gist_index(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(6000), source="test")
    query = "EXPLAIN SELECT id FROM enterprise WHERE ST_Intersects(geometry, ST_MakeEnvelope(116, 40, 116.05, 40.05, 4490))"
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(query).scalars())
    engine.dispose()
    assert "enterprise_gist" in plan


def test_rasters(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "population.tif"
    file.write_bytes(b"x")
    with pytest.raises(NotFound):
        store.raster("population")
    version = store.version()
    store.put_raster("population", file, "aa")
    assert store.raster("population") == file
    moved = file.parent / "moved" / file.name
    moved.parent.mkdir()
    moved.write_bytes(b"the copy of a moved home")
    assert store.raster("population", near=moved.parent) == moved
    assert store.raster("population", near=file.parent / "elsewhere") == file
    changed = store.version()
    assert changed != version
    store.put_raster("population", file, "aa")
    assert store.version() == changed
    file.unlink()
    with pytest.raises(NotFound, match="不存在"):
        store.raster("population")


def test_runs(store: Store) -> None:
    store.record_run({"run_id": "a", "state": "running", "started": "2026-01-01T00:00:00"})
    store.record_run({"run_id": "b", "state": "running", "started": "2026-01-02T00:00:00", "totals": {"pll": 1.5}})
    store.record_run({"run_id": "a", "state": "done", "started": "2026-01-01T00:00:00", "finished": "2026-01-01T00:01:00"})
    assert [(run["run_id"], run["state"]) for run in store.runs()] == [("b", "running"), ("a", "done")]
    assert store.runs(1)[0]["totals"] == {"pll": 1.5}
    with pytest.raises(BadParameter):
        store.record_run({"state": "running"})
