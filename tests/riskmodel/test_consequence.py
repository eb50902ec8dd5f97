"""Properties of the consequence functions: signs, monotony, limits, errors."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import UnknownIdentifier
from riskmodel.consequence import dispersion, explosion, fireball, jetfire, poolfire, probit, release

approx = pytest.approx


def test_gas_rate_is_continuous_where_choking_begins() -> None:
    pressure = release.ATMOSPHERE / float(release.critical_ratio(1.4))
    below, above = (float(release.gas_rate(0.01, 2.0, pressure * k, 1.4)) for k in (0.99999, 1.00001))
    assert below == approx(above, rel=1e-4)
    assert float(release.gas_rate(0.01, 1.2, release.ATMOSPHERE, 1.4)) == 0.0


def test_no_liquid_flows_without_drive() -> None:
    assert float(release.liquid_rate(0.01, 700.0)) == 0.0
    assert float(release.liquid_rate(0.01, 700.0, 5e4)) == 0.0


def test_flash_needs_superheat() -> None:
    assert release.flash_fraction([-50.0, -42.1], -42.1, 2500.0, 4.25e5).tolist() == [0.0, 0.0]
    assert 0 < float(release.flash_fraction(20.0, -42.1, 2500.0, 4.25e5)) < 1


@pytest.mark.parametrize("law", [
    lambda r: fireball.solid_flame_flux(r, 1e4, 3e5, vapour_pressure=1169.0),
    lambda r: fireball.point_source_flux(r, 1e4, 46e6, 0.3),
    lambda r: poolfire.point_source_flux(r, 1e8), lambda r: jetfire.point_source_flux(r, 10.0, 50e6, 0.2),
    explosion.kinney_graham, explosion.gb6722, explosion.swisdak, explosion.gas_literature,
])
def test_effects_fall_with_distance(law: explosion.Law) -> None:
    flux = law(np.linspace(64.0, 190.0, 50))
    assert np.all(np.diff(flux) < 0)
    assert np.all(flux > 0)


def test_jet_mean_conserves_power_far_away() -> None:
    """Far away the direction does not matter: the mean over directions is the point source."""
    mean = float(jetfire.mean_over_directions([5000.0], 45.0, 10.0, 50e6, 0.2).mean())
    assert mean == approx(float(jetfire.point_source_flux(5000.0, 10.0, 50e6, 0.2)), rel=1e-3)


def test_plume_conserves_mass() -> None:
    """The flux through a plane across the wind is the release rate."""
    sy, sz = dispersion.briggs(300.0, "D")
    y, z = np.linspace(-300, 300, 601), np.linspace(0, 300, 301)
    C = dispersion.plume(2.0, 3.0, sy, sz, y=y[:, None], z=z[None, :])
    assert 3.0 * np.trapezoid(np.trapezoid(C, z, axis=1), y) == approx(2.0, rel=1e-4)


def test_puff_load_of_n_1_is_the_plume_dose() -> None:
    """With n = 1 and equal σ, the time integral of a puff of M kg is that of a plume of M kg in all."""
    sy, sz = dispersion.briggs(300.0, "D")
    assert float(dispersion.puff_load(5.0, 3.0, sy, sz, 1.0)) == approx(float(dispersion.plume(5.0, 3.0, sy, sz)), rel=1e-12)


def test_spread_grows_with_instability() -> None:
    for terrain in ("rural", "urban"):
        width = [float(dispersion.briggs(500.0, s, terrain)[0]) for s in "ABCDEF"]
        assert width == sorted(width, reverse=True)


def test_pool_is_limited_by_fire_mass_and_kerb() -> None:
    assert float(poolfire.pool_radius(np.inf, 1e6, 0.055, 740, 0.01, 7.0)) == 7.0
    assert float(poolfire.pool_radius(0.055 * np.pi, 1e6, 0.055, 740, 0.01)) == approx(1.0)
    assert float(poolfire.pool_radius(np.inf, 7.4 * np.pi, 0.055, 740, 0.01)) == approx(1.0)


def test_probit_and_probability_are_inverse() -> None:
    P = np.array([1e-6, 0.01, 0.5, 0.999])
    assert probit.probability(probit.probit_of(P)) == approx(P)


def test_critical_flux_inverts_the_probit() -> None:
    for name in probit.THERMAL:
        flux = probit.critical_flux(5.0, 12.0, name)
        assert float(probit.thermal(probit.thermal_dose(flux, 12.0), name)) == approx(5.0)


def test_nothing_is_no_dose() -> None:
    assert probit.heat_outdoors([0.0], 20.0).tolist() == [0.0]
    assert probit.probability(probit.toxic([0.0], probit.toxic_constants("ammonia"))).tolist() == [0.0]


@pytest.mark.parametrize("call", [
    lambda: probit.thermal(1e7, "nobody"), lambda: probit.toxic_constants("water"), lambda: dispersion.briggs(1.0, "G"),
    lambda: dispersion.briggs(1.0, "A", "moon"), lambda: dispersion.ccps_plume(1.0, "Z"), lambda: dispersion.wind_at(2, 2, "Q"),
])
def test_unknown_names_are_errors(call: object) -> None:
    with pytest.raises(UnknownIdentifier):
        call()  # type: ignore[operator]
