from __future__ import annotations

import gzip

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.vector.attributes import TextProperty, measured, whole, yes
from layers.vector.encoder import EXTENT, POLYGON, compress, encode_layer, zigzag
from layers.vector.shapes import _commands, clipped, points, quadrilaterals

whole_numbers = st.integers(-64, EXTENT + 64)


def decoded(tile: bytes) -> dict[str, object]:
    """By mapbox-vector-tile, which shares no code with ours; y down as in the file."""
    return mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(whole_numbers, whole_numbers, st.integers(0, 2**53), st.one_of(st.none(), st.text(max_size=12)),
                          st.integers(-1, 2**40), st.booleans()), min_size=1, max_size=30))
def test_another_decoder_reads_points_ids_and_properties(rows: list[tuple[int, int, int, str | None, int, bool]]) -> None:
    x, y, ids, names, numbers, marks = (list(column) for column in zip(*rows, strict=True))
    every = np.arange(len(rows))
    tile = encode_layer("层", points(np.array(x, float), np.array(y, float)), [
        TextProperty("name", names).of(every), whole("n", numbers), yes("mark", marks),
    ], np.array(ids, np.uint64))
    features = decoded(tile)["层"]["features"]
    assert [tuple(f["geometry"]["coordinates"]) for f in features] == list(zip(x, y, strict=True))
    assert [f["id"] for f in features] == ids
    for feature, name, number, mark in zip(features, names, numbers, marks, strict=True):
        expected = {"name": name, "n": None if number < 0 else number, "mark": mark or None}
        assert feature["properties"] == {key: value for key, value in expected.items() if value is not None}


def test_the_specification_s_worked_example_of_a_polygon() -> None:
    """Mapbox Vector Tile Specification 2.1, 4.3.5.6: the square (0 0, 10 0, 10 10, 0 10) is [9 0 0 26 20 0 0 20 19 0 15]."""
    shapes = quadrilaterals(np.array([[[0, 0], [10, 0], [10, 10], [0, 10]]], float))
    assert shapes.commands.tolist() == [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]
    assert shapes.type.tolist() == [POLYGON]


def test_the_specification_s_zigzag() -> None:
    """Mapbox Vector Tile Specification 2.1, 4.3.2: (value << 1) ^ (value >> 31)."""
    assert zigzag(np.array([0, -1, 1, -2, 2, 2147483647, -2147483648])).tolist() == [0, 1, 2, 3, 4, 4294967294, 4294967295]


def test_the_specification_s_line_and_multipolygon() -> None:
    """Specification 4.3.5.3 and 4.3.5.7: a line [9 4 4 18 0 16 16 0]; two polygons of which the second has a hole."""
    line = _commands(np.array([shapely.LineString([(2, 2), (2, 10), (10, 10)])], object))
    assert line.commands.tolist() == [9, 4, 4, 18, 0, 16, 16, 0]
    square = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)])
    holed = shapely.Polygon([(11, 11), (20, 11), (20, 20), (11, 20)], [[(13, 13), (13, 17), (17, 17), (17, 13)]])
    shape = _commands(np.array([shapely.MultiPolygon([square, holed])], object))
    assert shape.commands.tolist() == [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15,
                                       9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(116.3, 116.5), st.floats(39.8, 40.0), st.floats(1e-4, 0.05)), min_size=1, max_size=8))
def test_polygons_keep_their_place_and_their_ring_order(circles: list[tuple[float, float, float]]) -> None:
    address = (11, 1686, 776)
    rings = [(shapely.Point(x, y).buffer(r), shapely.Point(x, y).buffer(r / 3)) for x, y, r in circles]
    shapes = np.array([outer.difference(inner) for outer, inner in rings], object)
    rows, drawn = clipped(address, shapes)
    if not len(rows):
        return
    features = decoded(encode_layer("areas", drawn, [whole("row", rows)]))["areas"]["features"]
    assert [f["properties"]["row"] for f in features] == rows.tolist()
    for feature in features:
        if feature["geometry"]["type"] == "Point":
            continue  # too small to be seen as an area
        shape = shapely.geometry.shape(feature["geometry"])
        parts = shape.geoms if shape.geom_type == "MultiPolygon" else [shape]
        for part in parts:
            assert shapely.LinearRing(part.exterior).is_ccw  # raw numbers, y down: positive area
            assert not any(shapely.LinearRing(hole).is_ccw for hole in part.interiors)


def test_what_is_too_small_for_an_area_becomes_a_point() -> None:
    rows, drawn = clipped((5, 26, 12), np.array([shapely.box(116.4, 39.9, 116.4001, 39.9001)], object))
    assert rows.tolist() == [0]
    assert decoded(encode_layer("a", drawn, []))["a"]["features"][0]["geometry"]["type"] == "Point"


def test_measurements_keep_three_digits_and_leave_out_what_is_missing() -> None:
    tile = encode_layer("m", points(np.zeros(3), np.zeros(3)), [measured("pll", [0.00123456, np.nan, 1234.5])])
    values = [f["properties"] for f in decoded(tile)["m"]["features"]]
    assert values[0]["pll"] == pytest.approx(0.00123, rel=1e-6)
    assert values[1] == {}
    assert values[2]["pll"] == pytest.approx(1230, rel=1e-6)


def test_same_input_same_bytes_and_gzip_that_others_read() -> None:
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, EXTENT, (2, 500))
    tiles = {compress(encode_layer("p", points(*xy), [whole("n", np.arange(500) % 7)])) for _ in range(3)}
    assert len(tiles) == 1
    assert len(decoded(gzip.decompress(tiles.pop()))["p"]["features"]) == 500


def test_no_feature_no_bytes() -> None:
    assert encode_layer("p", points(np.empty(0), np.empty(0)), []) == b""
