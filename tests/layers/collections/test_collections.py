"""Collections of a snapshot: what they hold agrees with the tables, and questions find what brute force finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter, NotFound, UnknownIdentifier
from geo.kinds import KINDS
from layers.collections import CRS84, Query, chosen, collection_names, offered, rows_of
from layers.collections.crs import STORAGE
from layers.filters import parse_text
from layers.reader import Snapshot
from tests.support.snapshots import COUNTED_ELSEWHERE, NOTHING_COMPUTED


def test_every_collection_can_be_read_whole(snapshot: Snapshot) -> None:
    names = collection_names(snapshot)
    assert set(names) == {"areas", "areas-street", "areas-district", "areas-city", "cells", "sources", "warnings", *KINDS}
    for name in names:
        collection = snapshot.collection(name)
        assert collection is snapshot.collection(name)
        rows = np.arange(len(collection))
        taken = collection.take(rows)
        assert list(taken) == list(collection.properties)
        for column in taken.values():
            assert len(column) == len(rows)
        assert len(set(collection.ids(rows).to_pylist())) == len(rows)
        assert len(collection.geometry) == len(rows)
        for row, identity in zip(rows[:3].tolist(), collection.ids(rows[:3]).to_pylist(), strict=True):
            assert collection.row(identity) == row
    with pytest.raises(NotFound):
        snapshot.collection("dragons")
    with pytest.raises(NotFound):
        snapshot.collection("venue").row("nobody")


def test_cells_are_in_natural_units(snapshot: Snapshot, snapshot_path: Path) -> None:
    table = pd.read_parquet(snapshot_path / "cells.parquet")
    areas = pd.read_parquet(snapshot_path / "areas.parquet")
    cells = snapshot.collection("cells")
    rows = np.arange(0, len(cells), 97)
    taken = {name: column.to_pylist() for name, column in cells.take(rows).items()}
    assert taken["pll"] == pytest.approx((table["s"].to_numpy()[rows] * 1e-15).tolist())
    assert taken["pll_hazchem"] == pytest.approx((table["s_hazchem"].to_numpy()[rows] * 1e-15).tolist())
    assert taken["ir_an"] == pytest.approx((table["ir_an"].to_numpy()[rows] * 1e-18).tolist())
    streets = areas[areas["level"] == "street"]["code"].tolist()
    assert taken["street_code"] == [streets[street] for street in table["street"].to_numpy()[rows]]
    for codes, level in zip(taken["codes"], taken["level"], strict=True):
        assert orjson.loads(codes) == ([] if level == 4 else [f"C-D-{level}"])
    for row, shape in zip(rows.tolist(), cells.geometry.shapes(rows), strict=True):
        assert shape.contains(shapely.Point(table["lon"][row], table["lat"][row]))
        assert shapely.geometry.shape(snapshot.cell_polygon(int(table["cell"][row]))).equals_exact(shape, 1e-7)


def test_areas_by_level_and_their_parents(snapshot: Snapshot) -> None:
    districts = snapshot.collection("areas-district")
    assert districts.take(np.arange(2), ["name", "parent_name", "level"])["parent_name"].to_pylist() == ["北京市", "北京市"]
    assert len(snapshot.collection("areas")) == sum(len(snapshot.collection(f"areas-{level}")) for level in ("street", "district",
                                                                                                             "city"))
    assert snapshot.collection("areas-city").take(np.array([0]), ["parent_name"])["parent_name"].to_pylist() == [None]


def test_sources_are_named_by_kind_and_id(snapshot: Snapshot) -> None:
    sources = snapshot.collection("sources")
    row = sources.row("venue.venue-003")
    taken = {name: column[0].as_py() for name, column in sources.take(np.array([row])).items()}
    assert (taken["kind"], taken["id"]) == ("venue", "venue-003")
    venue = snapshot.collection("venue")
    own = venue.take(np.array([venue.row("venue-003")]), ["risk_pll", "risk_level"])
    assert own["risk_pll"][0].as_py() == pytest.approx(taken["pll"])
    assert own["risk_level"][0].as_py() == taken["level"]


def test_what_was_not_computed_is_null_and_never_a_low_risk(snapshot: Snapshot) -> None:
    equipment = snapshot.collection("equipment")
    rows = np.array([equipment.row(name) for name in (NOTHING_COMPUTED, COUNTED_ELSEWHERE)])
    taken = equipment.take(rows, ["risk_level", "risk_pll", "pll"])
    assert {name: column.to_pylist() for name, column in taken.items()} == {
        "risk_level": [None, 2], "risk_pll": [None, None], "pll": [None, None]}
    risk = snapshot.source_risk("equipment")
    assert np.isnan(risk.pll).sum() == 2
    assert (risk.level == 0).sum() == 1
    sources = snapshot.collection("sources")
    assert sources.take(np.array([sources.row(f"equipment.{NOTHING_COMPUTED}")]), ["level"])["level"].to_pylist() == [None]


def brute(snapshot: Snapshot, name: str, shape: shapely.Geometry) -> list[int]:
    collection = snapshot.collection(name)
    return np.flatnonzero(shapely.intersects(collection.geometry.shapes(np.arange(len(collection))), shape)).tolist()


@pytest.mark.parametrize("name", ["enterprise", "pipeline", "venue", "work_site", "areas", "cells", "sources"])
def test_box_and_polygon_find_what_brute_force_finds(snapshot: Snapshot, name: str) -> None:
    west, south, east, north = snapshot.bounds
    rng, any_found = np.random.default_rng(7), 0
    for _ in range(8):
        x, y = np.sort(rng.uniform(west, east, 2)), np.sort(rng.uniform(south, north, 2))
        box = (x[0], y[0], x[1], y[1])
        rows = rows_of(snapshot.collection(name), Query(boxes=(box,))).tolist()
        assert rows == brute(snapshot, name, shapely.box(*box))
        hull = shapely.convex_hull(shapely.multipoints(np.column_stack([rng.uniform(west, east, 5),
                                                                        rng.uniform(south, north, 5)])))
        assert rows_of(snapshot.collection(name), Query(polygon=hull)).tolist() == brute(snapshot, name, hull)
        any_found += len(rows)
    assert any_found


def test_two_boxes_are_the_sides_of_the_antimeridian(snapshot: Snapshot) -> None:
    west, south, east, north = snapshot.bounds
    middle = (west + east) / 2
    venue = snapshot.collection("venue")
    both = rows_of(venue, Query(boxes=((west, south, middle, north), (middle, south, east, north))))
    assert both.tolist() == list(range(len(venue)))


def test_order_ties_and_missing_values(snapshot: Snapshot) -> None:
    venue = snapshot.collection("venue")
    rows = rows_of(venue, Query(order=(("venue_type", False), ("risk_pll", True))))
    kinds, pll = (venue.column(name).take(rows).to_pylist() for name in ("venue_type", "risk_pll"))
    assert list(zip(kinds, pll, strict=True)) == sorted(zip(kinds, pll, strict=True), key=lambda pair: (pair[0], -pair[1]))
    rows = rows_of(venue, Query(order=(("assumed", True),)))
    present = [value is not None for value in venue.column("assumed").take(rows).to_pylist()]
    assert present == sorted(present, reverse=True)
    tied = rows_of(venue, Query(order=(("synthetic", True),)))
    assert tied.tolist() == list(range(len(venue)))


def test_parts_of_a_question_are_all_meant(snapshot: Snapshot) -> None:
    venue = snapshot.collection("venue")
    west, south, east, north = snapshot.bounds
    query = Query(boxes=((west, south, east, (south + north) / 2),), equal=(("venue_type", "school"),),
                  filter=parse_text("capacity > 20"),
                  interval=(0, 2**60))
    rows = rows_of(venue, query)
    for row in rows.tolist():
        values = {name: column[0].as_py() for name, column in venue.take(np.array([row])).items()}
        assert values["venue_type"] == "school"
        assert values["capacity"] > 20
    assert rows_of(venue, query) is rows, "the same question again costs nothing"
    assert len(rows_of(venue, Query(interval=(-(2**60), 0)))) == 0, "nothing is valid before 2020"


@pytest.mark.parametrize(("name", "value"), [("synthetic", "maybe"), ("capacity", "many"), ("capacity", "nan"),
                                             ("valid_from", "May"),
                                             ("venue_type", "castle")])
def test_values_of_the_wrong_type_are_refused(snapshot: Snapshot, name: str, value: str) -> None:
    with pytest.raises(BadParameter):
        rows_of(snapshot.collection("venue"), Query(equal=((name, value),)))
    with pytest.raises(UnknownIdentifier):
        snapshot.collection("venue").chosen(["name", "colour"])


def test_an_empty_collection_has_a_schema(snapshot: Snapshot) -> None:
    warnings = snapshot.collection("warnings")
    assert len(warnings) == 0
    assert {"id", "level", "text"} <= set(warnings.properties)
    assert len(rows_of(warnings, Query(boxes=((0, 0, 1, 1),), filter=parse_text("level = 1"), order=(("id", False),),
                                       interval=(0, 1)))) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(115, 118), st.floats(39, 42)), min_size=1, max_size=20))
def test_systems_agree_with_proj_and_return(points: list[tuple[float, float]]) -> None:
    places = np.array(points)
    for crs in offered((115.4, 39.4, 117.5, 41.1)).values():
        made = crs.from_degrees(places)
        back = crs.to_degrees(made)
        assert np.abs(back - places).max() < (2e-8 if crs.projected else 1e-12)
        if crs is not CRS84:
            # the authority's own axis order, which pyproj keeps unless told otherwise
            source = 4326 if crs.epsg in (4326, 3857) else 4490
            expected = np.column_stack(pyproj.Transformer.from_crs(source, crs.epsg).transform(places[:, 1], places[:, 0]))
            assert np.abs(made - expected).max() < (2e-3 if crs.projected else 1e-9)


def test_zones_follow_the_map() -> None:
    assert [crs.epsg for crs in offered((103.0, 30.0, 105.0, 31.0)).values()][-1] == 4544  # Chengdu, 105° E
    assert [crs.epsg for crs in offered((120.8, 30.0, 122.0, 32.0)).values()][-1] == 4549  # Shanghai, 120° E
    assert len(offered((0.0, 50.0, 1.0, 51.0))) == 4
    systems = offered((115.4, 39.4, 117.5, 41.1))
    assert chosen(systems, None, "crs") is CRS84
    assert chosen(systems, "EPSG:4490", "crs") is STORAGE
    assert chosen(systems, f"[{STORAGE.uri}]", "crs") is STORAGE
    with pytest.raises(BadParameter) as caught:
        chosen(systems, "http://www.opengis.net/def/crs/EPSG/0/2193", "crs")
    assert STORAGE.uri in caught.value.remedy_zh
