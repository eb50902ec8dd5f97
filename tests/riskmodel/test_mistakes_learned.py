"""Mistakes 16 and 24 where a learned model could make them: the same facts twice, foreign deaths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import BadParameter
from riskmodel import likelihood
from riskmodel.learned import BOUNDS, Feature, LearnedModel, train
from riskmodel.learned import pipelines as case
from riskmodel.parameters import Parameters
from tests.riskmodel.conftest import MakeInputs

approx = pytest.approx

DATA = Path(__file__).resolve().parents[2] / "notebooks" / "data" / "phmsa"

GRADE = Feature("standardisation", "标准化", levels=("一级", "三级", "无"))


def model(events: tuple[int, int, int] = (10, 30, 80)) -> LearnedModel:
    frame = pd.DataFrame({"standardisation": ["一级", "三级", "无"]})
    made = train(events, [100.0, 100.0, 100.0], frame, (GRADE,), name="made-up", unit="1/yr")
    return replace(made, approved="for this test")


def test_mistake_16_where_a_model_is_approved_management_does_not_multiply_too(make_inputs: MakeInputs,
                                                                               parameters: Parameters) -> None:
    """Both read standardisation: the factor of an enterprise is F_learned alone, and counts nothing twice."""
    inputs = make_inputs(enterprise=[{"id": "a", "standardisation": "一级"}, {"id": "b", "standardisation": "无"}])
    learned = model().factors(inputs.frames["enterprise"].iloc[:1])
    items = likelihood.management_items(inputs, parameters, learned)
    assert items.loc["a", "factor"] / items.loc["a", "observed"] == approx(learned["a"])
    plain = likelihood.management_items(inputs, parameters)
    assert items.loc["b", "factor"] == plain.loc["b", "factor"]
    assert plain.loc["a", "factor"] != approx(items.loc["a", "factor"])


def test_mistake_16_and_only_where_it_is_approved(make_inputs: MakeInputs) -> None:
    inputs = make_inputs(enterprise=[{"id": "a", "standardisation": "一级"}])
    with pytest.raises(BadParameter):
        replace(model(), approved="").factors(inputs.frames["enterprise"])


def test_mistake_16_the_published_models_are_not_approved() -> None:
    written = sorted((DATA.parents[2] / "docs" / "models").glob("*.json"))
    assert len(written) == 3
    assert [LearnedModel.from_json(path.read_text(encoding="utf-8")).approved for path in written] == [""] * 3


def test_mistake_24_the_shipped_reports_tell_of_no_deaths() -> None:
    for path in DATA.glob("*.csv"):
        told = {"fatal", "deaths", "injure", "injuries", "explode", "total_cost_current", "num_evac", "serious"}
        assert not set(pd.read_csv(path, nrows=1).columns) & told, path.name


@pytest.mark.parametrize("column", ["fatal", "deaths", "injuries"])
def test_mistake_24_and_are_refused_if_they_did(column: str) -> None:
    table = pd.read_csv(DATA / "incidents.csv", dtype={"location_class": str})
    with pytest.raises(BadParameter, match="死亡"):
        case.reports(table.assign(**{column: 0}))


@pytest.mark.parametrize("name", ["deaths", "fatal", "Injuries", "num_evac"])
def test_mistake_24_no_model_looks_at_consequences(name: str) -> None:
    with pytest.raises(BadParameter, match="后果"):
        Feature(name, "后果", edges=(1.0,))


def test_mistake_24_a_factor_moves_frequency_only(parameters: Parameters) -> None:
    """Bounded, around one: no number of deaths can hide in it."""
    for events in ((10, 30, 80), (1, 30, 2000)):  # the second goes far beyond the bounds by itself
        factors = model(events).factors(pd.DataFrame({"id": ["a", "b", "c"], "standardisation": ["一级", "三级", "无"]}))
        assert factors.between(*BOUNDS).all()
        assert float(np.mean(factors)) == approx(1.0, abs=1e-4)
    assert factors["a"] == BOUNDS[0]
