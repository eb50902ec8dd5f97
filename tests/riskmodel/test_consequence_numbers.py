"""Every number of the consequence functions, worked a second time: by another route, at limits, or by plain arithmetic."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from riskmodel import consequence
from riskmodel.consequence import (
    atmosphere,
    bst,
    dense_gas,
    dispersion,
    dust,
    evaporation,
    explosion,
    explosives,
    fireball,
    flame,
    flash,
    jetfire,
    poolfire,
    probit,
    release,
    tailings,
)
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff
from riskmodel.consequence.release import ATMOSPHERE

approx = pytest.approx
CHLORINE = Gas.vapour(0.0709, 239.15)


def test_water_in_the_air() -> None:
    """Steam tables: 611.2 Pa at 0 °C, 2,339 at 20 °C, 7,384 at 40 °C; Buck (1981) is within 0.1 %; worked by hand at 60 °C."""
    assert atmosphere.saturation_pressure([273.15, 293.15, 313.15]) == approx([611.2, 2339.0, 7384.0], rel=1e-3)
    assert float(atmosphere.saturation_pressure(333.15)) == approx(611.21 * np.exp((18.678 - 60 / 234.5) * 60 / (257.14 + 60)))


def test_air_at_its_limits() -> None:
    """Wayne's polynomial term by term at 2 km; no water and no distance let 1 through, and no path less than a metre counts."""
    tau = float(atmosphere.transmissivity(2000.0, 300.0, 0.7))
    water = np.log10(288.651 * 0.7 * 2000 * float(atmosphere.saturation_pressure(300.0)) / 133.322 / 300)
    carbon = np.log10(273 * 2000 / 300)
    assert tau == approx(1.006 - 0.01171 * water - 0.02368 * water**2 - 0.03188 * carbon + 0.001164 * carbon**2, rel=1e-9)
    far = float(atmosphere.transmissivity(1e5, 253.15, 0.0))  # dry air: carbon dioxide alone
    assert far == approx(1.006 - 0.03188 * np.log10(273e5 / 253.15) + 0.001164 * np.log10(273e5 / 253.15) ** 2, rel=1e-9)
    assert float(atmosphere.transmissivity(0.0, 293.15, 0.0)) == 1.0
    assert atmosphere.transmissivity([0.0, 0.5], 293.15, 0.5) == approx(float(atmosphere.transmissivity(1.0, 293.15, 0.5)))
    assert float(atmosphere.transmissivity(100.0)) == float(atmosphere.transmissivity(100.0, 293.15, 0.5))
    for path in (1.005, 1.005 * 349 / 273):  # just above a metre, and where carbon dioxide begins to count
        water = np.log10(288.651 * path * float(atmosphere.saturation_pressure(349.0)) / 133.322 / 349)
        carbon = np.log10(max(273 * path / 349, 1.0))
        assert float(atmosphere.transmissivity(path, 349.0, 1.0)) == approx(
            1.006 - 0.01171 * water - 0.02368 * water**2 - 0.03188 * carbon + 0.001164 * carbon**2, rel=1e-9)
    assert float(atmosphere.transmissivity(1e14, 293.15, 1.0)) == 0.0


def test_dust_at_the_vent() -> None:
    near, far = dust.external_pressure([0.0, 40.0], 1000.0, 30e3, 2.0)
    assert near == approx(0.2 * 30e3 * 2**0.1 * 1000**0.18)
    assert far == approx(near * (25 / 40) ** 1.5)
    assert float(dust.flame_length(1000.0, longest=200.0)) == approx(100.0)
    assert float(dust.energy(10.0, filled=0.5, concentration=0.2, combustion=31e6)) == approx(31e6)


def test_vapour_of_a_pool_in_every_wind() -> None:
    """Sutton's exponents by hand: F at 2 m/s over 5 m."""
    found = float(evaporation.evaporation_rate(5.0, 2.0, 2e4, 0.05, 300.0, "F"))
    assert found == approx(5.285e-3 * 2e4 * 0.05 / (8.314 * 300) * 2 ** (1.7 / 2.3) * 5 ** (4.3 / 2.3))
    for pair in ("AB", "CD", "EF"):
        one, other = (float(evaporation.evaporation_rate(5.0, 2.0, 2e4, 0.05, 300.0, s)) for s in pair)
        assert one == other


