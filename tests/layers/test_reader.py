from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest
import shapely

from geo.errors import BadParameter, NotFound, SnapshotError, UnknownIdentifier
from geo.grid import to_degrees
from geo.kinds import KINDS
from layers.reader import Snapshot
from layers.style import THEMES
from tests.support.snapshots import street_polygons, to_lonlat


def test_reading_needs_neither_pandas_nor_numba_nor_a_database(snapshot_path: Path) -> None:
    code = """
import sys
from pathlib import Path
import orjson
from layers.snapshot import open_current
s = open_current(Path(sys.argv[1]).parent)
s.cell_at(116.40, 39.92); s.ranking(); s.street_at(116.40, 39.92); s.fn("city", "110000")
a = s.area_shape("110101001000")
s.polygon_summary(a)
orjson.dumps([s.features(k).geojson(rows) for k, rows in s.search(a).items()])
orjson.dumps(s.area_geojson("street")); len(s.sources); s.tiles.tile(*next(iter(s.tiles)))
print(sorted(m for m in ("pandas", "numba", "sqlalchemy", "geopandas", "rasterio", "pyogrio") if m in sys.modules))
"""
    command = [sys.executable, "-W", "error", "-c", code, str(snapshot_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_kind_is_there(snapshot: Snapshot) -> None:
    assert snapshot.kinds == tuple(KINDS)
    for kind in snapshot.kinds:
        table = snapshot.features(kind)
        features = table.geojson(range(len(table)))
        assert len(orjson.dumps(features)) > 100
        assert list(features[0]["properties"]) == [field.name for field in KINDS[kind].all_fields]
    with pytest.raises(UnknownIdentifier):
        snapshot.features("dragon")


def test_cells_by_place_and_by_id_agree_with_the_table(snapshot: Snapshot, snapshot_path: Path) -> None:
    table = pd.read_parquet(snapshot_path / "cells.parquet")
    for row in table.iloc[::301].itertuples():
        cell = snapshot.cell_at(row.lon, row.lat)
        assert cell is not None
        assert cell["id"] == row.id
        assert cell["pll"] == pytest.approx(row.s * 1e-15)
        assert snapshot.cell(row.id) == cell
        assert [code["code"] for code in cell["codes"]] == ([] if row.level == 4 else [f"C-D-{row.level}"])
        assert shapely.Polygon(snapshot.cell_polygon(row.cell)["coordinates"][0]).contains(shapely.Point(row.lon, row.lat))
    empty = np.setdiff1d(np.arange(snapshot.grid.size), table["cell"])[0]
    lon, lat = to_degrees(*snapshot.grid.centre([empty]))
    assert snapshot.cell_at(float(lon[0]), float(lat[0])) is None
    assert snapshot.cell_at(0, 0) is None
    with pytest.raises(NotFound):
        snapshot.cell(snapshot.grid.ids([empty])[0])
    with pytest.raises(BadParameter):
        snapshot.cell("nonsense")


def test_street_at_a_point(snapshot: Snapshot) -> None:
    for polygon, code in zip(street_polygons(snapshot.grid), snapshot.areas.texts("code"), strict=False):
        spot = to_lonlat(polygon.representative_point())
        found = snapshot.street_at(spot.x, spot.y)
        assert found is not None
        assert found["code"] == code
    assert snapshot.street_at(110.0, 30.0) is None


def test_ranking_orders_limits_and_filters(snapshot: Snapshot) -> None:
    ranked = snapshot.ranking("street")
    assert [record["position"] for record in ranked] == [record["rank"] for record in ranked] == [1, 2, 3, 4]
    assert [r["code"] for r in snapshot.ranking("street", ascending=True)] == [r["code"] for r in ranked][::-1]
    assert [r["code"] for r in snapshot.ranking("street", limit=2)] == [r["code"] for r in ranked][:2]
    east = snapshot.ranking("street", parent="110112")
    assert {record["parent"] for record in east} == {"110112"}
    assert len(snapshot.ranking("street", parent="110000")) == 4
    by_theme = snapshot.ranking("district", by="hazchem_density")
    assert by_theme[0]["value"] == max(record["pll_hazchem"] / record["area_km2"] for record in by_theme)
    for bad in ({"by": "beauty"}, {"level": "county"}):
        with pytest.raises(BadParameter):
            snapshot.ranking(**bad)  # type: ignore[arg-type]


def test_areas_by_code(snapshot: Snapshot) -> None:
    area = snapshot.area("110112106000")
    assert area["name"] == "漷县镇"
    assert isinstance(area["codes"], list)
    with pytest.raises(NotFound):
        snapshot.area("999")
    document = snapshot.area_geojson("street", ["name", "risk_level"])
    assert [set(feature["properties"]) for feature in document["features"]] == [{"name", "risk_level"}] * 4


def brute(table: pd.DataFrame, polygon: shapely.Geometry) -> set[str]:
    return {row.id for row in table.itertuples() if shapely.from_wkb(row.geometry).intersects(polygon)}


@pytest.mark.parametrize("kind", ["enterprise", "pipeline", "venue", "work_site", "area"])
def test_polygon_search_equals_asking_every_feature(snapshot: Snapshot, snapshot_path: Path, kind: str) -> None:
    table = pd.read_parquet(snapshot_path / f"features/{kind}.parquet")
    west, south, east, north = snapshot.bounds
    rng = np.random.default_rng(1)
    found_any = False
    for _ in range(20):
        points = np.column_stack([rng.uniform(west, east, 5), rng.uniform(south, north, 5)])
        polygon = shapely.convex_hull(shapely.multipoints(points))
        rows = snapshot.search(polygon, [kind])[kind]
        found_any |= bool(len(rows))
        assert {feature["id"] for feature in snapshot.features(kind).geojson(rows)} == brute(table, polygon)
        box = polygon.bounds
        rows = snapshot.features(kind).meeting_box(box)
        assert {feature["id"] for feature in snapshot.features(kind).geojson(rows)} == brute(table, shapely.box(*box))
    assert found_any


def test_a_feature_by_id(snapshot: Snapshot) -> None:
    table = snapshot.features("hazard_source")
    row = table.row("hazard_source-007")
    assert table.properties([row])[0]["id"] == "hazard_source-007"
    with pytest.raises(NotFound):
        table.row("nobody")


def test_a_street_polygon_sums_to_the_street(snapshot: Snapshot) -> None:
    for code in ("110101001000", "110112", "110000"):
        area = snapshot.area(code)
        found = snapshot.polygon_summary(snapshot.area_shape(code))
        # Edges are straight in degrees here and in metres there: 1 km of edge sags by decimetres.
        for name in ("area_km2", "pll", "residents", "workers", "density"):
            assert found[name] == pytest.approx(area[name], rel=2e-4)
        assert sum(found["themes"].values()) == pytest.approx(found["pll"], rel=1e-12)
        assert found["themes"][THEMES[0][0]] == pytest.approx(area[f"pll_{THEMES[0][0]}"], rel=2e-4)
        for level in "1234":
            assert found["share_people"][level] == pytest.approx(area[f"share_people_{level}"], abs=2e-4)


def test_two_halves_sum_to_the_whole(snapshot: Snapshot) -> None:
    west, south, east, north = snapshot.bounds
    middle = west + 0.4321 * (east - west)
    parts = [snapshot.polygon_summary(shapely.box(*box)) for box in
             ((west, south, middle, north), (middle, south, east, north), (west, south, east, north))]
    for name in ("pll", "residents", "area_km2"):
        assert parts[0][name] + parts[1][name] == pytest.approx(parts[2][name], rel=1e-9)


def test_a_polygon_elsewhere_is_empty_not_an_error(snapshot: Snapshot) -> None:
    found = snapshot.polygon_summary(shapely.box(100, 20, 100.1, 20.1))
    assert (found["pll"], found["residents"], found["cells"]) == (0.0, 0.0, 0)
    assert found["area_km2"] == pytest.approx(115.9, abs=0.5)


def test_curves(snapshot: Snapshot) -> None:
    curve = snapshot.fn("installation", "hazard_source-000")
    assert [point["n"] for point in curve] == [1, 3, 10, 30]
    assert curve[0]["zone"] == "ALARP"
    with pytest.raises(NotFound):
        snapshot.fn("street", "nowhere")


def test_a_damaged_snapshot_says_so(tmp_path: Path, snapshot_path: Path) -> None:
    with pytest.raises(SnapshotError):
        Snapshot(tmp_path)
    (tmp_path / "manifest.json").write_bytes((snapshot_path / "manifest.json").read_bytes())
    (tmp_path / "risk.pmtiles").write_bytes(b"not tiles")
    broken = Snapshot(tmp_path)
    with pytest.raises(SnapshotError):
        _ = broken.cells
    with pytest.raises(SnapshotError):
        _ = broken.tiles


def test_geopandas_and_gdal_read_the_geoparquet(snapshot_path: Path) -> None:
    import geopandas

    frame = geopandas.read_parquet(snapshot_path / "features/pipeline.parquet")
    assert frame.crs is not None
    assert frame.crs.to_epsg() == 4490
    assert set(frame.geom_type) == {"LineString"}
    areas = geopandas.read_parquet(snapshot_path / "areas.parquet")
    assert areas["name"].tolist()[:4] == ["东华门街道", "景山街道", "永顺镇", "漷县镇"]


def test_the_worst_level_stands_first(snapshot: Snapshot) -> None:
    """By severity a red street of low density stands before an orange one of high density."""
    ranked = snapshot.ranking("street", by="severity")
    key = [(r["risk_level"], -r["index"]) for r in ranked]
    assert key == sorted(key)
