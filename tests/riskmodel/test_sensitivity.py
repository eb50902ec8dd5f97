"""One factor at a time: the base is the run's own mean, anchors hold the sums, a factor moves its own classes only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layers import sensitivitypage
from riskmodel.parameters import Parameters
from riskmodel.run import score
from riskmodel.sensitivity import one_at_a_time
from riskmodel.uncertainty.factors import GROUPS
from tests.riskmodel.conftest import MakeInputs
from tests.riskmodel.units import UNITS


@pytest.fixture(scope="module")
def cases(make_inputs: MakeInputs, parameters: Parameters) -> tuple[pd.DataFrame, float]:
    inputs = make_inputs(residents=30.0, hazard_source=[UNITS["lpg_depot"] | {"enterprise_id": None}],
                         enterprise=[{"id": "a", "industry": "C", "staff_at_place": 400, "premises": "factory"}])
    result = score(inputs, parameters)
    return one_at_a_time(inputs, result, parameters), result.totals["pll"]


def test_the_base_is_the_mean_and_every_factor_lies_about_it(cases: tuple[pd.DataFrame, float]) -> None:
    table, pll = cases
    base = table[table["side"] == "base"]["pll"].iloc[0]
    assert base == pytest.approx(pll, rel=1e-5)
    moved = table[(table["side"] != "base") & (table["factor"] != "heat_probit")]
    sides = moved.pivot_table(index="factor", columns="side", values="pll", aggfunc="first")
    assert (sides["low"] <= base * (1 + 1e-9)).all()
    assert (sides["high"] >= base * (1 - 1e-9)).all()
    assert sides.loc["leak_vessel", "high"] > base > sides.loc["leak_vessel", "low"]


def test_anchors_hold_the_sums(cases: tuple[pd.DataFrame, float]) -> None:
    """What only shares a theme's sum among its classes cannot move the city; the anchor of the sum can."""
    table, pll = cases
    rows = table.set_index("factor")["pll"]
    for factor in ("method", "builders", "unreported", "fire_frequency.fire_dwelling"):
        assert rows[factor].to_numpy() == pytest.approx(pll, rel=1e-5)
    for group in GROUPS:
        assert np.ptp(rows[f"anchor.{group}"].to_numpy()) > 0.01 * pll


def test_the_page_names_every_factor(cases: tuple[pd.DataFrame, float]) -> None:
    written = sensitivitypage.files(cases[0])
    assert set(written) == {"sensitivity.md", "sensitivity-pll.svg", "sensitivity-streets.svg"}
    assert all(sensitivitypage.name_of(name) for name in cases[0]["factor"].unique() if name)
    assert "压力容器泄漏频率" in written["sensitivity.md"]