def test_tailings_at_two_sizes() -> None:
    """Regressions at 1e7 m³ and 40 m: 0.332·10^0.95 and 0.354·10^1.01 10⁶ m³; runouts by their formulas in km."""
    out, rico = float(tailings.outflow_volume(1e7)), float(tailings.outflow_volume_rico(1e7))
    assert out / 1e6 == approx(0.332 * 8.912509, rel=1e-6)
    assert rico / 1e6 == approx(0.354 * 10.232930, rel=1e-6)
    assert float(tailings.runout(1e7, 40.0)) == approx(3040 * (40 * 2.958953 / 10 * 2.958953) ** 0.545, rel=1e-6)
    assert float(tailings.runout_rico(1e7, 40.0)) == approx(1610 * (40 * 3.622457) ** 0.66, rel=1e-6)
    assert float(tailings.outflow_volume(1e-6)) == approx(1e-6)  # never more than there is
    assert tailings.outflow_volume_rico(1e60) == approx(1e60)
    assert float(tailings.inundated_area(8e6)) == approx(80 * 4e4)
    assert tailings.share_of_circle([0.0, 4000.0, 4000.1], 4000.0, 60.0) == approx([1.0, 60 / (2 * np.pi * 4000), 0.0])
    assert float(tailings.share_of_circle(0.0, 1.0, 1e-3)) == approx(1 / (2 * np.pi))  # a millimetre at least
    assert float(tailings.width(1e7, 40.0)) == approx(80 * (out**2) ** (1 / 3) / float(tailings.runout(1e7, 40.0)))


def test_fireball_inside_and_through_air() -> None:
    """q = τ E F by hand at 200 m; inside half a diameter the flux of the edge; 50, 70, 90 % of the stock burn."""
    D = 5.8 * 20
    edge = 0.5**1.5 * 300e3  # F = X r² / (X² + r²)^1.5 at X = r
    assert fireball.solid_flame_flux([0.0, 58.0], 8000.0, 300e3) == approx(edge, rel=1e-9)
    through = 2.02 * (1500 * (np.hypot(200, D / 2) - D / 2)) ** -0.09
    F = 200 * 58**2 / (200**2 + 58**2) ** 1.5
    assert float(fireball.solid_flame_flux(200.0, 8000.0, 300e3, vapour_pressure=1500.0)) == approx(through * 300e3 * F)
    assert fireball.transmissivity([0.0, 1.0, 400.0], 1000.0) == approx([1.0, 1.0, 2.02 * 4e5**-0.09])
    assert float(fireball.transmissivity(0.0, 1e9)) == approx(2.02 * 1e6**-0.09)  # no path is shorter than a millimetre
    assert fireball.chinese_mass(100.0, [0, 1, 2, 3, 9]) == approx([50, 50, 70, 90, 90])
    half, full = (float(fireball.point_source_flux(100.0, 8000.0, 46e6, 0.3, tau)) for tau in (0.5, 1.0))
    assert full == approx(2.2 * 0.3 * 46e6 * 8000**0.67 / (4 * np.pi * 1e4))
    assert half == approx(full / 2)
    assert float(fireball.dose_distance(1e4, 46e6, tau=0.25)) == approx(float(fireball.dose_distance(1e4, 46e6)) / 2)
    assert float(fireball.dose_distance(1e4, 46e6, radiated=0.1)) == approx(float(fireball.dose_distance(1e4, 46e6)) / 2)
    assert float(fireball.emissive_power(8000.0, 46e6, 0.3)) == approx(0.3 * 8000 * 46e6 / (np.pi * D**2 * 9.0))
    assert float(fireball.emissive_power(64_000.0, 46e6, 0.3)) == approx(
        0.3 * 64e3 * 46e6 / (np.pi * (5.8 * 40) ** 2 * 2.6 * 64e3 ** (1 / 6)))
    assert float(fireball.chinese_flux(100.0, 50.0, 200.0)) == approx(
        200 * 2500 * 100 * (1 - 0.058 * np.log(100)) / (2500 + 1e4) ** 1.5)


