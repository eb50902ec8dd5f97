"""Management factors: bounded, neutral, explained."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskmodel.likelihood import ITEMS, danger_states, group_means, management_factors, management_items, normalise, shrunk_ratio
from riskmodel.parameters.load import Parameters
from tests.riskmodel.conftest import MakeInputs


def neutral(parameters: Parameters) -> Parameters:
    return parameters.replace(likelihood__mean__industry={"rest": 1.0})


def test_the_frozen_mean_keeps_the_total() -> None:
    """b = 4e-3, 1e-3, 5e-3 and m = .72, 1.35, 1.10: m̄ = .973, m' = .740, 1.387, 1.131; a mended unit moves alone."""
    base, m = np.array([4e-3, 1e-3, 5e-3]), np.array([0.72, 1.35, 1.10])
    mean = group_means(base, m, ["C", "C", "C"])["C"]
    assert mean == pytest.approx(0.973, abs=5e-4)
    factors = normalise(m, mean)
    assert factors == pytest.approx([0.740, 1.387, 1.131], abs=5e-4)
    assert base @ factors == pytest.approx(1e-2)
    mended = normalise([0.72, 1.0, 1.10], mean)
    assert base @ mended == pytest.approx(9.64e-3, abs=5e-6)
    assert mended[[0, 2]].tolist() == factors[[0, 2]].tolist()


def test_items_multiply_and_are_all_shown(make_inputs: MakeInputs, parameters: Parameters) -> None:
    unit = {"id": "u", "industry": "C", "standardisation": "二级", "inspection": "处罚", "credit_list": "红", "insured": True}
    items = management_items(make_inputs(enterprise=[unit, {"id": "v", "industry": "C"}]), neutral(parameters))
    assert items.loc["u", ["standardisation", "inspection", "credit", "insured"]].tolist() == [0.85, 1.15, 0.95, 1.0]
    assert items.loc["u", "factor"] == pytest.approx(np.prod(items.loc["u", list(ITEMS)].to_numpy(float)))
    assert items.loc["v", "factor"] == pytest.approx(1.05)


def test_the_product_is_bounded(make_inputs: MakeInputs, parameters: Parameters) -> None:
    worst = {"id": "u", "industry": "C", "credit_list": "黑", "inspection": "停产"}
    overdue = {"enterprise_id": "u", "major": True, "found": date(2026, 1, 1), "due": date(2026, 2, 1)}
    assert management_factors(make_inputs(enterprise=[worst], hidden_danger=[overdue]), neutral(parameters))["u"] == 2.0


@pytest.mark.parametrize(
    ("dangers", "ordinary", "major"),
    [
        ([], 1.0, 1.0),
        ([{"found": "2026-05-01", "due": "2026-05-20", "closed": "2026-05-10"}], 1.0, 1.0),
        ([{"found": "2026-05-01", "due": "2026-06-20"}], 1.0, 1.0),
        ([{"found": "2026-05-01", "due": "2026-05-20"}], 1.05, 1.0),
        ([{"found": "2026-05-01", "due": "2026-05-20"}] * 3, 1.05**3, 1.0),
        ([{"found": "2026-05-01", "due": "2026-05-20"}] * 9, 1.3, 1.0),
        ([{"found": "2026-05-01", "due": "2026-06-20", "major": True}], 1.0, 1.2),
        (
            [
                {"found": "2026-05-01", "due": "2026-06-20", "major": True},
                {"found": "2026-05-01", "due": "2026-05-20", "major": True},
            ],
            1.0,
            1.6,
        ),
        ([{"found": "2026-05-01", "due": "2026-05-20", "closed": "2026-06-05", "major": True}], 1.0, 1.6),
        ([{"found": "2026-07-01", "due": "2026-07-20", "major": True}], 1.0, 1.0),
    ],
)
def test_dangers_on_the_first_of_june(
    dangers: list[dict[str, object]], ordinary: float, major: float, make_inputs: MakeInputs, parameters: Parameters
) -> None:
    rows = [{"enterprise_id": "u", **row} for row in dangers]
    items = management_items(make_inputs(enterprise=[{"id": "u", "industry": "C"}], hidden_danger=rows), parameters)
    assert items.loc["u", "dangers_ordinary"] == pytest.approx(ordinary)
    assert items.loc["u", "dangers_major"] == major


def test_days_overdue(make_inputs: MakeInputs) -> None:
    rows = [{"enterprise_id": "u", "found": "2026-04-01", "due": "2026-05-01"}, {"enterprise_id": "u", "found": "2026-04-01"}]
    state = danger_states(make_inputs(hidden_danger=rows))
    assert state["days"].tolist() == [31.0, 0.0]
    assert state["overdue"].tolist() == [True, False]


def test_counts_shrink_and_rare_hazards_keep_one(parameters: Parameters) -> None:
    """s = (n + 1.8)/(Ê + 1.8): 350 of 350 is 1; where only 3.5 are expected nothing is learned."""
    assert shrunk_ratio([350, 0, 20], [350, 3.5, 10], parameters) == pytest.approx([1.0, 1.0, 21.8 / 11.8])
