"""Which street a feature lies in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geo.ingest import assign_area_codes

STREETS = pd.DataFrame({
    "code": ["110101002000", "110101001000"],
    "geometry": [shapely.box(116.5, 39.5, 117, 40), shapely.box(116, 39.5, 116.5, 40)],
})


def codes(*shapes: object, **columns: object) -> list[object]:
    frame = pd.DataFrame({"geometry": pd.Series(shapes, dtype=object)}).assign(**columns)
    return list(assign_area_codes(frame, STREETS)["area_code"])


def test_points_lines_and_polygons() -> None:
    assert codes(
        shapely.Point(116.2, 39.7), shapely.to_wkb(shapely.Point(116.7, 39.7)), shapely.Point(115, 39.7),
        shapely.LineString([(116.6, 39.6), (116.9, 39.9)]), shapely.box(116.1, 39.6, 116.2, 39.7),
    ) == ["110101001000", "110101002000", None, "110101002000", "110101001000"]


def test_a_common_border_goes_to_the_lowest_code() -> None:
    assert codes(shapely.Point(116.5, 39.7)) == ["110101001000"]


def test_given_codes_stay_and_unusable_geometries_get_none() -> None:
    assert codes(shapely.Point(116.2, 39.7), None, shapely.Point(), b"x", area_code=["given", "", None, None]) == [
        "given", None, None, None]


def test_nothing_missing_gives_the_frame_itself() -> None:
    frame = pd.DataFrame({"geometry": [shapely.Point(0, 0)], "area_code": ["x"]})
    assert assign_area_codes(frame, STREETS) is frame


def test_equals_a_plain_scan() -> None:
    random = np.random.default_rng(3)
    points = shapely.points(random.uniform(115.9, 117.1, 3000), random.uniform(39.4, 40.1, 3000))
    found = codes(*points)
    for point, code in zip(points, found, strict=True):
        inside = [street.code for street in STREETS.itertuples() if street.geometry.intersects(point)]
        assert code == (min(inside) if inside else None)
