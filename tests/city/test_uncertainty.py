"""The full city's bands, odds and hatching: wide enough to be honest, narrow enough to be a map."""

from __future__ import annotations

import numpy as np
import pytest

from layers.explain import Explainer
from tests.city.conftest import City

pytestmark = pytest.mark.city


def streets(city: City, name: str) -> np.ndarray:
    return np.asarray(city.snapshot.areas.numbers(name)[city.snapshot.area_rows("street")])


def test_streets_are_known_to_about_a_factor_of_two(city: City) -> None:
    """Work and fire make most of a street: 5–95 % about ×/÷ 2; no street is surer than the city's own counts allow."""
    width = np.sqrt(streets(city, "pll_p95") / streets(city, "pll_p05"))
    assert 1.3 <= np.median(width) <= 2.2
    assert np.quantile(width, 0.99) < 8.0
    row = city.snapshot.area_rows("city")
    low, high = (float(city.snapshot.areas.numbers(f"pll_p{q}")[row][0]) for q in ("05", "95"))
    assert low < city.night.totals["pll"] < high
    assert 1.3 <= high / low <= 2.5  # 75–165 around 106 by the anchors


def test_the_mean_of_the_draws_is_the_number_published(city: City) -> None:
    pll, middle = streets(city, "pll"), streets(city, "pll_p50")
    assert (streets(city, "pll_p05") < pll).all()
    assert (pll < streets(city, "pll_p95")).all()
    assert np.median(middle / pll) == pytest.approx(0.97, abs=0.04)  # a median below its mean


def test_odds_agree_with_colours(city: City) -> None:
    level, hatched, red = streets(city, "risk_level"), streets(city, "hatched"), streets(city, "p_level_1")
    assert (red[level == 1] >= 0.5).all()
    assert (streets(city, "stable").mean()) > 0.85
    assert hatched.mean() < 0.08
    shares = np.sum([streets(city, f"p_level_{k}") for k in range(1, 5)], axis=0)
    assert shares == pytest.approx(np.ones(len(level)), abs=1e-5)
    cells = city.snapshot.cells
    cell_level, cell_hatched = cells.numbers("level"), cells.numbers("hatched")
    assert (cells.numbers("p_level_1")[(cell_level == 1)] >= 0.5).all()
    assert not cell_hatched[cell_level == 4].any()
    assert cell_hatched[cell_level <= 2].mean() < 0.15


def test_ranks_move_but_the_top_stays_near_the_top(city: City) -> None:
    rank, low, high, top = (streets(city, name) for name in ("rank", "rank_p05", "rank_p95", "p_top10"))
    assert (low <= high).all()
    assert top.sum() == pytest.approx(10.0, abs=1e-3)
    assert high[rank <= 5].max() <= 40
    assert ((low <= rank) & (rank <= high)).mean() > 0.95


def test_curves_of_all_areas_are_there_and_only_installations_are_judged(city: City) -> None:
    for level, code in (("street", "110101001000"), ("district", "110101"), ("city", "110000")):
        rows = city.snapshot.fn(level, code)
        assert all(row["zone"] is None for row in rows)
        assert np.all(np.diff([row["f"] for row in rows]) <= 0)
    whole = city.snapshot.fn("city", "110000")[0]["f"]
    parts = sum(city.snapshot.fn("street", code)[0]["f"] for code in
                np.asarray(city.snapshot.areas.texts("code"))[city.snapshot.area_rows("street")])
    assert whole <= parts < 1.01 * whole  # adding streets counts events on borders twice
    area = city.snapshot.area("110000")
    assert area["fn_acceptable"] + area["fn_alarp"] + area["fn_unacceptable"] > 50
    assert city.snapshot.manifest["uncertainty"]["dropped_pll"] < 1e-6


def test_an_explanation_shows_the_band(city: City) -> None:
    answer = Explainer(city.snapshot).area("110101001000")
    assert answer["band"]["pll"]["p05"] < answer["total_pll"] < answer["band"]["pll"]["p95"]
    assert sum(answer["band"]["level"].values()) == pytest.approx(1.0, abs=1e-5)
