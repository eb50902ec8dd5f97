"""Evidence of the street rules: which fact or result fires which code, and whether a model-made red is sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskmodel.parameters.load import Parameters
from riskmodel.scenarios import FN_N
from riskmodel.streets import Evidence, gather
from tests.riskmodel.conftest import STREETS, MakeInputs

UNIT = {"id": "H", "unit_type": "lpg_depot", "area_code": STREETS[0]}
TARGETS = ["area_code", "name", "id", "ir_hc", "in_service", "breach", "near", "an_breach", "synthetic"]
DWELLINGS = ["cell", "residents", "area_code", "hc_low", "in_service", "breach", "near", "an_breach", "synthetic"]
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
    return gather(inputs, targets, dwellings, table.astype({"within_decade": bool}), grades,
                  pd.DataFrame({"area_code": [], "name": []}), pd.Series({"u": pll}), parameters)


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


@pytest.mark.parametrize(("ir", "flags", "code", "sure"), [
    (6e-6, {"breach", "near"}, "S-IR-1", False),  # the median of an EF of 7.9 is 0.45 of the mean: 2.7e-6 keeps 3e-6
    (7e-6, {"breach", "near"}, "S-IR-1", True), (1e-6, {"near"}, "S-IR-2", True), (0.0, {"an_breach"}, "S-IR-2", True),
])
def test_targets(ir: float, flags: set[str], code: str, sure: bool, make_inputs: MakeInputs, parameters: Parameters) -> None:
    target = {"area_code": STREETS[0], "name": "学校", "id": "V", "ir_hc": ir, "in_service": 3e-6, "synthetic": False,
              **{name: name in flags for name in ("breach", "near", "an_breach")}}
    assert evidence(make_inputs, parameters, target=target).fired[STREETS[0]] == {code: (sure, ["学校"])}


@pytest.mark.parametrize(("times", "zone", "code", "sure"), [(0.5, 1, "S-FN-2", False), (1.2, 2, "S-FN-1", False),
                                                             (2.5, 2, "S-FN-1", True)])
def test_a_curve_above_the_upper_line(times: float, zone: int, code: str, sure: bool, make_inputs: MakeInputs,
                                      parameters: Parameters) -> None:
    curve = times * 1e-3 / np.asarray(FN_N, np.float64)
    assert evidence(make_inputs, parameters, curve=curve, zone=zone).fired[STREETS[0]] == {code: (sure, ["H"])}


@pytest.mark.parametrize(("low", "flags", "code", "sure"), [
    (7e-6, {"breach", "near"}, "S-IR-1", True), (4e-6, {"breach", "near"}, "S-IR-1", False), (1e-6, {"near"}, "S-IR-2", True),
])
def test_people_who_live_beside_a_hazard_are_targets(low: float, flags: set[str], code: str, sure: bool, make_inputs: MakeInputs,
                                                     parameters: Parameters) -> None:
    dwelling = {"cell": 820, "residents": 130.0, "area_code": STREETS[0], "hc_low": low, "in_service": 3e-6, "synthetic": True,
                **{name: name in flags for name in ("breach", "near", "an_breach")}}
    fired = evidence(make_inputs, parameters, dwelling=dwelling).fired[STREETS[0]]
    assert set(fired) == {code}
    assert fired[code][0] is sure
    assert "130 人" in fired[code][1][0]
    assert "合成" in fired[code][1][0]
