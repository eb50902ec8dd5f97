"""Positions that cannot be right are recognised and said with the evidence; nothing is moved in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.coordinates import BD09, GCJ02, find_reference
from geo.errors import BadFile
from geo.ingest import Declared, Finding, ingest_file
from geo.store import Store
from tests.geo.ingest.conftest import places


def loaded(store: Store, frame: pd.DataFrame, folder: Path, **declared: object) -> dict[str, Finding]:
    file = folder / "places.csv"
    frame.to_csv(file, index=False)
    ingested = ingest_file(store, "emergency_resource", file, Declared(**declared))  # type: ignore[arg-type]
    return {finding.code: finding for finding in ingested.findings}


def test_right_positions_give_no_finding(town: Store, tmp_path: Path) -> None:
    found = loaded(town, places(3000), tmp_path)
    assert set(found) == {"crs-assumed"}


@pytest.mark.parametrize(("shifted", "name"), [(GCJ02, "GCJ-02"), (BD09, "BD-09")])
def test_a_shifted_set_is_recognised_by_the_streets_that_its_rows_claim(town: Store, tmp_path: Path, shifted, name) -> None:  # type: ignore[no-untyped-def]
    frame = places(3000)
    frame["lon"], frame["lat"] = shifted.from_cgcs2000(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    finding = loaded(town, frame, tmp_path)["shifted-set"]
    assert finding.severity == "serious"
    assert finding.evidence["meant"] == name
    assert finding.evidence["match_then"] == 1.0
    assert finding.evidence["match"] < 0.99
    assert name in finding.zh
    back = town.read("emergency_resource").set_index("id")
    moved = [back.at[row.id, "geometry"].x - row.lon for row in frame.itertuples()]
    assert np.abs(moved).max() < 1e-9  # said, not mended
    again = loaded(town, frame, tmp_path, crs=name)
    assert "shifted-set" not in again
    assert "area-code-disagrees" not in again


def test_a_set_that_was_corrected_although_it_was_right(town: Store, tmp_path: Path) -> None:
    finding = loaded(town, places(3000), tmp_path, crs="GCJ-02")["shifted-set"]
    assert finding.evidence["meant"] == "WGS84"


def test_a_shifted_set_is_recognised_by_features_that_the_store_knows(town: Store, tmp_path: Path) -> None:
    frame = places(30).drop(columns="area_code")
    loaded(town, frame, tmp_path)
    frame["lon"], frame["lat"] = GCJ02.from_cgcs2000(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    frame["id"] = [f"new{at}" for at in range(30)]
    finding = loaded(town, frame, tmp_path, source="another")["shifted-set"]
    assert finding.evidence["same_features"] == 30
    assert 500 < finding.evidence["median_m"] < 600
    assert finding.evidence["median_m_then"] < 1


def test_swapped_axes(town: Store, tmp_path: Path) -> None:
    frame = places(200).rename(columns={"lon": "lat", "lat": "lon"})
    finding = loaded(town, frame, tmp_path)["swapped-axes"]
    assert finding.severity == "serious"
    assert finding.evidence["in_region"] == 0
    assert finding.evidence["in_region_then"] == 1
    assert town.counts()["emergency_resource"] == 0
    assert len(town.quarantine()) == 200
    assert "swapped-axes" not in loaded(town, frame, tmp_path, swap_axes=True)
    assert town.counts()["emergency_resource"] == 200
    assert len(town.quarantine()) == 0


@pytest.mark.parametrize("code", ["4548", "4527", "2384", "32650"])
def test_metres_as_degrees(town: Store, tmp_path: Path, code: str) -> None:
    frame = places(200)
    frame["lon"], frame["lat"] = find_reference(code).from_cgcs2000(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    finding = loaded(town, frame.drop(columns="area_code"), tmp_path)["metres-as-degrees"]
    told = f"{finding.evidence['meant']} {finding.evidence.get('equally', '')}"
    assert f"EPSG:{code}" in told or code == "32650"
    assert finding.severity == "serious"


def test_degrees_as_metres(town: Store, tmp_path: Path) -> None:
    assert "degrees-as-metres" in loaded(town, places(100), tmp_path, crs="4548")


@pytest.mark.parametrize(("has", "declared"), [("4548", "4527"), ("4527", "4548")])
def test_zone_prefix(town: Store, tmp_path: Path, has: str, declared: str) -> None:
    frame = places(100)
    frame["lon"], frame["lat"] = find_reference(has).from_cgcs2000(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    finding = loaded(town, frame, tmp_path, crs=declared)["zone-prefix"]
    assert f"EPSG:{has}" in finding.evidence["meant"]
    assert loaded(town, frame, tmp_path, crs=has).keys() == set()
    assert town.counts()["emergency_resource"] == 100


def test_some_rows_outside_and_some_swapped(town: Store, tmp_path: Path) -> None:
    frame = places(100).drop(columns="area_code")
    frame.loc[3, ["lon", "lat"]] = [121.47, 31.23]
    frame.loc[5, ["lon", "lat"]] = [39.9, 116.4]
    found = loaded(town, frame, tmp_path)
    assert (found["outside-region"].count, found["swapped-axes-rows"].count) == (2, 1)
    assert found["outside-region"].examples[0] == (4, "121.47, 31.23")
    assert town.counts()["emergency_resource"] == 99


def test_strict_loads_nothing_if_a_finding_is_serious(town: Store, tmp_path: Path) -> None:
    frame = places(200)
    frame["lon"], frame["lat"] = GCJ02.from_cgcs2000(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    frame = pd.concat([frame] * 10, ignore_index=True).assign(id=lambda rows: [f"P{at}" for at in range(len(rows))])
    version = town.version()
    with pytest.raises(BadFile, match="GCJ-02"):
        loaded(town, frame, tmp_path, strict=True)
    assert town.version() == version


def test_old_datums_say_their_accuracy(town: Store, tmp_path: Path) -> None:
    found = loaded(town, places(20), tmp_path, crs="西安80")
    assert found["datum-approximate"].evidence["accuracy_m"] == 150.0
    assert set(town.read("emergency_resource")["position_accuracy_m"]) == {150.0}


def test_findings_are_kept_with_the_load(town: Store, tmp_path: Path) -> None:
    loaded(town, places(200).rename(columns={"lon": "lat", "lat": "lon"}), tmp_path)
    kept = town.loads(1)[0]["findings"]
    assert kept[0]["code"] == "swapped-axes"
    assert kept[0]["severity"] == "serious"


def test_claimed_streets(town: Store, tmp_path: Path) -> None:
    frame = places(50)
    right = frame["area_code"].copy()
    frame.loc[0, ["lon", "lat"]] = [116.1, 39.7]
    frame.loc[0, "area_code"] = "110105005000"
    frame.loc[1, "area_code"] = "110103007000"
    frame.loc[2, "area_code"] = "999999999999"
    found = loaded(town, frame, tmp_path)
    assert found["area-code-disagrees"].examples == ((1, "110105005000"),)
    assert found["area-code-former"].count == 1
    assert found["area-code-unknown"].count == 1
    back = town.read("emergency_resource").set_index("id")
    assert back.at["P0", "area_code"] == "110105005000"
    assert back.at["P1", "area_code"] == right[1]
    assert "110103007000" in back.at["P1", "extra"]


def test_degrees_minutes_seconds_and_pairs(town: Store, tmp_path: Path) -> None:
    frame = places(2).drop(columns="area_code").assign(lon=["116°23′27.6″", "东经116度12分"], lat=["39°54'25.2\"", "39度42分0秒"])
    loaded(town, frame, tmp_path)
    assert [round(shape.x, 6) for shape in town.read("emergency_resource")["geometry"]] == [116.391, 116.2]
    pairs = frame.drop(columns=["lon", "lat"]).assign(经纬度=["116.391,39.907", "（116.2，39.7）"], id=["Q1", "Q2"])
    loaded(town, pairs, tmp_path)
    assert town.counts()["emergency_resource"] == 4
