"""The sample directory: complete, valid, marked, consistent and the same every time."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from stdnum.cn import uscc

from geo.errors import BadParameter, EnvironmentProblem
from geo.kinds import KINDS
from geo.sample import generate
from tests.geo.sample.conftest import SEED, TODAY, Made

GENERATED = ("enterprise", "risk_source", "work_site", "equipment", "hidden_danger", "incident", "background")


def files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, enterprises=500, seed=seed, as_of=TODAY)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    one, other = files(tmp_path / "a"), files(tmp_path / "c")
    assert {name for name in one if one[name] == other[name]} == {"area.parquet", "population.tif"}


def test_manifest_describes_what_lies_there(small: Made) -> None:
    manifest = json.loads((small.folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["kinds"]) == set(KINDS)
    for name, entry in manifest["kinds"].items():
        content = (small.folder / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert pq.read_metadata(small.folder / entry["file"]).num_rows == entry["rows"] == small.summary.rows[name]
    raster = manifest["rasters"]["population"]
    assert raster["sum"] == 21_893_095
    assert hashlib.sha256((small.folder / raster["file"]).read_bytes()).hexdigest() == raster["sha256"]
    assert manifest["seed"] == SEED
    assert manifest["as_of"] == TODAY.isoformat()
    assert manifest["expansion"] == pytest.approx(265_000 / 8_000)


@pytest.mark.parametrize("kind", list(KINDS))
def test_rows_obey_the_declaration(small: Made, kind: str) -> None:
    declared, frame = KINDS[kind], small.read(kind)
    assert list(frame.columns) == [field.name for field in declared.all_fields] + ["geometry"]
    assert len(frame) > 0
    assert frame["id"].is_unique
    for field in declared.all_fields:
        column = frame[field.name]
        assert not (field.required and column.isna().any()), field.name
        known = column.dropna()
        if field.choices:
            assert set(known) <= set(field.choices), field.name
        if field.minimum is not None and len(known):
            assert known.min() >= field.minimum, field.name
        if field.maximum is not None and len(known):
            assert known.max() <= field.maximum, field.name
        if field.type == "json":
            assert all(isinstance(json.loads(text), list | dict) for text in known.unique()[:50])


@pytest.mark.parametrize("kind", list(KINDS))
def test_geometry_is_of_the_kind_and_in_the_region(small: Made, kind: str) -> None:
    shapes = shapely.from_wkb(small.read(kind)["geometry"].to_numpy())
    allowed = {"point": {0}, "line": {1}, "polygon": {3, 6}, "point_or_polygon": {0, 3, 6}}[KINDS[kind].geometry]
    assert set(shapely.get_type_id(shapes).tolist()) <= allowed
    assert shapely.is_valid(shapes).all()
    west, south, east, north = shapely.total_bounds(shapes)
    assert west > 115.0
    assert south > 39.0
    assert east < 118.0
    assert north < 41.5


def test_generated_rows_say_so_and_real_rows_name_their_origin(small: Made) -> None:
    for kind in KINDS:
        frame = small.read(kind)
        made = frame["source"] == f"riskmap sample seed {SEED}"
        assert (made == frame["synthetic"]).all(), kind
    for kind in GENERATED:
        assert small.read(kind)["synthetic"].all()
    for kind in ("area", "venue"):
        assert not small.read(kind)["synthetic"].any()
    schematic = small.read("pipeline").query("service == 'schematic'")
    assert len(schematic) == 31
    assert (schematic["position_accuracy_m"] == 5000).all()
    assert not schematic["synthetic"].any()


def test_areas_are_a_tree(small: Made) -> None:
    areas = small.read("area").set_index("code")
    assert areas["level"].value_counts().to_dict() == {"street": 343, "district": 16, "city": 1}
    assert set(areas.loc[areas["level"] == "street", "parent"]) == set(areas.index[areas["level"] == "district"])
    assert set(areas.loc[areas["level"] == "district", "parent"]) == {"110000"}
    shapes = pd.Series(shapely.from_wkb(areas["geometry"].to_numpy()), areas.index)
    streets = shapes[areas["level"] == "street"]
    assert sum(shape.area for shape in streets) == pytest.approx(shapes["110000"].area, rel=1e-9)
    assert shapely.coverage_is_valid(streets.to_numpy())


def test_references_hold(small: Made) -> None:
    enterprises = small.read("enterprise").set_index("id")
    sources, dangers, hazards = small.read("risk_source"), small.read("hidden_danger"), small.read("hazard_source")
    for frame in (sources, dangers, hazards):
        assert frame["enterprise_id"].isin(enterprises.index).all()
    assert set(sources["enterprise_id"]) == set(enterprises.index[enterprises["reports"]])
    streets = set(small.read("area").query("level == 'street'")["code"])
    for kind in ("enterprise", "risk_source", "hidden_danger", "venue", "hazard_source", "work_site", "equipment", "incident",
                 "background"):
        assert set(small.read(kind)["area_code"]) <= streets


def test_credit_codes_are_valid_and_unique(small: Made) -> None:
    codes = small.read("enterprise")["credit_code"]
    assert codes.is_unique
    assert all(uscc.is_valid(code) for code in codes)
    assert codes.str.startswith("9111").all()


def organisation_check(code: str) -> str:
    """Check character of GB 11714-1997."""
    total = sum(int(symbol, 36) * weight for symbol, weight in zip(code, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[(11 - total % 11) % 11]


def test_organisation_codes_inside_are_valid_too(small: Made) -> None:
    assert organisation_check("D2143569") == "X"  # the example of the standard
    codes = small.read("enterprise")["credit_code"]
    assert all(organisation_check(code[8:16]) == code[16] for code in codes)


def test_fire_rows_name_the_premises_and_hazard_keys_are_unique_otherwise(small: Made) -> None:
    sources = small.read("risk_source")
    fires = sources[(sources["accident_type"] == "火灾") & ~sources["hazard_key"].str.startswith("unit:")]
    assert (fires["hazard_key"] == fires["enterprise_id"] + ":fire").all()
    rest = sources[(sources["accident_type"] != "火灾") & ~sources["hazard_key"].str.startswith("unit:")]
    assert rest["hazard_key"].is_unique
    units = sources.loc[sources["hazard_key"].str.startswith("unit:"), "hazard_key"]
    assert set(units) <= set(small.read("hazard_source")["hazard_key"])


def test_grades_follow_from_their_factors(small: Made) -> None:
    sources = small.read("risk_source")
    lec = sources[sources["method"] == "LEC"]
    d = lec["l"] * lec["e"] * lec["c"]
    expected = np.select([d > 320, d > 160, d > 70], ["红", "橙", "黄"], "蓝")
    assert (lec["grade"] == expected).all()
    assert sources.loc[sources["method"] == "GRADE", ["l", "e", "c", "s"]].isna().all().all()
    assert sources.loc[sources["method"] == "LS", ["l", "s"]].notna().all().all()


def test_background_holds_every_enterprise_and_the_census(small: Made) -> None:
    background = small.read("background").set_index("area_code")
    assert background["residents"].sum() == 21_893_095
    assert background["households"].sum() == pytest.approx(21_893_095 / 2.66, rel=1e-5)
    staff = pd.DataFrame([json.loads(text) for text in background["staff"]], index=background.index)
    listed = small.read("enterprise").pivot_table("staff_at_place", "area_code", "industry", "sum", fill_value=0)
    listed = listed.reindex(index=staff.index, columns=staff.columns, fill_value=0)
    assert ((staff - listed) >= 0).all().all()
    assert staff.sum().sum() == pytest.approx(12_400_000, rel=1e-3)


def test_population_raster_lies_on_the_albers_grid(small: Made) -> None:
    with rasterio.open(small.folder / "population.tif") as source:
        assert source.dtypes == ("int32",)
        assert source.res == (100.0, 100.0)
        assert source.transform.c % 100 == 0
        assert source.transform.f % 100 == 0
        assert source.crs.to_dict()["proj"] == "aea"
        assert int(source.read(1).sum()) == 21_893_095


def test_dangers_have_dates_in_order(small: Made) -> None:
    dangers = small.read("hidden_danger")
    assert (dangers["found"] <= dangers["due"]).all()
    closed = dangers.dropna(subset="closed")
    assert (closed["found"] <= closed["closed"]).all()
    assert (closed["closed"] <= TODAY).all()
    majors = dangers[dangers["major"]]
    assert len(majors) == round(120 * 8_000 / 265_000)
    assert majors["closed"].isna().all()
    assert ((TODAY - majors["due"]).map(lambda gap: gap.days) > 30).sum() == 1


def test_work_sites_are_open_today(small: Made) -> None:
    sites = small.read("work_site")
    assert (sites["valid_from"] <= TODAY).all()
    assert (sites["valid_to"] > TODAY).all()


def test_progress_is_reported_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    generate(tmp_path / "s", enterprises=300, seed=1, as_of=TODAY, progress=lambda *told: seen.append(told))
    assert [done for _, done, _ in seen] == list(range(len(seen)))
    assert seen[-1][1] == seen[-1][2]
    assert all(what for what, _, _ in seen[:-1])


@pytest.mark.parametrize(("enterprises", "seed"), [(199, 1), (0, 1), (-5, 1), (1000, -1)])
def test_nonsense_is_refused(tmp_path: Path, enterprises: int, seed: int) -> None:
    with pytest.raises(BadParameter) as caught:
        generate(tmp_path / "s", enterprises=enterprises, seed=seed)
    assert caught.value.remedy_zh
    assert not (tmp_path / "s").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentProblem) as caught:
        generate(tmp_path / "file" / "s", enterprises=300, seed=1)
    assert str(tmp_path) in caught.value.zh


def test_dates_count_from_today_when_no_day_is_given(tmp_path: Path) -> None:
    generate(tmp_path, enterprises=200, seed=1)
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["as_of"] == date.today().isoformat()