def test_jets_by_points_and_directions() -> None:
    """The multi-point flame summed by hand: 3 points of a flame of 30 m, 4 directions, receiver at 40 m."""
    found = jetfire.mean_over_directions([40.0], 30.0, 5.0, 50e6, 0.2, points=3, directions=4)
    for k, degrees in enumerate((45, 135, 225, 315)):
        flux = 0.0
        for s in (5.0, 15.0, 25.0):
            x, y = s * np.cos(np.radians(degrees)), s * np.sin(np.radians(degrees))
            flux += 0.2 * 5 * 50e6 / 3 / (4 * np.pi * ((40 - x) ** 2 + y**2))
        assert float(found[k, 0]) == approx(flux)
    assert jetfire.mean_over_directions([40.0, 60.0], 30.0, 5.0, 50e6, 0.2).shape == (36, 2)
    assert jetfire.mean_over_directions([40.0], 30.0, 5.0, 50e6, 0.2) == approx(
        jetfire.mean_over_directions([40.0], 30.0, 5.0, 50e6, 0.2, points=5, directions=36))
    near = jetfire.mean_over_directions([0.0], 1e-6, 1.0, 50e6, 0.2, points=1, directions=1)
    assert float(near[0, 0]) == approx(0.2 * 50e6 / (4 * np.pi))  # nobody stands nearer than a metre
    assert float(jetfire.point_source_flux(30.0, 5.0, 50e6, 0.2, 0.7)) == approx(0.7 * 0.2 * 5 * 50e6 / (4 * np.pi * 900))
    assert float(jetfire.distance_to_fraction(0.01, 4 * 1.204, 0.03)) == approx(5.4 * 2 * 0.01 / 0.03)
    assert float(jetfire.hydrogen_length(1.0, 0.01)) == approx(76 * 0.01**0.347)
    assert float(jetfire.hydrogen_length(1.0, 0.01, conservative=True)) == approx(116 * 0.01**0.347)


def test_pool_fires_term_by_term() -> None:
    assert poolfire.burning_rate(40e6, 400e3, heat_capacity=2000, boiling=280, ambient=300) == approx(0.1)  # no superheat
    assert poolfire.burning_rate(40e6, 400e3) == approx(0.1)
    assert poolfire.burning_rate(40e6, 400e3, boiling=300, ambient=280) == approx(0.1, rel=1e-9)
    assert poolfire.burning_rate(40e6, 400e3, heat_capacity=2000) == approx(0.1, rel=1e-9)
    assert poolfire.burning_rate(40e6, 400e3, heat_capacity=2000, boiling=10) == approx(0.001 * 40e6 / 420e3, rel=1e-9)
    D, m, density = 16.0, 0.05, 1.1
    base = m / (density * np.sqrt(9.81 * D))
    star = 6 / (9.81 * m * D / density) ** (1 / 3)
    assert float(poolfire.flame_length(D, m, air_density=density)) == approx(42 * D * base**0.61)
    assert float(poolfire.flame_length_in_wind(D, m, 6.0, air_density=density)) == approx(55 * D * base**0.67 * star**-0.21)
    assert float(poolfire.scaled_wind(D, m, 0.1)) == 1.0
    h = float(poolfire.flame_length(20.0, 0.06, air_density=1.293))
    assert float(poolfire.total_radiation(10.0, 0.06, 44e6, 0.3)) == approx(
        (np.pi * 100 + 20 * np.pi * h) * 0.06 * 0.3 * 44e6 / (72 * 0.06**0.61 + 1))
    assert float(poolfire.point_source_flux(50.0, 1e8, 0.5)) == approx(0.5e8 / (4 * np.pi * 2500))
    assert float(poolfire.point_source_flux(50.0, 1e8)) == approx(1e8 / (4 * np.pi * 2500))
    assert float(poolfire.pool_radius(1.0, 740.0, 0.05, 740.0, 0.01)) == approx(np.sqrt(20 / np.pi))
    assert float(poolfire.pool_radius(1e9, 740.0, 0.05, 740.0, 0.01)) == approx(np.sqrt(100 / np.pi))
    assert float(poolfire.mudan_emissive_power(0.0)) == approx(140e3)
    assert float(poolfire.mudan_emissive_power(1e3)) == approx(20e3)


