"""Training gives tables; tables score without scikit-learn; the constants keep the total."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter
from riskmodel.learned import BOUNDS, Feature, LearnedModel, Method, neutral_constant, train, train_probability, with_environment
from riskmodel.learned.features import all_bins, shape_of
from riskmodel.parameters import Parameters

approx = pytest.approx

SIZE = Feature("diameter_mm", "外径", edges=(100.0, 300.0))
STEEL = Feature("material", "材料", levels=("steel", "plastic"))
FREE = Method(prior_sd=100.0)


def rows(seed: int = 7, number: int = 600) -> pd.DataFrame:
    """Made-up units whose rate is 0.1, 0.3 or 0.9 by size and half in plastic."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"diameter_mm": random.choice([50.0, 200.0, 400.0], number),
                          "material": random.choice(["steel", "plastic"], number)})
    rate = frame["diameter_mm"].map({50.0: 0.1, 200.0: 0.3, 400.0: 0.9}) * frame["material"].map({"steel": 1.0, "plastic": 0.5})
    exposure = random.uniform(0.0, 10.0, number)
    return frame.assign(exposure=exposure, events=random.poisson(rate * exposure), id=[f"u{i}" for i in range(number)])


def trained(method: Method | None = None, features: tuple[Feature, ...] = (SIZE, STEEL)) -> LearnedModel:
    made = rows()
    return train(made["events"], made["exposure"], made, features, name="made-up", unit="1/yr", method=method)


def test_a_number_at_an_edge_belongs_below_and_the_unknown_to_its_own_bin() -> None:
    assert SIZE.bin_of(pd.Series([100.0, 100.1, 300.0, 1e6, None])).tolist() == [0, 1, 1, 2, 3]
    assert STEEL.bin_of(pd.Series(["plastic", "wood", None])).tolist() == [1, 2, 2]


def test_one_feature_without_a_prior_is_events_over_exposure() -> None:
    made = rows()
    model = train(made["events"], made["exposure"], made, (SIZE,), name="made-up", unit="1/yr", method=FREE)
    sums = made.groupby("diameter_mm")[["events", "exposure"]].sum()
    assert model.values[:3] == approx((sums["events"] / sums["exposure"]).to_numpy(), rel=1e-4)


@pytest.mark.parametrize("method", [Method(), Method("gbm", trees=80)])
def test_the_truth_is_found_and_the_total_kept(method: Method) -> None:
    made, model = rows(), trained(method)
    assert float((model.predict(made) * made["exposure"]).sum()) == approx(made["events"].sum(), rel=1e-4)
    found = model.values[:3, :2]
    assert found == approx(np.outer([0.1, 0.3, 0.9], [1.0, 0.5]), rel=0.35)


def test_a_strong_prior_leaves_the_mean() -> None:
    model = trained(Method(prior_sd=1e-4))
    assert model.values == approx(model.base, rel=1e-3)


