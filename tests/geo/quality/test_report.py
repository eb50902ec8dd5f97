"""Counts that add up, the completeness that a city reports, the score, the rules' own checks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter
from geo.kinds import KINDS
from geo.quality import COUNTS, assess_store, completeness, load_rules, score
from geo.quality.rows import Rows
from geo.store import Store
from tests.geo.quality.conftest import AS_OF, EAST, GOOD, WEST, judged, rows

_changes = st.fixed_dictionaries({}, optional={
    "area_code": st.sampled_from([WEST, EAST, None, "999999"]), "source": st.sampled_from(["甲#1", "甲#2", "乙.csv:7", "丙"]),
    "name": st.sampled_from(["东风厂", "无", None, "西山厂"]), "credit_code": st.sampled_from([None, "91110000600037341L", "x"]),
    "updated_at": st.sampled_from([None, "2020-01-01", "2026-05-01"]),
    "geometry": st.builds(shapely.Point, st.floats(116.2, 116.6), st.floats(39.7, 40.0)),
    "floor_area_m2": st.sampled_from([None, 0.5, 3000.0]), "assumed": st.sampled_from([None, '["name"]']),
})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_changes, min_size=1, max_size=12))
def test_streets_kinds_and_sources_sum_to_the_whole(changes: list[dict]) -> None:
    frame = rows("enterprise", *changes)
    frame["updated_at"] = pd.to_datetime(frame["updated_at"]).astype("datetime64[s]")
    report = judged({"enterprise": frame, "venue": rows("venue", {})})
    total = report.rolled().iloc[0]
    assert total["rows"] == len(frame) + 1
    for by in (("area_code",), ("kind",), ("kind", "source"), ("area_code", "kind", "source")):
        parts = report.rolled(*by)
        for name in COUNTS:
            assert parts[name].sum() == pytest.approx(total[name], abs=1e-9)
        weighted = (parts["score"] * (parts["rows"] + parts["quarantined"])).sum()
        assert weighted / (total["rows"] + total["quarantined"]) == pytest.approx(total["score"])
    for name in ("complete", "observed", "valid", "fresh", "duplicated", "misplaced", "dated"):
        assert 0 <= total[name] <= total["rows"]
    assert total["observed"] <= total["complete"]
    assert 0 <= total["score"] <= 100


def test_the_reported_completeness_is_computable() -> None:
    """972 complete rows, 20 that lack something, 8 that were refused: 97.2 %."""
    lacking = {"credit_code": None}
    places = [shapely.Point(116.31 + 0.00007 * n, 39.81 + 0.00008 * n) for n in range(992)]
    frame = rows("enterprise", *[{"geometry": place, **(lacking if n < 20 else {})} for n, place in enumerate(places)])
    frame["name"] = [f"第{n}机床厂" for n in range(992)]
    refused = pd.DataFrame({"kind": "enterprise", "file": "台账.csv", "row": [1, 1, 2, 3, 4, 5, 6, 7, 8], "payload": "{}"})
    report = judged({"enterprise": frame}, quarantine=refused)
    total = report.rolled().iloc[0]
    assert completeness(total) == 0.972
    assert total["quarantined"] == 8


def test_refused_rows_belong_to_the_street_that_they_claim_or_lie_in() -> None:
    said = [{"area_code": EAST}, {"geometry": "POINT (116.351 39.85)"}, {"geometry": "POINT (1 1)"}, {"geometry": None}, ["no"]]
    payloads = [json.dumps(one) for one in said]
    refused = pd.DataFrame({"kind": "venue", "file": "场所.csv", "row": range(1, 6), "payload": payloads})
    other = pd.DataFrame({"kind": ["background"], "file": ["x"], "row": [1], "payload": ["{}"]})
    report = judged({}, quarantine=pd.concat([refused, other]))
    venues = report.summary[report.summary["kind"] == "venue"].set_index("area_code")
    assert venues["quarantined"].to_dict() == {"": 3, EAST: 1, WEST: 1}
    assert set(venues["source"]) == {"场所.csv"}
    assert set(venues["score"]) == {0.0}


def test_score_is_its_formula() -> None:
    weights = load_rules().weights
    counts = dict.fromkeys(COUNTS, 0.0) | {"rows": 90, "quarantined": 10, "fill": 80.0, "valid": 70, "fresh": 60, "duplicated": 5,
                                           "misplaced": 15}
    assert score(counts, weights) == pytest.approx(0.35 * 80 + 0.25 * 70 + 0.15 * 60 + 0.10 * 85 + 0.15 * 75)
    assert score(dict.fromkeys(COUNTS, 0.0), weights) is None


@pytest.mark.parametrize(("source", "name"), [
    ("OpenStreetMap way 1238", "OpenStreetMap"), ("OpenStreetMap 1238", "OpenStreetMap"), ("台账2024.csv#12", "台账2024.csv"),
    ("台账2024.csv", "台账2024.csv"), ("beijing-subway-gtfs r12", "beijing-subway-gtfs"),
    ("riskmap sample seed 2026", "riskmap sample"),
    ("Global Energy Monitor https://www.gem.wiki/A_1", "Global Energy Monitor"),
    ("ledger:7", "ledger"), ("12", "12"), ("局 行 7", "局"),
])
def test_a_data_set_is_the_source_without_the_row(source: str, name: str) -> None:
    codes, names = Rows(KINDS["venue"], rows("venue", {"source": source})).datasets
    assert [names[code] for code in codes] == [name]


def test_columns_of_any_make_are_read() -> None:
    frame = rows("venue", {}, {"name": "b"})
    frame["sprinklers"] = pd.array([True, None], dtype="boolean")
    frame["capacity"] = np.array([900, None], object)
    frame["updated_at"] = pd.to_datetime(["2026-05-01", None]).astype("datetime64[s]")
    found = Rows(KINDS["venue"], frame)
    assert found.filled("sprinklers").tolist() == [True, False]
    assert found.numbers("capacity").tolist()[0] == 900
    assert np.isnat(found.days("updated_at")[1])


@pytest.mark.parametrize(("old", "new"), [
    ("fill = 0.35", "fill = 0.75"), ("[kinds.venue]", "[kinds.castle]"), ('"capacity"]', '"capacities"]'), ("70, 0]", "70]"),
    ("[names]", "[nams]"), ("[score]", "[score"),
])
def test_wrong_rules_are_refused_before_anything_is_done(tmp_path: Path, old: str, new: str) -> None:
    shipped = (Path(__file__).parents[3] / "geo" / "quality" / "rules.toml").read_text("utf-8")
    assert old in shipped
    path = tmp_path / "rules.toml"
    path.write_text(shipped.replace(old, new), "utf-8")
    with pytest.raises(BadParameter) as raised:
        load_rules(path)
    assert str(path) in raised.value.zh
    assert "RISKMAP_QUALITY_RULES" in raised.value.remedy_zh


def test_own_rules_change_the_answer(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[3] / "geo" / "quality" / "rules.toml").read_text("utf-8")
    path = tmp_path / "rules.toml"
    path.write_text(shipped.replace('core = ["name", "stage", "valid_from", "valid_to"]', 'core = ["name"]'), "utf-8")
    own = load_rules(path)
    assert own.digest != load_rules().digest
    assert ("stage",) in load_rules().kinds["work_site"].core
    assert ("stage",) not in own.kinds["work_site"].core


def test_what_a_store_holds_on_either_engine(store: Store) -> None:
    area = {"id": WEST, "code": WEST, "name": "西街道", "level": "street", "source": "x", "synthetic": True,
            "geometry": shapely.box(116.3, 39.8, 116.4, 39.9)}
    store.load("area", pd.DataFrame([area]), source="areas")
    for kind in GOOD:
        store.load(kind, rows(kind, {}), source="ledger")
    store.load("venue", rows("venue", {"capacity": -5}), source="bad.csv")
    report = assess_store(store, as_of=AS_OF, rules=load_rules())
    assert report.findings.to_dict("records") == []
    total = report.rolled().iloc[0]
    assert (total["rows"], total["complete"], total["quarantined"]) == (10, 10, 1)