def test_heat_of_a_pool_in_wind() -> None:
    """τ E √(Fv² + Fh²) put together from its parts, on all three sides, and inside the pool."""
    D, burning, wind, E = 20.0, 0.055, 5.0, 60e3
    lean = float(flame.tilt(D, burning, wind))
    assert np.cos(lean) ** -2 == approx(5 / (9.81 * 0.055 * 20 / 1.2) ** (1 / 3))
    assert np.cos(float(flame.tilt(D, burning, wind, density=2.4))) ** -2 == approx(5 / (9.81 * 0.055 * 20 / 2.4) ** (1 / 3))
    length = float(poolfire.flame_length_in_wind(D, burning, wind))
    for side, angle, tall in (("downwind", lean, length), ("upwind", -lean, length), ("crosswind", 0.0, length * np.cos(lean))):
        vertical, horizontal = (float(v) for v in flame.view_factors(40.0, 10.0, tall, angle))
        bare = float(flame.pool_flux(40.0, D, burning, wind, E, side=side))  # type: ignore[arg-type]
        assert bare == approx(E * np.hypot(vertical, horizontal))
        wet = float(flame.pool_flux(40.0, D, burning, wind, E, side=side, vapour_pressure=1500.0))  # type: ignore[arg-type]
        assert wet == approx(bare * 2.02 * (1500 * 30.0) ** -0.09)
    assert flame.pool_flux([0.0, 10.0], D, burning, wind, E).tolist() == [E, E]
    edge = float(flame.pool_flux(10.0 + 1e-9, D, burning, wind, E))  # a hundredth of a metre off a pool of ten
    assert edge == approx(E * np.hypot(*(float(v) for v in flame.view_factors(10.01, 10.0, length, lean))), rel=1e-9)
    assert edge <= E
    inside, rim = (flame.view_factors(r, 10.0, 20.0) for r in (5.0, 10.0 * (1 + 1e-6)))
    assert [float(v) for v in inside] == approx([float(v) for v in rim], rel=1e-9)
    assert float(rim[0]) == approx(0.5, abs=5e-3)  # at the rim of a tall upright flame half of what a wall sees is flame


def test_explosion_laws_by_arithmetic() -> None:
    assert float(explosion.tnt_mass(1000.0, 46e6)) == approx(1.8 * 0.04 * 1000 * 46e6 / 4.52e6)
    assert float(explosion.half_lethal_radius(1000.0)) == approx(13.6)
    assert float(explosion.half_lethal_radius(1e4)) == approx(13.6 * 10**0.37)
    assert float(explosion.chinese_overpressure(2.0)) == approx(0.137 / 8 + 0.119 / 4 + 0.269 / 2 - 0.019)
    assert float(explosion.property_radius(3175.0, 5.6)) == approx(5.6 * 3175 ** (1 / 3) / 2 ** (1 / 6))
    assert float(explosion.gb6722(2.0)) == approx(100 * (14 / 8 + 4.3 / 4 + 1.1 / 2))
    assert float(explosion.gas_literature(2.0)) == approx(7.1e5 * 2**-2.09)
    assert float(explosion.bauwens(2.0)) == approx(0.34 * 2 ** (-4 / 3) + 0.062 / 4 + 0.0033 / 8)
    assert float(explosion.kinney_graham(4.5)) == approx(
        101.325 * 808 * 2 / np.sqrt(1 + (4.5 / 0.048) ** 2) / np.sqrt(1 + (4.5 / 0.32) ** 2) / np.sqrt(1 + (4.5 / 1.35) ** 2))
    assert float(explosion.epa_distance(1000.0, 46e6)) == approx(17 * (0.1 * 1000 * 46e6 / 4.68e6) ** (1 / 3))
    for Z, c in ((0.5, (7.2106, -2.1069, -0.3229, 0.1117, 0.0685)), (2.9, (7.2106, -2.1069, -0.3229, 0.1117, 0.0685)),
                 (7.0, (7.5938, -3.0523, 0.40977, 0.0261, -0.01267)), (23.8, (7.5938, -3.0523, 0.40977, 0.0261, -0.01267)),
                 (2.901, (7.5938, -3.0523, 0.40977, 0.0261, -0.01267)), (23.801, (6.0536, -1.4066)), (90.0, (6.0536, -1.4066))):
        assert float(np.log(explosion.swisdak(Z))) == approx(sum(k * np.log(Z) ** i for i, k in enumerate(c)))
    assert explosion.scaled_distance(lambda z: 1 / z, 2.0) == approx(0.5, rel=1e-9)
    # bounds of the search: a law that is never, or always, above ends at them
    assert explosion.scaled_distance(lambda z: 0 * z, 1.0) == approx(0.05)
    assert explosion.scaled_distance(lambda z: 0 * z + 2, 1.0) == approx(500.0)
    cube = 101_300 / 4.52e6  # one metre per unit of Z; the search ends at 0.05 and 13
    assert float(explosion.injury_radius(cube, 1e12)) == approx(0.05)
    assert float(explosion.injury_radius(cube, 0.0)) == approx(13.0)
    assert float(explosion.injury_radius(1000.0, 44e3, tnt_energy=4.184e6)) == approx(
        1.0891 * (1000 * 4.184e6 / 101_300) ** (1 / 3), rel=1e-4)