def test_the_table_equals_the_boosted_trees() -> None:
    """The trees are not kept: their predictions for all bins are."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    made, method = rows(), Method("gbm", trees=40)
    used = made[made["exposure"] > 0]
    bins = np.stack([feature.bin_of(used[feature.name]) for feature in (SIZE, STEEL)], axis=1).astype(np.float64)
    trees = HistGradientBoostingRegressor(loss="poisson", max_iter=40, max_leaf_nodes=4, learning_rate=0.05,
                                          random_state=method.seed, early_stopping=False)
    trees.fit(bins, used["events"] / used["exposure"], sample_weight=used["exposure"])
    direct, table = trees.predict(all_bins((SIZE, STEEL)).astype(np.float64)), trained(method).values[:3, :2].ravel()
    assert table / table[0] == approx(direct / direct[0], rel=1e-4)


def test_what_is_not_known_gets_the_mean_of_what_is() -> None:
    made, model = rows(), trained()
    weight = np.bincount(SIZE.bin_of(made["diameter_mm"]), made["exposure"], 3)
    assert model.values[3, 0] == approx((model.values[:3, 0] * weight).sum() / weight.sum(), rel=1e-4)
    assert model.predict(pd.DataFrame({"diameter_mm": [None], "material": ["granite"]}))[0] == approx(model.values[3, 2])


def test_probabilities_stay_probabilities() -> None:
    made = rows()
    fire = np.random.default_rng(1).random(len(made)) < made["diameter_mm"].map({50.0: 0.1, 200.0: 0.3, 400.0: 0.7})
    model = train_probability(fire, made, (SIZE, STEEL), name="made-up")
    assert ((model.values > 0) & (model.values < 1)).all()
    assert model.values[:3, 2] == approx([0.1, 0.3, 0.7], abs=0.08)


def test_written_and_read_it_is_the_same() -> None:
    model = trained()
    again = LearnedModel.from_json(model.to_json())
    assert again.to_json() == model.to_json()
    assert again.predict(rows()) == approx(model.predict(rows()), rel=0)
    assert "\t" not in model.to_json()
    assert trained().to_json() == model.to_json()  # no time, no chance


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 2}', "null"])
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        LearnedModel.from_json(text)


def test_scoring_needs_no_scikit_learn() -> None:
    code = ("import sys, pandas as pd; from riskmodel.learned import LearnedModel; "
            "m = LearnedModel.from_json(sys.stdin.read()); "
            "m.multiplier(pd.DataFrame({'diameter_mm': [50.0], 'material': ['steel']})); "
            "assert not [n for n in sys.modules if n.partition('.')[0] == 'sklearn']")
    subprocess.run([sys.executable, "-c", code], input=trained().to_json(), text=True, check=True)


def test_budget_neutral_on_the_calibration_set_and_frozen_after_it() -> None:
    made, model = rows(), trained()
    base = np.random.default_rng(3).uniform(0.1, 2.0, len(made))
    weight = made["exposure"] * base
    frozen = model.frozen(made, weight)
    assert float((weight * frozen.multiplier(made)).sum()) == approx(weight.sum(), rel=1e-9)
    moved = made.assign(diameter_mm=made["diameter_mm"].where(made.index != 5, 400.0))
    assert np.flatnonzero(frozen.multiplier(moved) != frozen.multiplier(made)).tolist() in ([5], [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=30))
def test_the_constant_keeps_the_total_whatever_the_bounds_cut(pairs: list[tuple[float, float]]) -> None:
    relative, weight = np.array(pairs).T
    factor = np.clip(relative / neutral_constant(relative, weight), *BOUNDS)
    assert float((weight * factor).sum()) == approx(weight.sum(), rel=1e-6)
    assert factor.min() >= BOUNDS[0]
    assert factor.max() <= BOUNDS[1]


@pytest.mark.parametrize(("relative", "weight", "bounds"), [
    ([], [], BOUNDS), ([0.0], [1.0], BOUNDS), ([np.nan], [1.0], BOUNDS), ([1.0], [-1.0], BOUNDS), ([1.0], [0.0], BOUNDS),
    ([1.0], [1.0], (1.2, 3.0)), ([1.0], [1.0], (0.0, 3.0)),
])
def test_scaling_refuses_nonsense(relative: list[float], weight: list[float], bounds: tuple[float, float]) -> None:
    with pytest.raises(BadParameter):
        neutral_constant(relative, weight, bounds)


def test_the_bounds_are_those_of_the_parameters_and_hold_in_product_with_the_weather(parameters: Parameters) -> None:
    assert parameters.array("likelihood.learned.bounds").tolist() == list(BOUNDS)
    assert with_environment([2.5, 1.0, 0.5], [3.0, 1.5, 0.4]).tolist() == [3.0, 1.5, 0.3]


def test_only_an_approved_model_gives_factors() -> None:
    made, model = rows(), trained()
    with pytest.raises(BadParameter, match="没有批准"):
        model.factors(made)
    factors = replace(model, approved="安委办 2026-01-01：演练").factors(made)
    assert factors.index.tolist() == made["id"].tolist()
    assert factors.between(*BOUNDS).all()


def wrong(**change: Any) -> dict[str, Any]:
    made = rows()
    right = {"events": made["events"], "exposure": made["exposure"], "frame": made, "features": (SIZE,), "name": "n", "unit": "1"}
    return right | change


@pytest.mark.parametrize("change", [
    {"events": rows()["events"] - 1.0}, {"events": rows()["events"][:-1]}, {"exposure": -rows()["exposure"]},
    {"exposure": rows()["exposure"].replace(rows()["exposure"][3], np.inf)}, {"events": rows()["events"] * 0},
    {"method": Method("forest")}, {"features": (Feature("depth_m", "埋深", edges=(1.0,)),)}, {"features": ()},
    {"frame": rows().assign(diameter_mm=np.inf)}, {"frame": rows().assign(diameter_mm="wide")},
    {"features": tuple(Feature(f"f{i}", "", levels=tuple("abcdefghij")) for i in range(6))},
])
def test_training_refuses_nonsense(change: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        train(**wrong(**change))


@pytest.mark.parametrize("bad", [{}, {"edges": (2.0, 1.0)}, {"levels": ("a", "a")}, {"edges": (1.0,), "levels": ("a",)},
                                 {"edges": (1.0,), "words": ("one",)}])
def test_features_refuse_nonsense(bad: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        Feature("f", "f", **bad)


@pytest.mark.parametrize("change", [{"kind": "guess"}, {"values": np.ones(3)}, {"values": -np.ones((4, 3))}, {"base": 0.0},
                                    {"values": np.full((4, 3), np.nan)}, {"kind": "probability", "values": np.ones((4, 3))}])
def test_an_absurd_table_is_refused(change: dict[str, Any]) -> None:
    assert shape_of((SIZE, STEEL)) == (4, 3)
    with pytest.raises(BadParameter):
        replace(trained(), **change)
