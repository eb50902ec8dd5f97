"""Coordinates against published vectors: EPSG/PROJ for national systems, eviltransform and coordtransform for shifted ones.

T11-1 … T11-5: PROJ 9.5 on the EPSG database. T11-6 … T11-9: test file of the public library coordtransform (wandergis).
T11-10: test file of the public library eviltransform (googollee).
"""

from __future__ import annotations

import numpy as np
import pyproj
import pytest

from geo.coordinates import (
    bd_to_gcj,
    bd_to_wgs,
    find_reference,
    gcj_to_bd,
    gcj_to_wgs,
    reference_of,
    wgs_to_bd,
    wgs_to_gcj,
)
from geo.errors import BadParameter


def one(pair: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    return float(pair[0][0]), float(pair[1][0])


def at(x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x]), np.array([y])


@pytest.mark.parametrize(("name", "east", "north"), [
    ("EPSG:4548", 447924.483, 4419380.448),  # T11-1
    ("CGCS2000 3度带 中央经线117", 447924.483, 4419380.448),
    ("4527", 39447924.483, 4419380.448),  # T11-2
    ("CGCS2000 3度带 39带", 39447924.483, 4419380.448),
    ("4547", 704464.053, 4421940.733),  # T11-3
    ("32650", 447945.313, 4417612.696),  # T11-4
    ("EPSG:3857", 12956586.853, 4852436.962),  # T11-5
])
def test_national_systems(name: str, east: float, north: float) -> None:
    reference = find_reference(name)
    lon, lat = one(reference.to_cgcs2000(*at(east, north)))
    assert lon == pytest.approx(116.391, abs=2e-8)
    assert lat == pytest.approx(39.907, abs=2e-8)
    assert one(reference.from_cgcs2000(*at(116.391, 39.907))) == pytest.approx((east, north), abs=1e-3)


def test_gcj_and_bd_forward() -> None:
    assert one(wgs_to_gcj(*at(116.404, 39.915))) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)  # T11-6
    assert one(gcj_to_bd(*at(116.404, 39.915))) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)  # T11-7
    t11_10 = one(wgs_to_gcj(*at(116.377817, 39.911954)))
    assert t11_10 == pytest.approx((116.38404722455657, 39.91334545536069), abs=1e-12)


def test_one_step_inverses_of_others_are_within_their_error() -> None:
    """Theirs stop after one step: ours must lie within the metre or two that they are off, and invert exactly."""
    for ours, forward, x, y in ((bd_to_gcj(*at(116.404, 39.915)), gcj_to_bd, 116.39762729119315, 39.90865673957631),  # T11-8
                                (gcj_to_wgs(*at(116.404, 39.915)), wgs_to_gcj, 116.39775550083061, 39.91359571849836)):  # T11-9
        assert one(ours) == pytest.approx((x, y), abs=3e-5)
        assert one(forward(*ours)) == pytest.approx((116.404, 39.915), abs=1e-12)


@pytest.mark.parametrize(("forward", "back"), [(wgs_to_gcj, gcj_to_wgs), (gcj_to_bd, bd_to_gcj), (wgs_to_bd, bd_to_wgs)])
def test_inverse_is_exact_over_china(forward, back) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(74, 134, 200_000), rng.uniform(4, 53, 200_000)
    x, y = back(*forward(lon, lat))
    assert np.abs(x - lon).max() < 1e-9
    assert np.abs(y - lat).max() < 1e-9


def test_shift_in_beijing_is_about_555_metres() -> None:
    x, y = wgs_to_gcj(*at(116.391, 39.907))
    metres = pyproj.Geod(ellps="WGS84").inv(116.391, 39.907, x[0], y[0])[2]
    assert 545 < metres < 565


def test_nothing_is_shifted_abroad() -> None:
    assert one(wgs_to_gcj(*at(-0.1276, 51.5072))) == (-0.1276, 51.5072)
    assert one(gcj_to_wgs(*at(-0.1276, 51.5072))) == (-0.1276, 51.5072)


def test_positions_that_are_not_numbers_stay_so() -> None:
    lon, lat = gcj_to_wgs(np.array([np.nan, 116.4, np.inf]), np.array([39.9, 39.9, 39.9]))
    assert np.isnan(lon[0])
    assert lon[1] == pytest.approx(116.3938, abs=1e-3)
    assert not np.isfinite(lon[2])
    assert lat.shape == (3,)


@pytest.mark.parametrize(("text", "code"), [
    ("cgcs2000", "EPSG:4490"), ("天地图", "EPSG:4490"), ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"), ("GPS", "EPSG:4326"),
    ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"), ("gcj_02", "GCJ-02"), ("百度", "BD-09"), ("西安80", "EPSG:4610"),
    ("Xian 1980 / 3-degree Gauss-Kruger CM 117E", "EPSG:2384"), ("西安80 3度带 中央经线117", "EPSG:2384"),
    ("北京54 6度带 20带", "EPSG:21420"), ("北京54 6度带 中央经线117", "EPSG:21460"), ("CGCS2000 6度带 中央经线117", "EPSG:4509"),
    ("CGCS2000_3_Degree_GK_Zone_39", "EPSG:4527"), ("CGCS2000_3_Degree_GK_CM_117E", "EPSG:4548"), ("4214", "EPSG:4214"),
])
def test_names_of_systems(text: str, code: str) -> None:
    assert find_reference(text).code == code


@pytest.mark.parametrize("datum", ["CGCS2000", "Xian 1980", "Beijing 1954"])
def test_every_zone_of_every_datum_is_what_epsg_calls_it(datum: str) -> None:
    for zone in range(25, 46):
        named = find_reference(f"{datum} 3度带 {zone}带")
        assert pyproj.CRS(named.code).name == f"{datum} / 3-degree Gauss-Kruger zone {zone}"
        assert find_reference(f"{datum} 3度带 中央经线{zone * 3}").name == f"{datum} / 3-degree Gauss-Kruger CM {zone * 3}E"
    for zone in range(13, 24):
        assert find_reference(f"{datum} 6度带 {zone}带").name == f"{datum} / Gauss-Kruger zone {zone}"
        assert find_reference(f"{datum} 6度带 中央经线{zone * 6 - 3}").name == f"{datum} / Gauss-Kruger CM {zone * 6 - 3}E"


def test_old_datums_say_how_uncertain_they_are() -> None:
    assert find_reference("西安80").accuracy_m == find_reference("2384").accuracy_m == 150.0
    assert find_reference("CGCS2000").accuracy_m == find_reference("4548").accuracy_m == 0.0


@pytest.mark.parametrize("text", ["", "月球坐标", "EPSG:0", "CGCS2000 3度带 中央经线118", "LOCAL_CS[\"x\"]"])
def test_unknown_systems_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadParameter) as caught:
        find_reference(text)
    assert "4548" in caught.value.remedy_zh


def test_systems_found_in_files() -> None:
    esri = pyproj.CRS(4548).to_wkt("WKT1_ESRI")
    assert reference_of(pyproj.CRS.from_wkt(esri)).code == "EPSG:4548"
    assert find_reference(esri).code == "EPSG:4548"
    with pytest.raises(BadParameter, match="既不是"):
        reference_of(pyproj.CRS(4479))