def test_charges_near_and_far() -> None:
    """Nearer than 0.2 m/kg^(1/3) as there; propellant fireball at 1 and 1,000 kg."""
    assert float(explosives.overpressure(0.0, 8.0)) == approx(1e3 * float(explosion.swisdak(0.2)))
    assert float(explosives.overpressure(20.0, 8.0)) == approx(1e3 * float(explosion.swisdak(10.0)))
    assert float(explosives.impulse(20.0, 8.0)) == approx(2 * float(explosives.impulse(10.0, 1.0)))
    assert [float(v) for v in explosives.propellant_fireball(1.0)] == approx([1.88, 0.258])
    assert [float(v) for v in explosives.propellant_fireball(1000.0)] == approx([1.88 * 1000**0.325, 0.258 * 1000**0.349])
    assert float(explosives.tnt_equivalent(10.0, "PETN", tnt=5.80e6)) == approx(10.0)


def test_blast_of_clouds_between_the_curves() -> None:
    """Straight in the logarithms between speeds and knots; sound beyond the last; slow flames by the plateau."""
    knots = {m: bst.overpressure([5, 10, 20, 50], 2.4e8, m) for m in (0.2, 0.35, 0.7, 1.0, 5.2)}
    for low, high in pairwise(knots):
        share = 0.3
        speed = low ** (1 - share) * high**share
        assert bst.overpressure([5, 10, 20, 50], 2.4e8, speed) == approx(knots[low] ** (1 - share) * knots[high] ** share)
    between = np.sqrt(5 * 10)
    assert float(bst.overpressure(between, 2.4e8, 0.35)) == approx(np.sqrt(knots[0.35][0] * knots[0.35][1]))
    assert float(bst.overpressure(100.0, 2.4e8, 0.35)) == approx(knots[0.35][3] / 2)
    assert bst.overpressure([5.0, 50.0], 2.4e8, 0.1) == approx(knots[0.2][[0, 3]] * (0.1**2 / 1.1) / (0.2**2 / 1.2))
    assert float(bst.overpressure(10.0, 2.4e8, 9.0)) == approx(knots[5.2][1])
    assert bst.plateau(1.0) == approx(1.2)
    assert float(bst.overpressure(0.0, 2.4e8, 0.2)) == approx(101_325 * 2.4 * 0.04 / 1.2)
    assert float(bst.overpressure(0.0, 2.4e8, 5.2)) == approx(101_325 * 20.3)
    # from the plateau to the first knot as 1/R: the pressure halves over twice the distance
    top = 101_325 * 2.4 * 0.04 / 1.2
    assert float(bst.overpressure(5 * float(knots[0.2][0]) / top * 1.1, 2.4e8, 0.2)) == approx(top / 1.1)
    # at Mach 1 the first knot is under the plateau of 1.2, so the plateau holds
    assert float(bst.overpressure(0.0, 2.4e8, 1.0)) == approx(101_325 * 1.2)
    scale = (2.4e8 / 101_325) ** (1 / 3)
    for R, p in ((0.14, 20.3), (0.184, 7.9), (0.232, 4.05), (0.2845, 2.74)):
        assert float(bst.overpressure(R * scale, 2.4e8, 5.2)) == approx(101_325 * p)


def test_impulse_of_clouds() -> None:
    table = bst.impulse([5, 10, 20, 50], 2.4e8, 0.35)
    assert table == approx([255.15, 136.55, 69.91, 27.39], rel=1e-6)
    assert float(bst.impulse(100.0, 2.4e8, 0.35)) == approx(27.39 / 2)
    assert float(bst.impulse(np.sqrt(50.0), 2.4e8, 0.35)) == approx(np.sqrt(255.15 * 136.55))
    assert float(bst.impulse(0.0, 2.4e8, 0.35)) == approx(255.15)
    for speed, factor in ((0.2, 0.2 / 1.2), (1.0, 0.5), (5.2, 0.5)):
        assert float(bst.impulse(10.0, 2.4e8, speed)) == approx(136.55 * factor / (0.35 / 1.35))
    assert float(bst.impulse(20.0, 8 * 2.4e8, 0.35)) == approx(2 * 136.55)  # scales with the cube root of energy
    assert float(bst.energy(2.0, 50e6, reflection=1.0)) == approx(1e8)
    assert bst.distance_to(1e4, [2.4e8, 8 * 2.4e8], 1.0) == approx(float(bst.distance_to(1e4, 2.4e8, 1.0)) * np.array([1, 2]))
    assert float(bst.distance_to(100.0, 2.4e8, 0.2)) == approx(50 * 7.65, rel=1e-6)
    assert float(bst.distance_to(3e4, 2.4e8, 0.2)) == 0.0


