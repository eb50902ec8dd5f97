"""Evidence of the street rules: which fact or result fires which code, and whether a model-made red is sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskmodel.parameters.load import Parameters
from riskmodel.scenarios import FN_N
from riskmodel.streets import Evidence, gather
from riskmodel.vetoes import vetoes
from tests.riskmodel.conftest import STREETS, MakeInputs

UNIT = {"id": "H", "unit_type": "lpg_depot", "area_code": STREETS[0]}
TARGETS = ["ir_an", "new", "area_code", "name", "id", "ir_hc", "in_service", "breach", "near", "an_breach", "synthetic"]
DWELLINGS = ["hc_high", "an_low", "new",
             "cell", "residents", "area_code", "hc_low", "in_service", "breach", "near", "an_breach", "synthetic"]
DANGER = {"enterprise_id": "u", "major": True, "found": "2026-03-01", "area_code": STREETS[0]}


def evidence(make_inputs: MakeInputs, parameters: Parameters, *, grade: int = 0, curve: np.ndarray | None = None, zone: int = 0,
             target: dict[str, Any] | None = None, dwelling: dict[str, Any] | None = None, pll: float = 0.0,
             **rows: Any) -> Evidence:
    inputs = make_inputs(**rows)
    targets = pd.DataFrame([target] if target else [], columns=TARGETS)
    targets = targets.astype(dict.fromkeys(["breach", "near", "an_breach", "synthetic"], bool))
    dwellings = pd.DataFrame([dwelling] if dwelling else [], columns=DWELLINGS)
    dwellings = dwellings.astype(dict.fromkeys(["breach", "near", "an_breach", "synthetic"], bool))
    curves = [{"id": "H", "name": None, "area_code": STREETS[0], "zone": zone, "within_decade": True, "f": curve}]
    table = pd.DataFrame(curves if curve is not None else [], columns=["id", "name", "area_code", "zone", "within_decade", "f"])
    grades = pd.DataFrame({"grade": np.full(len(inputs.frames["hazard_source"]), grade)})
    facts = vetoes(inputs, grades, pd.Series({"u": pll}), parameters)
    return gather(inputs, targets, dwellings, table.astype({"within_decade": bool}), grades,
                  pd.DataFrame({"area_code": [], "name": []}), facts, parameters)


@pytest.mark.parametrize(("score", "veto", "grade", "codes"), [
    (59.0, False, 3, {"S-V-1", "S-H-3"}), (60.0, False, 3, {"S-H-3"}), (59.0, False, 0, {"S-V-2"}), (95.0, True, 0, {"S-V-2"}),
    (95.0, True, 1, {"S-V-1", "S-H-2"}), (None, False, 2, {"S-H-2"}), (None, False, 0, set()),
])
def test_diagnosis_and_major_hazards(score: float | None, veto: bool, grade: int, codes: set[str], make_inputs: MakeInputs,
                                     parameters: Parameters) -> None:
    unit = {**UNIT, "diagnosis_score": score, "diagnosis_veto": veto}
    found = evidence(make_inputs, parameters, grade=grade, hazard_source=[unit])
    assert set(found.fired.get(STREETS[0], {})) == codes
    assert len(found.veto_cells) == ("S-V-1" in codes)


@pytest.mark.parametrize(("change", "pll", "code"), [
    ({"due": "2026-05-01"}, 1e-3, "S-V-1"),  # 31 days late on 1 June
    ({"due": "2026-05-02"}, 1e-3, "S-V-2"),
    ({"due": "2026-05-01"}, 9.9e-4, "S-V-2"),
    ({"due": None}, 1.0, "S-V-2"),
    ({"due": "2026-05-01", "closed": "2026-05-31"}, 1.0, None),
    ({"due": "2026-05-01", "closed": "2026-06-02"}, 1e-3, "S-V-1"),
    ({"due": "2026-05-01", "major": False}, 1.0, None),
    ({"found": "2026-06-02", "due": "2026-07-01"}, 1.0, None),  # not yet found on the day that is described
])
def test_open_major_dangers(change: dict[str, Any], pll: float, code: str | None, make_inputs: MakeInputs,
                            parameters: Parameters) -> None:
    found = evidence(make_inputs, parameters, pll=pll, hidden_danger=[{**DANGER, **change}])
    assert set(found.fired.get(STREETS[0], {})) == ({code} if code else set())
    assert len(found.veto_cells) == (code == "S-V-1")


@pytest.mark.parametrize(("change", "as_of_code", "until"), [
    ({"due": "2025-06-01"}, "S-V-1", "2026-06-01"),  # its last day
    ({"due": "2025-05-31"}, "S-V-2", "2026-05-31"),  # a day later: to be confirmed
    ({"due": "2026-04-01"}, "S-V-1", "2027-04-01"),
    ({"due": "2026-04-01", "valid_to": "2026-06-30"}, "S-V-1", "2026-06-30"),
])
def test_vetoes_carry_an_end_date(change: dict[str, Any], as_of_code: str, until: str, make_inputs: MakeInputs,
                                  parameters: Parameters) -> None:
    found = evidence(make_inputs, parameters, pll=1.0, hidden_danger=[{**DANGER, "found": "2025-01-01", **change}])
    [(code, finding)] = found.fired[STREETS[0]].items()
    assert code == as_of_code
    assert finding.until is not None
    assert finding.until.isoformat() == until
    assert ("须复核" in finding.names[0]) == (code == "S-V-2")


def test_a_diagnosis_ends_after_three_years(make_inputs: MakeInputs, parameters: Parameters) -> None:
    unit = {**UNIT, "diagnosis_veto": True, "updated_at": "2024-03-01"}
    finding = evidence(make_inputs, parameters, grade=3, hazard_source=[unit]).fired[STREETS[0]]["S-V-1"]
    assert finding.until is not None
    assert finding.until.isoformat() == "2027-03-02"
    old = evidence(make_inputs, parameters, grade=3, hazard_source=[{**unit, "updated_at": "2023-01-01"}])
    assert set(old.fired[STREETS[0]]) == {"S-V-2", "S-H-3"}
    assert old.veto_cells == []


@pytest.mark.parametrize(("ir", "flags", "code", "ratio"), [
    (6e-6, {"breach", "near"}, "S-IR-1", 2.0), (1e-6, {"near"}, "S-IR-2", 1e-6 / 3e-7), (0.0, {"an_breach"}, "S-IR-2", 3.0),
])
def test_targets(ir: float, flags: set[str], code: str, ratio: float, make_inputs: MakeInputs, parameters: Parameters) -> None:
    target = {"area_code": STREETS[0], "name": "学校", "id": "V", "ir_hc": ir, "ir_an": 9e-6, "in_service": 3e-6, "new": 3e-7,
              "synthetic": False, **{name: name in flags for name in ("breach", "near", "an_breach")}}
    if "an_breach" not in flags:
        target["ir_an"] = 0.0
    fired = evidence(make_inputs, parameters, target=target).fired[STREETS[0]]
    assert {name: finding.names for name, finding in fired.items()} == {code: ["学校"]}
    assert fired[code].ratio == pytest.approx(ratio)
    assert not fired[code].fact  # the model's word, not a record


@pytest.mark.parametrize(("times", "zone", "code", "ratio"), [(0.5, 1, "S-FN-2", 5.0), (1.2, 2, "S-FN-1", 1.2)])
def test_a_curve_above_the_upper_line(times: float, zone: int, code: str, ratio: float, make_inputs: MakeInputs,
                                      parameters: Parameters) -> None:
    curve = times * 1e-3 / np.asarray(FN_N, np.float64)
    fired = evidence(make_inputs, parameters, curve=curve, zone=zone).fired[STREETS[0]]
    assert set(fired) == {code}
    assert fired[code].ratio == pytest.approx(ratio)
    assert fired[code].names == ["H"]


@pytest.mark.parametrize(("low", "flags", "code"), [(7e-6, {"breach", "near"}, "S-IR-1"), (1e-6, {"near"}, "S-IR-2")])
def test_people_who_live_beside_a_hazard_are_targets(low: float, flags: set[str], code: str, make_inputs: MakeInputs,
                                                     parameters: Parameters) -> None:
    dwelling = {"cell": 820, "residents": 130.0, "area_code": STREETS[0], "hc_low": low, "hc_high": low, "an_low": 0.0,
                "in_service": 3e-6, "new": 3e-7, "synthetic": True,
                **{name: name in flags for name in ("breach", "near", "an_breach")}}
    fired = evidence(make_inputs, parameters, dwelling=dwelling).fired[STREETS[0]]
    assert set(fired) == {code}
    assert "130 人" in fired[code].names[0]
    assert "合成" in fired[code].names[0]
