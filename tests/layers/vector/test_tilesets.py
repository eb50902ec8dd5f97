from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely

from api.tilestore import vector_tiles
from geo.errors import NotFound
from geo.grid import to_degrees
from layers.mercator import mercator
from layers.reader import Snapshot
from layers.vector import MAX_ZOOM, MIN_ZOOM, VectorTiles
from layers.vector.cells import CELL_ZOOM, CellTiles
from layers.vector.encoder import EXTENT, compress
from layers.vector.features import FEATURE_ZOOM
from tests.support.snapshots import make_small_snapshot


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot(make_small_snapshot(tmp_path_factory.mktemp("snapshots"), rasters=False))


@pytest.fixture(scope="module")
def tilesets(snapshot: Snapshot) -> VectorTiles:
    return vector_tiles(snapshot)


def addresses(snapshot: Snapshot, z: int) -> list[tuple[int, int, int]]:
    west, south, east, north = snapshot.bounds
    x, y = mercator(np.array([west, east]), np.array([north, south]), z)
    return [(z, col, row) for col in range(int(x[0]) - 1, int(x[1]) + 2) for row in range(int(y[0]) - 1, int(y[1]) + 2)]


def features(tile: bytes, name: str) -> list[dict]:
    if not tile:
        return []
    return mapbox_vector_tile.decode(gzip.decompress(tile), default_options={"y_coord_down": True})[name]["features"]


@pytest.mark.parametrize("z", [CELL_ZOOM - 4, CELL_ZOOM - 2, CELL_ZOOM - 1, CELL_ZOOM, CELL_ZOOM + 2])
def test_cells_are_all_there_at_every_zoom_worst_level_and_sums_kept(snapshot: Snapshot, tilesets: VectorTiles, z: int) -> None:
    """Read back by another decoder, each block once by its id: counts and PLL add up to the table, the worst level is kept."""
    found = {f["id"]: f["properties"] for address in addresses(snapshot, z)
             for f in features(tilesets.tile("cells", *address), "cells")}
    cells, grid = snapshot.cells, snapshot.grid
    assert sum(f["cells"] for f in found.values()) == len(cells)
    assert sum(f["pll"] for f in found.values()) == pytest.approx(cells.numbers("s").sum() * 1e-15, rel=3e-3)
    side = 1 << max(0, CELL_ZOOM - z)
    x, y = grid.centre(cells.numbers("cell"))
    worst: dict[tuple[int, int], int] = {}
    for east, north, level in zip(x // (100 * side), y // (100 * side), cells.numbers("level").tolist(), strict=True):
        worst[int(east), int(north)] = min(level, worst.get((int(east), int(north)), 9))
    assert {(f["east"], f["north"]): f["level"] for f in found.values()} == worst
    assert {f["side_m"] for f in found.values()} == {100 * side}


def test_a_cell_lies_where_its_name_says(snapshot: Snapshot) -> None:
    """Corners from exact projection against the encoded ones: within one tile unit (1.8 m at zoom 12)."""
    z, x, y = 12, 3372, 1552
    drawn = features(compress(CellTiles(snapshot).tile(z, x, y)), "cells")
    assert drawn
    for feature in drawn[::37]:
        east, north = feature["properties"]["east"] * 100.0, feature["properties"]["north"] * 100.0
        lon, lat = to_degrees([east, east + 100, east + 100, east], [north + 100, north + 100, north, north])
        px, py = mercator(lon, lat, z)
        expected = np.column_stack([(px - x) * EXTENT, (py - y) * EXTENT])
        assert np.abs(np.array(feature["geometry"]["coordinates"][0])[:4] - expected).max() <= 1.0


@pytest.mark.parametrize("kind", ["enterprise", "venue", "pipeline", "hidden_danger"])
def test_features_are_never_left_out(snapshot: Snapshot, tilesets: VectorTiles, kind: str) -> None:
    table = snapshot.features(kind)
    near = {f["properties"]["id"] for address in addresses(snapshot, FEATURE_ZOOM)
            for f in features(tilesets.tile(kind, *address), kind)}
    assert near == set(table.columns.texts("id"))
    for z in (MIN_ZOOM, 10):
        drawn = [f for address in addresses(snapshot, z) for f in features(tilesets.tile(kind, *address), kind)]
        if "count" in drawn[0]["properties"]:
            assert sum(f["properties"]["count"] for f in drawn) == len(table)
        else:
            assert {f["properties"]["id"] for f in drawn} == near


def test_counted_squares_show_the_worst_level_and_the_sum(snapshot: Snapshot, tilesets: VectorTiles) -> None:
    z, drawn = 9, []
    for address in addresses(snapshot, z):
        drawn += features(tilesets.tile("enterprise", *address), "enterprise")
    sources = [row for row in snapshot.sources.rows(np.arange(len(snapshot.sources))) if row["kind"] == "enterprise"]
    assert min(f["properties"]["risk_level"] for f in drawn) == min(row["level"] for row in sources)
    assert sum(f["properties"].get("pll", 0) for f in drawn) == pytest.approx(sum(row["pll"] for row in sources), rel=3e-3)


def test_streets_are_whole_at_every_zoom(snapshot: Snapshot, tilesets: VectorTiles) -> None:
    for z in (MIN_ZOOM, 9, 12):
        names = Counter(f["properties"]["name"] for address in addresses(snapshot, z)
                        for f in features(tilesets.tile("areas-street", *address), "areas-street"))
        assert set(names) == {"东华门街道", "景山街道", "永顺镇", "漷县镇"}


def test_gdal_reads_the_tiles_too(tilesets: VectorTiles, tmp_path: Path) -> None:
    """GDAL's MVT driver, a third implementation, on cells and venues of one tile."""
    z, x, y = 12, 3372, 1552
    for name in ("cells", "areas-street"):
        file = tmp_path / f"{name}.mvt"
        file.write_bytes(gzip.decompress(tilesets.tile(name, z, x, y)))
        read = pyogrio.raw.read(f"MVT:{file}", layer=name)
        ours = features(tilesets.tile(name, z, x, y), name)
        assert len(read[2]) == len(ours)
        assert shapely.is_valid(shapely.from_wkb(read[2])).all()


def test_same_tile_same_bytes_in_another_process(snapshot: Snapshot, tilesets: VectorTiles) -> None:
    again = vector_tiles(Snapshot(snapshot.path))
    for name in tilesets.names:
        for address in ((8, 210, 96), (13, 6744, 3104)):
            assert tilesets.tile(name, *address) == again.tile(name, *address)


def test_tilejson_and_description_name_the_fields_that_tiles_have(snapshot: Snapshot, tilesets: VectorTiles) -> None:
    for name in tilesets.names:
        told = tilesets.tilejson(name, "https://example.test/{z}/{x}/{y}")
        assert told["minzoom"] == MIN_ZOOM
        assert told["maxzoom"] <= MAX_ZOOM
        fields = set(told["vector_layers"][0]["fields"])
        for z in (9, 14):
            for address in addresses(snapshot, z)[:40]:
                for feature in features(tilesets.tile(name, *address), name):
                    assert set(feature["properties"]) <= fields


def test_an_unknown_tileset_is_an_error(tilesets: VectorTiles) -> None:
    with pytest.raises(NotFound) as caught:
        tilesets.tile("nothing", 10, 1, 1)
    assert "cells" in str(caught.value.remedy_zh)
