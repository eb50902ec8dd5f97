"""Data quality of the whole city: what a bureau would report, and what the checks find among real places."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.quality import load_rules
from geo.store import open_store
from layers.quality import quality_of
from tests.city.conftest import City

pytestmark = pytest.mark.city


def test_every_row_is_assessed_once_and_streets_sum_to_the_city(city: City) -> None:
    tables = quality_of(city.snapshot)
    whole, counts = tables.total(), city.snapshot.manifest["counts"]
    assert whole["rows"] == sum(counts[kind] for kind in load_rules().kinds)
    assert {entry["kind"]: entry["rows"] for entry in tables.by_kind()} == {kind: counts[kind] for kind in load_rules().kinds}
    nowhere = whole["rows"] - sum(street["rows"] for street in tables.by_area("street"))
    assert 0 <= nowhere < 100  # lines in the halo


def test_the_completeness_that_a_city_reports_is_computed(city: City) -> None:
    tables, about = quality_of(city.snapshot), city.snapshot.manifest["quality"]
    whole = tables.total()
    assert about["completeness"] == whole["complete"] / (whole["rows"] + whole["quarantined"])
    assert 0.9 < about["completeness"] < 1.0
    by_kind = {entry["kind"]: entry["completeness"] for entry in tables.by_kind()}
    assert by_kind["enterprise"] == by_kind["risk_source"] == 1.0
    assert 0.6 < by_kind["venue"] < 0.8  # a fifth of the mapped places have no name


def test_it_takes_seconds_beside_the_night(city: City) -> None:
    """The figure asked is 20 s for the whole city; half of it here, so that a slow machine does not fail for that."""
    assert city.snapshot.manifest["quality"]["seconds"] < 10


def test_faults_of_real_places_are_found(city: City) -> None:
    tables = quality_of(city.snapshot)
    counts = {entry["check"]: entry["n"] for entry in tables.found_by_check(tables.found(kind="venue"))}
    assert counts["D-NAME"] >= 30
    assert counts["V-TYPE"] >= 20
    assert counts["V-SITE"] >= 10
    records = tables.finding_records(tables.found(kind="venue", group="validity"))
    said = {record["name"]: record["check"] for record in records}
    assert said["通州火车站"] == "V-TYPE"  # mapped as a bus station
    assert said["中国人民解放军陆军防化学院"] == "V-SITE"  # 7 km² of "school"
    twins = {record["name"] for record in tables.finding_records(tables.found(kind="venue", check="D-NAME"))}
    assert "右安门医院" in twins


def test_generated_rows_contradict_nothing(city: City) -> None:
    """The generator keeps its own books: a contradiction in a generated kind is a fault of the generator or of a rule."""
    tables = quality_of(city.snapshot)
    for kind in ("enterprise", "hazard_source", "pipeline", "work_site", "hidden_danger", "incident"):
        entry = tables.total(kind=kind)
        assert entry["valid"] >= 0.999 * entry["rows"], (kind, tables.found_by_check(tables.found(kind=kind)))
    assert tables.total()["misplaced"] <= 20


def test_hand_made_duplicates_are_found_among_a_quarter_of_a_million(city: City) -> None:
    from geo.quality import assess

    with open_store(city.settings.store_url) as store:
        enterprises = store.read("enterprise", as_of=city.night.as_of)
        area = store.read("area", as_of=city.night.as_of, columns=["code", "level", "geometry"])
    chosen = enterprises.iloc[[11, 7_777, 123_456, 200_001, 264_999]]
    names, code = chosen["name"].tolist(), chosen["credit_code"].iloc[4]
    copies = chosen.assign(
        id=[f"COPY{n}" for n in range(5)], credit_code=[None, None, None, None, code],
        name=[names[0], f"北京市{names[1]}", names[2].replace("（样例）", ""), f"{names[3]} ", "完全不同的名称"])
    frame = pd.concat([enterprises, copies], ignore_index=True)
    report = assess({"enterprise": frame}, area[area["level"] == "street"], as_of=city.night.as_of, rules=load_rules())
    pairs = {frozenset(pair) for pair in zip(report.pairs["a"], report.pairs["b"], strict=True)}
    assert {frozenset((original, f"COPY{n}")) for n, original in enumerate(chosen["id"])} <= pairs
