"""Properties of the dense-gas clouds: continuity, mass, falling with distance, one source or many."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.consequence import dispersion
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff

approx = pytest.approx
CHLORINE = Gas.vapour(0.0709, 239.15)
X = np.geomspace(0.1, 20_000, 600)

WEATHER = [("D", 4.0, "urban"), ("D", 1.5, "rural"), ("F", 1.5, "urban"), ("B", 4.0, "rural")]


@pytest.mark.parametrize("richardson", [1.0, None])
@pytest.mark.parametrize(("stability", "wind", "terrain"), WEATHER)
def test_plume_falls_with_distance_and_has_no_step(
    stability: str, wind: float, terrain: dispersion.Terrain, richardson: float | None,
) -> None:
    plume = Plume.of([0.05, 0.5, 20.0], wind, stability, terrain, CHLORINE, richardson=richardson)
    c = plume.concentration(X[:, None])
    assert np.all(np.diff(c, axis=0) <= 1e-15)
    assert np.all(c[0] <= CHLORINE.concentration)
    before, after = plume.concentration(plume.handover.end * (1 - 1e-9)), plume.concentration(plume.handover.end * (1 + 1e-9))
    assert after == approx(before, rel=1e-3)


@pytest.mark.parametrize("richardson", [1.0, None])
@pytest.mark.parametrize(("stability", "wind", "terrain"), WEATHER)
def test_puff_falls_with_distance_and_has_no_step(
    stability: str, wind: float, terrain: dispersion.Terrain, richardson: float | None,
) -> None:
    puff = Puff.of([5.0, 1000.0, 30_000.0], wind, stability, terrain, CHLORINE, richardson=richardson)
    c = puff.concentration(X[:, None])
    assert np.all(np.diff(c, axis=0) <= 1e-15)
    before, after = puff.concentration(puff.handover.end * (1 - 1e-9)), puff.concentration(puff.handover.end * (1 + 1e-9))
    assert after == approx(before, rel=1e-3)


def test_many_sources_equal_each_alone() -> None:
    together = Plume.of([0.1, 1.0, 10.0], [1.5, 4.0, 4.0], "D", "urban", CHLORINE).concentration(X[:, None], 3.0)
    for i, (rate, wind) in enumerate(((0.1, 1.5), (1.0, 4.0), (10.0, 4.0))):
        assert together[:, i] == approx(Plume.of(rate, wind, "D", "urban", CHLORINE).concentration(X, 3.0))


def test_mass_passes_every_section_beyond_the_dense_part() -> None:
    """Far away u ∫∫ C dy dz is the rate: the width at the ground times the height of a Gaussian plume."""
    plume = Plume.of(2.0, 3.0, "D", "rural", CHLORINE)
    for x in (float(plume.handover.end) * 1.01, 500.0, 3000.0):
        y = np.linspace(-1, 1, 4001) * float(plume.edge(x))
        sz = plume.handover.spread(np.float64(x) + plume.handover.shift_z)[1]
        flux = 3.0 * np.trapezoid(plume.concentration(x, y), y) * sz * np.sqrt(np.pi / 2)
        assert float(flux) == approx(2.0, rel=1e-3)


def test_a_small_release_in_strong_wind_is_gaussian() -> None:
    light = Gas(density=1.2050, concentration=0.01, temperature=293.15)
    plume = Plume.of(0.001, 8.0, "D", "rural", light)
    assert not plume.handover.dense
    sy, sz = dispersion.briggs(200.0, "D")
    assert float(plume.concentration(200.0, 5.0)) == approx(float(dispersion.plume(0.001, 8.0, sy, sz, y=5.0)), rel=1e-6)


def test_far_away_density_is_forgotten() -> None:
    """At 10 km the plume is within a factor of two of a Gaussian one."""
    plume = Plume.of(0.5, 4.0, "D", "rural", CHLORINE)
    sy, sz = dispersion.briggs(10_000.0, "D")
    assert float(plume.concentration(10_000.0)) == approx(float(dispersion.plume(0.5, 4.0, sy, sz)), rel=0.5)


def test_longer_and_larger_is_never_less() -> None:
    rates = np.geomspace(0.01, 30, 40)
    reach = Plume.of(rates, 3.0, "D", "rural", CHLORINE).distance_to(1e-3)
    assert np.all(np.diff(reach) > 0)
    load = Plume.of(1.0, 3.0, "D", "rural", CHLORINE).toxic_load(100.0, 0.0, 2.75, [60.0, 600.0, 1800.0, 7200.0])
    assert np.all(np.diff(load)[:2] > 0)
    assert load[2] == load[3]