def test_probit_rules_at_their_bounds() -> None:
    assert probit.heat_outdoors([37_499.0, 37_500.0], 20.0)[1] == 1.0
    assert float(probit.heat_outdoors(37_499.0, 20.0)) < 1.0
    assert float(probit.heat_outdoors(20e3, 7.0)) == approx(norm.cdf(-36.38 + 2.56 * np.log(20e3 ** (4 / 3) * 7) - 5))
    assert probit.heat_outdoors([37_400.0], 60.0, longest=5.0) == approx(probit.heat_outdoors([37_400.0], 5.0))
    assert probit.heat_indoors([37_499.9, 37_500.0]).tolist() == [0.0, 1.0]
    assert probit.blast_outdoors([29_999.0, 3e4]).tolist() == [0.0, 1.0]
    assert probit.blast_indoors([9_999.0, 1e4, 29_999.0, 3e4]).tolist() == [0.0, 0.025, 0.025, 1.0]
    assert float(probit.critical_flux(4.0, 8.0, "lees")) == approx((np.exp(33.02 / 1.99) / 0.5 / 8) ** 0.75, rel=1e-10)
    assert float(probit.collapse(20e3, 300.0)) == approx(5 - 0.22 * np.log(2**7.4 + (460 / 300) ** 11.3))
    assert float(probit.head_impact(20e3, 300.0)) == approx(5 - 8.49 * np.log(2430 / 20e3 + 4e8 / 6e6))
    assert float(probit.toxic_load(10.0, 45.0, 2.0)) == approx(3000.0)
    assert float(probit.toxic_load(10.0, 45.0, 2.0, longest=60.0)) == approx(4500.0)
    assert probit.probability([4.0, 5.0, 6.5]) == approx(norm.cdf([-1.0, 0.0, 1.5]))
    assert probit.probit_of([0.1, 0.7]) == approx(5 + norm.ppf([0.1, 0.7]))
    assert probit.PRESSURE == ("rule", "lung_hse", "lung_eisenberg", "head", "collapse")


def test_probits_from_ppm_and_from_loads() -> None:
    """Pr is the same in ppm and in mg/m3; HSE's line goes through 3 % at SLOT and 50 % at SLOD."""
    for substance, a, b, n, molar, source in (("ammonia", -35.9, 1.85, 2, 17.03, "ccps"),
                                              ("hydrogen_sulphide", -31.42, 3.008, 1.43, 34.08, "ccps")):
        constants = probit.toxic_constants(substance, source)
        load = (800.0 * molar / 24.45) ** n * 20
        assert float(probit.toxic(load, constants)) == approx(a + b * np.log(800.0**n * 20))
    for name, (n, slot, slod, molar) in probit.HSE_LOADS.items():
        constants = probit.toxic_constants(name, "hse")
        loads = np.array([slot, slod]) * (molar / 24.45) ** n
        assert probit.probability(probit.toxic(loads, constants)) == approx([0.03, 0.5])


def test_outflow_at_its_edges() -> None:
    """Torricelli; a nozzle far below choking; the state at the hole; flash by its exponential."""
    assert float(release.liquid_rate(0.1, 800.0, head=5.0)) == approx(0.63 * np.pi / 4 * 0.01 * 800 * np.sqrt(2 * 9.81 * 5))
    assert float(release.liquid_rate(0.1, 800.0, 3e5, ambient=1e5, discharge=1.0)) == approx(
        np.pi / 4 * 0.01 * np.sqrt(2 * 800 * 2e5))
    p, rho, k = 1.05e5, 1.2, 1.4
    ratio = 101_325 / p
    slow = 0.85 * np.pi / 4 * 1e-4 * np.sqrt(rho * p * 2 * k / (k - 1) * (ratio ** (2 / k) - ratio ** ((k + 1) / k)))
    assert float(release.gas_rate(0.01, rho, p, k)) == approx(slow)
    state = release.gas_exit(0.01, rho, p, 300.0, k)
    assert float(state.pressure) == approx(101_325)
    assert float(state.temperature) == approx(300 * ratio ** (0.4 / 1.4))
    assert float(state.velocity) == approx(slow / (rho * ratio ** (1 / 1.4) * np.pi / 4 * 1e-4))
    vacuum = release.gas_exit(0.01, 1.2, 5e4, 300.0, 1.4)  # nothing flows out of a vacuum
    assert [float(v) for v in vacuum] == [0.0, 5e4, 300.0, 0.0]
    assert float(release.critical_ratio(1.3)) == approx((2 / 2.3) ** (1.3 / 0.3))
    assert release.flash_fraction([300.0, 250.0, 240.0], 250.0, 2000.0, 4e5) == approx([1 - np.exp(-0.25), 0.0, 0.0])


