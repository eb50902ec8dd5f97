"""Societal risk against numbers that others published."""

from __future__ import annotations

import numpy as np
import pytest

from geo.grid import Grid
from riskmodel.fields import lay
from riskmodel.parameters import load_parameters
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, Scope, Theme
from riskmodel.societal import fn_curve, place_curve, zone

P = load_parameters()


def test_goose_vapour_cloud_example() -> None:
    """Goose (HSE), "Societal risk" 2010: f 3e-5 /yr, two operators, P(kill) .5 → F(≥1) 2.25e-5, F(≥2) .75e-5."""
    b = ScenarioBuilder(("enterprise",))
    survival = np.array([0.75, 0.25] + [0.0] * (len(FN_N) - 2))
    b.add_points("enterprise", "蒸气云爆炸", Theme.WORK_OTHER, Scope.NONE, row=[0], x=0.0, y=0.0, frequency=3e-5,
                 deaths_local=1.0, tail=b.tail(survival))
    curve = place_curve(b.finish())
    assert curve[:3] == pytest.approx([2.25e-5, 0.75e-5, 0.0], rel=1e-12)


def test_a_curve_is_a_staircase_of_events_not_of_means() -> None:
    """F(n) adds the frequencies of all events that kill n or more, as in CLIMADA's exceedance (f 1e-4 and 1e-3 → 1.1e-3)."""
    curve = dict(zip(FN_N, fn_curve([1e-4, 1e-3], [1000.0, 200.0]), strict=True))
    assert curve[100] == pytest.approx(1.1e-3, rel=1e-9)
    assert curve[500] == pytest.approx(1e-4, rel=1e-9)


@pytest.mark.parametrize(("frequency", "deaths", "expected"), [(2e-3, 3.0, 2), (1e-4, 3.0, 1), (1e-7, 3.0, 0)])
def test_zones_of_gb36894(frequency: float, deaths: float, expected: int) -> None:
    """GB 36894-2018: upper line 1e-3/N, lower line 1e-5/N."""
    assert zone(fn_curve([frequency], [deaths]), P) == expected


def test_expected_deaths_in_uniform_population() -> None:
    """P(r) = Φ(n ln(r50/r)/σ) over density ρ gives N = ρ π r50² exp(2σ²/n²): closed form of a lognormal response."""
    from scipy.stats import norm

    grid = Grid(0.0, 8_000.0, 80, 80)
    n, sigma, r50, per_cell = 2.0, 0.35, 700.0, 3.0
    radius = 2_400.0

    def response(r: np.ndarray) -> np.ndarray:
        return norm.cdf(n * np.log(r50 / np.maximum(r, 1e-9)) / sigma)

    class People:
        mean_outdoors = np.full(grid.size, per_cell)
        mean_indoors = np.zeros(grid.size)
        per_job = (0.0, 0.0)

    b = ScenarioBuilder(("hazard_source",))
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0], x=4_003.0, y=3_990.0, frequency=1e-4,
                 kernel=b.kernel(Kernel.of(radius, response, lambda r: 0 * r)))
    deaths = lay(b.finish(), People(), grid).s.sum() * 1e-15 / 1e-4
    expected = per_cell / 1e4 * np.pi * r50**2 * np.exp(2 * sigma**2 / n**2)
    assert deaths == pytest.approx(expected, rel=2e-3)