def test_two_phase_between_its_bounds() -> None:
    """Fauske's law by hand for an outlet of 5 cm; from 10 cm on it is the equilibrium rate."""
    v = {"density": 600.0, "vaporisation": 1.2e6, "heat_capacity": 4700.0, "expansion": 0.12}
    equilibrium = (1.2e6 / 0.12) ** 2 / (300 * 4700)
    drop = 1.0e6 - 101_325
    N = equilibrium / (2 * drop * 600 * 0.61**2) + 0.5
    area = np.pi / 4 * 4e-4
    short = release.two_phase_rate(0.02, 1.0e6, 0.9e6, 300.0, length=0.05, **v)
    assert float(short) == approx(area * np.sqrt(2 * 0.61**2 * 600 * 1e5 + equilibrium / N))
    long = release.two_phase_rate(0.02, 1.0e6, 0.9e6, 300.0, length=0.1, **v)
    assert float(long) == approx(area * np.sqrt(2 * 0.61**2 * 600 * 1e5 + equilibrium))
    assert float(release.two_phase_rate(0.02, 1.0e6, 1.2e6, 300.0, **v)) == approx(area * np.sqrt(equilibrium))
    thin = release.two_phase_rate(0.02, 1e5, 2e5, 300.0, length=0.0, **v)  # below the atmosphere: a pascal drives
    assert float(thin) == approx(area * np.sqrt(2 * 0.61**2 * 600))
    # no drive: at most the larger of the liquid's rate and the equilibrium's
    capped = release.two_phase_rate(0.02, 1.0e6, 1e5, 300.0, **v)
    assert float(capped) == approx(area * np.sqrt(max(2 * 0.61**2 * 600 * drop, equilibrium)))


def test_plume_off_its_axis() -> None:
    found = float(dispersion.plume(2.0, 3.0, 20.0, 10.0, y=15.0, z=4.0, source_height=6.0))
    vertical = np.exp(-(2.0**2) / 200) + np.exp(-(10.0**2) / 200)
    assert found == approx(2 / (2 * np.pi * 3 * 200) * np.exp(-(15.0**2) / 800) * vertical)
    assert float(dispersion.puff(2.0, 20.0, 10.0, along=7.0, y=15.0)) == approx(
        4 / ((2 * np.pi) ** 1.5 * 400 * 10) * np.exp(-(49 + 225) / 800))
    t = np.linspace(-200, 200, 80_001)
    passing = np.trapezoid(dispersion.puff(2.0, 20.0, 10.0, along=3.0 * t, y=5.0) ** 2.5, t)
    assert float(dispersion.puff_load(2.0, 3.0, 20.0, 10.0, 2.5, y=5.0)) == approx(float(passing), rel=1e-6)


def test_flammable_reach_of_light_and_heavy_gas() -> None:
    """At the distance found the concentration on the axis is the limit: Gaussian for light gas, the cloud for heavy."""
    light = Gas.vapour(0.01604, 293.15)
    assert light.reduced_gravity < 0
    reach = flash.plume_distance([5.0, 50.0], light, 0.033, 3.0, "D", "rural")
    for rate, x in zip((5.0, 50.0), reach, strict=True):
        assert float(dispersion.plume(rate, 3.0, *dispersion.briggs(x, "D"))) == approx(0.033, rel=1e-6)
    air = 101_325 * 0.02897 / (8.314 * 293.15)
    neutral = Gas(density=air, concentration=0.05, temperature=293.15)
    assert neutral.reduced_gravity == 0.0
    assert flash.plume_distance(5.0, neutral, 0.033, 3.0, "D", "rural") == approx(reach[0])
    barely = Gas(density=air * 1.05, concentration=1.2, temperature=293.15)
    assert 0 < barely.reduced_gravity < 1
    assert float(flash.plume_distance(50.0, barely, 0.1, 3.0, "D", "rural")) == approx(float(
        Plume.of(50.0, 3.0, "D", "rural", barely, richardson=None).distance_to(0.1)))
    heavy = Gas.vapour(0.0441, 231.05)
    x = float(flash.plume_distance(10.0, heavy, 0.038, 3.0, "D", "rural"))
    assert float(Plume.of(10.0, 3.0, "D", "rural", heavy, richardson=None).concentration(x)) == approx(0.038, rel=1e-6)
    x = float(flash.puff_distance(5000.0, heavy, 0.038, 3.0, "D", "rural"))
    assert float(Puff.of(5000.0, 3.0, "D", "rural", heavy, richardson=None).concentration(x)) == approx(0.038, rel=1e-6)


def test_gases_by_the_ideal_law() -> None:
    assert CHLORINE.density == approx(101_325 * 0.0709 / (8.314 * 239.15))
    air = 101_325 * 0.02897 / (8.314 * 293.15)
    assert CHLORINE.reduced_gravity == approx(9.81 * (CHLORINE.density - air) / air)
    spray = Gas.flashed(0.01703, 239.85, 1.37e6, 0.18)
    kg_air = 0.82 * 1.37e6 / (1005 * (293.15 - 239.85))
    volume = (1 / 0.01703 + kg_air / 0.02897) * 8.314 * 239.85 / 101_325
    assert (spray.density, spray.concentration) == approx(((1 + kg_air) / volume, 1 / volume))
    assert (spray.temperature, spray.ambient) == (239.85, 293.15)
    warm = Gas.flashed(0.0441, 292.5, 4e5, 0.2)  # boils within a kelvin of the air: no droplets left to dry
    assert warm == Gas.vapour(0.0441, 292.5)
    assert Gas.flashed(0.0441, 292.0, 4e5, 0.2).concentration < Gas.vapour(0.0441, 292.0).concentration
    assert float(CHLORINE.fraction(0.5)) == approx(0.5 / (0.5 + 0.5 * 239.15 / 293.15))


def test_lethality_of_a_load() -> None:
    """The load in (kg/m3)^n s is the Purple Book's in (mg/m3)^n min."""
    constants = probit.toxic_constants("chlorine")
    mg = 900.0
    load = (mg * 1e-6) ** constants.n * 20 * 60
    assert float(dense_gas.lethality(load, constants)) == approx(float(probit.probability(
        probit.toxic(mg**constants.n * 20, constants))))


def test_every_public_function_of_the_library_has_an_example() -> None:
    """And the examples run with the tests (``--doctest-modules``)."""
    for info in pkgutil.iter_modules(consequence.__path__, "riskmodel.consequence."):
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == info.name and not name.startswith("_"):
                assert ">>>" in (function.__doc__ or ""), f"{info.name}.{name}"


@pytest.mark.parametrize("speed", [0.35, 1.0, 5.2])
def test_beyond_the_curves_a_blast_is_sound(speed: float) -> None:
    """Pressure and impulse fall off as 1/R from the last points of the curves (energy p₀·1 m³: scaled distances are metres)."""
    end = float(bst._SCALED[-1])
    far = np.array([1.0, 1.5, 4.0]) * end
    assert bst.overpressure(far, ATMOSPHERE, speed) * far == pytest.approx([bst.overpressure(end, ATMOSPHERE, speed) * end] * 3)
    assert bst.impulse(far, ATMOSPHERE, speed) * far == pytest.approx([bst.impulse(end, ATMOSPHERE, speed) * end] * 3)
    last = bst._IMPULSE[-2:] * ATMOSPHERE / 340
    between = float(np.sqrt(np.prod(bst._SCALED[-2:])))
    assert bst.impulse([between, end], ATMOSPHERE, 0.35) == pytest.approx([np.sqrt(np.prod(last)), last[1]])


def test_close_to_a_detonation() -> None:
    """Straight in the logarithms from 20.3 p₀ at 0.14 to 7.9 p₀ at 0.184, constant closer by."""
    share = np.log(0.16 / 0.14) / np.log(0.184 / 0.14)
    assert bst.overpressure([0.05, 0.14, 0.16], ATMOSPHERE, 5.2) / ATMOSPHERE == pytest.approx(
        [20.3, 20.3, 20.3 * (7.9 / 20.3) ** share])
