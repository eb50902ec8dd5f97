"""Consequence formulas against numbers that others published; each test names its publication and its tolerance's reason."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.consequence import dispersion, explosion, fireball, jetfire, poolfire, probit, release
from riskmodel.parameters import load_parameters
from riskmodel.quantified.footprints import Fuel, Physics, fireball_kernel, pool_kernel
from riskmodel.quantified.toxic import ToxicCloud, Weather
from riskmodel.scenarios import Kernel, kernel_distances

approx = pytest.approx


def test_liquid_release_ccps_page_40() -> None:
    """CCPS 1999 p. 40: ten digits in GasDispersion.jl's tests."""
    rate = float(release.liquid_rate(0.01, 490.0, 120_935.0368))
    assert rate == approx(0.21691154763598, rel=1e-9)
    assert rate / (490.0 * float(release.hole_area(0.01))) == approx(5.6363, abs=1e-4)


def test_gas_release_ccps_page_47() -> None:
    """CCPS 1999 p. 47."""
    state = release.gas_exit(0.01, 8.90, 501e3, 298.0, 1.15)
    assert float(state.rate) == approx(0.09002799947, rel=1e-8)
    assert float(state.pressure) == approx(287_766, abs=1)
    assert float(state.temperature) == approx(277.21, abs=0.01)
    assert float(state.velocity) == approx(208.587, abs=1e-3)


@pytest.mark.parametrize(("discharge", "expected"), [(0.62, 0.525), (1.0, 0.847)])
def test_gas_outflow_casal_example_2_3(discharge: float, expected: float) -> None:
    """Casal, Evaluation of the Effects and Consequences of Major Accidents, example 2.3, in OpenSRANE's tests: three digits."""
    density = 10e5 * 0.0441 / (8.314 * 298.15)
    assert float(release.gas_rate(0.02, density, 10e5, 1.15, discharge=discharge)) == approx(expected, rel=2e-3)


def test_fireball_ccps_propane_truck() -> None:
    """CCPS 1999 propane truck: D 132.6 m, t 10.3 s, F 0.255, q 89.1 kW/m2; printed to three digits."""
    mass = 22.7 * 0.9 * 585.3
    D = float(fireball.diameter(mass))
    assert abs(mass - 11_957.7) < 0.1
    assert approx(132.6, abs=0.05) == D
    assert float(fireball.duration(mass)) == approx(10.3, abs=0.05)
    assert float(fireball.view_factor(100.0, D)) == approx(0.255, abs=5e-4)
    assert float(fireball.solid_flame_flux(100.0, mass, 350e3)) == approx(89.1e3, abs=50)


def test_fireball_branches_at_30_t() -> None:
    """CCPS 1999: the two laws of duration give 13.98 s and 14.49 s at 30 t, a jump that is meant."""
    assert float(fireball.duration(29_999.999)) == approx(13.98, abs=0.005)
    assert float(fireball.duration(30_000.0)) == approx(14.49, abs=0.005)


def test_fireball_chinese_lpg_two_tanks() -> None:
    """Chinese 安全评价 report, LPG 2 tanks of 42 t: R 89.5 m, t 13.9 s, fatal 32 799, burns 21 723 and 9 552 W/m2."""
    mass = float(fireball.chinese_mass(42_000.0, 2))
    assert float(fireball.chinese_radius(mass)) == approx(89.5, abs=0.05)
    assert float(fireball.chinese_duration(mass)) == approx(13.9, abs=0.05)
    for constants, flux in (("tno", 32_799), ("second_degree", 21_723), ("first_degree", 9_552)):
        assert probit.critical_flux(5.0, 13.9, constants) == approx(flux, rel=2e-4)


def test_fireball_chinese_propylene_sphere() -> None:
    """Chinese 安全评价 report, 340 t propylene: R 195 m, t 30 s, fatal 18 449 W/m2; its own rounding allows 1 %."""
    mass = float(fireball.chinese_mass(340_000.0, 3))
    assert float(fireball.chinese_radius(mass)) == approx(195.0, rel=5e-3)
    assert float(fireball.chinese_duration(mass)) == approx(30.0, rel=0.012)
    assert probit.critical_flux(5.0, 30.0, "tno") == approx(18_449, rel=0.01)


def test_fireball_epa_distance() -> None:
    """US EPA RMP guidance, BLEVE formula: 327.5 m for 10 t of propane."""
    assert float(fireball.dose_distance(10_000.0, 46.333e6)) == approx(327.5, abs=0.05)


@pytest.mark.parametrize(("fuel", "factor", "radii", "tolerance"), [
    ((42_000.0, 50.2902e6), 5.6, (33_645.5, 49.95, 124.7, 224.1, 180.5), 5e-4),
    ((116_000.0, 45.636e6), 4.6, (84_325.0, 70.17, 169.7, 304.4, 201.7), 2e-3),
])
def test_three_radii_of_chinese_reports(
    fuel: tuple[float, float], factor: float, radii: tuple[float, ...], tolerance: float,
) -> None:
    """Chinese 安全评价 reports; the second prints 225.6 m for 轻伤, its own formula gives 304.4 m."""
    W = float(explosion.tnt_mass(*fuel))
    found = (W, float(explosion.half_lethal_radius(W)), float(explosion.injury_radius(W, 44e3)),
             float(explosion.injury_radius(W, 17e3)), float(explosion.property_radius(W, factor)))
    assert found == approx(radii, rel=tolerance)


def test_benzene_of_a_chinese_report() -> None:
    """Chinese report, 4 t benzene: W 2 663.2 kg, R 19.5 m; the right injury radii are 53.55 and 96.21 m."""
    W = float(explosion.tnt_mass(4_000.0, 3_264.4e3 / 78.1e-3))
    assert approx(2_663.2, rel=1e-3) == W
    assert float(explosion.half_lethal_radius(W)) == approx(19.5, abs=0.05)
    assert float(explosion.injury_radius(W, 44e3)) == approx(53.55, rel=1e-3)
    assert float(explosion.injury_radius(W, 17e3)) == approx(96.21, rel=1e-3)


def test_chinese_law_roots() -> None:
    """Roots of the Chinese Z-law for 44 and 17 kPa: 1.0891 and 1.9569."""
    for pressure, root in ((44e3, 1.0891), (17e3, 1.9569)):
        ratio = pressure / explosion.CHINESE_AMBIENT
        assert explosion.scaled_distance(explosion.chinese_overpressure, ratio, 0.05, 13.0) == approx(root, abs=5e-5)


def test_cylinder_in_gas_literature() -> None:
    """15 kg LPG cylinder in Chinese gas literature: 1.3, 0.21, 0.05 bar at 5, 12, 24 m; two digits."""
    pressure = explosion.gas_literature(np.array([5.0, 12.0, 24.0]) / 11 ** (1 / 3)) / 1e5
    assert pressure == approx([1.306, 0.2095, 0.0492], rel=2e-3)


def test_epa_one_psi() -> None:
    """US EPA RMP guidance: 365.0 m for 10 t propane; 280.5 m, 0.174 mi, for 10 000 lb."""
    assert float(explosion.epa_distance(10_000.0, 46.333e6)) == approx(365.0, abs=0.05)
    assert float(explosion.epa_distance(10_000 * 0.45359237, 46.333e6)) == approx(280.5, abs=0.05)


@pytest.mark.parametrize(("law", "expected"), [
    (explosion.kinney_graham, [1008.8, 207.9, 82.35, 29.24, 13.59, 9.985, 6.066, 4.393, 2.854, 2.121]),
    (explosion.gb6722, [1940, 337.5, 136.3, 50.40, 23.20, 16.70, 9.659, 6.750, 4.196, 3.041]),
    (explosion.swisdak, [1353.7, 283.7, 115.7, 43.23, 20.42, 14.89, 8.758, 6.102, 3.559, 2.375]),
    (lambda Z: explosion.chinese_overpressure(Z * np.cbrt(101_300 / 4.52e6)) * 101.3,
     [865.6, 161.7, 70.08, 28.43, 13.74, 9.876, 5.376, 3.364, 1.488, 0.596]),
])
def test_scaled_distance_curves(law: explosion.Law, expected: list[float]) -> None:
    """Kinney and Graham 1985, GB 6722-2014, Swisdak 1994 and the Chinese law at Z = 1…40; four digits."""
    assert law(np.array([1, 2, 3, 5, 8, 10, 15, 20, 30, 40.0])) == approx(expected, rel=1e-3)


def test_gb6722_distances() -> None:
    """GB 6722-2014 13.3.2: 58.855, 25.760, 15.855 m/kg^(1/3) for 2, 5, 9 kPa."""
    found = [explosion.scaled_distance(explosion.gb6722, p) for p in (2.0, 5.0, 9.0)]
    assert found == approx([58.855, 25.760, 15.855], abs=1e-3)


def test_tnt_of_hydrogen_hyram() -> None:
    """HyRAM+ tests: 1 kg H2, yield 0.03, 1.20e8 J/kg, TNT 4.68e6 J/kg → 0.769230769 kg; Bauwens at R* = 3 → 0.085592."""
    assert float(explosion.tnt_mass(1.0, 1.2e8, efficiency=0.03, reflection=1.0, tnt=4.68e6)) == approx(0.769230769, rel=1e-9)
    expected = [1.131146, 0.4053, 0.150842, 0.085592, 0.042273, 0.016405]
    assert explosion.bauwens([0.5, 1, 2, 3, 5, 10]) == approx(expected, rel=2e-4)


def test_pool_fire_of_a_chinese_report() -> None:
    """Chinese report, jet fuel in a 2 677 m2 bund: r 29.2 m, m'' 0.068, h 58.66 m, Q 6.3e8 W, five radii."""
    radius = float(np.sqrt(2677 / np.pi))
    assert radius == approx(29.2, abs=0.05)
    assert poolfire.burning_rate(43.07e6, 280e3, heat_capacity=2000, boiling=473, ambient=298) == approx(0.068, abs=5e-4)
    assert float(poolfire.flame_length(58.4, 0.068, air_density=1.293)) == approx(58.66, rel=2e-3)
    power = float(poolfire.total_radiation(29.2, 0.068, 43.07e6, 0.24))
    assert power == approx(6.312e8, rel=2e-3)
    for flux, radius in ((37.5, 36.6), (25, 44.8), (12.5, 63.4), (4.0, 112.1), (1.6, 177.2)):
        assert float(poolfire.point_source_flux(radius, power)) == approx(1e3 * flux, rel=5e-3)


def test_thomas_flame_lengths() -> None:
    """Thomas 1963: 25.61, 19.57, 33.94 m without wind; u* 2.404 and 19.78 m in wind of 5 m/s."""
    found = [float(poolfire.flame_length(D, m)) for D, m in ((20, 0.055), (10, 0.078), (30, 0.055))]
    assert found == approx([25.61, 19.57, 33.94], abs=0.005)
    assert float(poolfire.scaled_wind(20, 0.055, 5)) == approx(2.404, abs=5e-4)
    assert float(poolfire.flame_length_in_wind(20, 0.055, 5)) == approx(19.78, abs=0.005)


def test_mudan_emissive_power() -> None:
    """Mudan 1984: 56.14, 30.89, 20.30 kW/m2 at D = 10, 20, 50 m."""
    assert poolfire.mudan_emissive_power([10, 20, 50]) / 1e3 == approx([56.14, 30.89, 20.30], abs=0.005)


def test_plume_ccps_page_97() -> None:
    """CCPS 1999 p. 97: 1.0346728e-4 kg/m3 at 500 m, F, 2 m/s."""
    sy, sz = dispersion.ccps_plume(500.0, "F")
    assert (float(sy), float(sz)) == approx((18.102, 8.497), abs=5e-4)
    assert float(dispersion.plume(0.1, 2.0, sy, sz)) == approx(1.0346728e-4, rel=1e-6)


@pytest.mark.parametrize(("stability", "terrain", "sy", "sz", "c"), [
    ("F", "rural", 19.518, 6.957, 1.17218e-4), ("D", "rural", 39.036, 22.678, 1.79785e-5),
    ("F", "urban", 50.208, 30.237, 1.04835e-5),
])
def test_plume_with_briggs(stability: str, terrain: dispersion.Terrain, sy: float, sz: float, c: float) -> None:
    """The same with Briggs 1973."""
    spread = dispersion.briggs(500.0, stability, terrain)
    assert [float(s) for s in spread] == approx([sy, sz], abs=5e-4)
    assert float(dispersion.plume(0.1, 2.0, *spread)) == approx(c, rel=1e-5)


def test_puff_ccps_page_101() -> None:
    """CCPS 1999 p. 101: 2.25005e-3 kg/m3 (the book's σy of 6.1 m is a misprint for 5.05)."""
    sy, sz = dispersion.ccps_puff(500.0, "F")
    assert (float(sy), float(sz)) == approx((5.04793, 2.21484), abs=5e-6)
    assert float(dispersion.puff(1.0, sy, sz)) == approx(2.25005e-3, rel=2e-6)


def test_elevated_propane_plume() -> None:
    """GasDispersion.jl README: 6.124e-4 v/v with another default set of σ; Briggs rural comes within 15 %."""
    spread = dispersion.briggs(100.0, "F")
    rate = float(release.gas_rate(0.01, 8.90, 501e3, 1.15))
    found = float(dispersion.plume(rate, 1.5, *spread, z=2.0, source_height=3.5)) / (0.044096 * 101_325 / (8.314 * 298.15))
    assert found == approx(6.124e-4, rel=0.15)


def test_briggs_close_to_the_source() -> None:
    """GasDispersion.jl tests: σ at x = 1.2 m."""
    assert [float(s) for s in dispersion.briggs(1.2, "A", "urban")] == approx([0.383908, 0.288173], abs=5e-7)
    assert [float(s) for s in dispersion.briggs(1.2, "D", "rural")] == approx([0.0959942, 0.0719353], abs=5e-8)


def test_boubel_stack() -> None:
    """Boubel, Fundamentals of Air Pollution: Q 0.37 g/s, H 40 m, u 2 m/s, B → maximum near 0.28 km where σz = 28.3 m."""
    x = np.arange(50.0, 2000.0, 1.0)
    sy, sz = x * 0.16 / np.sqrt(1 + 1e-4 * x), dispersion.briggs(x, "B")[1]
    top = x[int(dispersion.plume(0.37, 2.0, sy, sz, source_height=40.0).argmax())]
    assert top == approx(280.0, rel=0.2)
    assert float(dispersion.plume(0.37, 2.0, 49.046, 28.167, source_height=40.0)) == approx(1.5551e-5, rel=1e-3)


def test_wind_profile_ccps() -> None:
    """CCPS 1999 table 2-9: exponents 0.55 (rural F) and 0.60 (urban F)."""
    assert float(dispersion.wind_at(1.0, 1.0, "F")) == approx(10**-0.55)
    assert float(dispersion.wind_at(1.0, 1.0, "F", "urban")) == approx(10**-0.60)


def test_jet_fire_lengths_and_distances() -> None:
    """API RP 521 and Chinese practice: 45.05 and 46.92 m; 14.57, 25.23, 44.60 m."""
    assert float(jetfire.chinese_length(10, 50e6)) == approx(45.05, abs=0.005)
    assert float(jetfire.api_length(10, 50e6)) == approx(46.92, abs=0.005)
    flux = jetfire.point_source_flux([14.57, 25.23, 44.60], 10, 50e6, 0.2)
    assert flux == approx([37.5e3, 12.5e3, 4e3], rel=1e-3)


def lethal_distance(kernel: Kernel, probability: float) -> float:
    """Farthest knot with at least this probability outdoors."""
    return float(kernel_distances(kernel.radius)[np.flatnonzero(kernel.outdoors >= probability)[-1]])


@pytest.mark.parametrize(("mass", "half", "hundredth", "combustion"), [
    (11_700.0, 148, 224, 46.3e6), (45_000.0, 281, 415, 46.3e6), (23_000.0, 205, 306, 50.0e6),
])
def test_fireball_sanity_distances(mass: float, half: float, hundredth: float, combustion: float) -> None:
    """50 % and 1 % distances of LPG and LNG fireballs of this model's calibration; 8 %, within the spread of published models."""
    kernel = fireball_kernel(mass, Fuel(500.0, combustion), Physics.of(load_parameters()))
    assert lethal_distance(kernel, 0.5) == approx(half, rel=0.08)
    assert lethal_distance(kernel, 0.01) == approx(hundredth, rel=0.08)


@pytest.mark.parametrize(("radius", "distance"), [(5.0, 16.0), (30.0, 93.0)])
def test_pool_sanity_distances(radius: float, distance: float) -> None:
    """12.5 kW/m2 of gasoline pools at 16 m (r 5 m) and 93 m (r 30 m); lethality there is 0.065."""
    parameters = load_parameters()
    fuel = Fuel.of(parameters, "gasoline")
    power = poolfire.radiated_power(radius, fuel.burning, fuel.combustion, parameters.number("consequence.pool.radiated"))
    assert float(np.sqrt(power / (4 * np.pi * 12.5e3))) == approx(distance, rel=0.03)
    kernel = pool_kernel(radius, fuel, Physics.of(parameters))
    at = np.interp(distance**2, kernel_distances(kernel.radius) ** 2, kernel.outdoors)
    assert 0.02 < at < 0.15


@pytest.mark.parametrize(("stability", "wind", "least", "most"), [("D", 5.0, 25.0, 50.0), ("F", 2.0, 60.0, 220.0)])
def test_ammonia_sanity_distances(stability: str, wind: float, least: float, most: float) -> None:
    """1 kg/s of ammonia for 30 min: P50 at 25–50 m (D) and 60–220 m (F), urban to rural terrain; 10 % for the rounding."""
    cloud, weather = ToxicCloud.of(load_parameters(), "ammonia"), Weather(stability, wind, 1.0)
    r = np.arange(1.0, 500.0, 0.5)
    for terrain in ("urban", "rural"):
        P = cloud.plume_lethality(1.0, 30.0, weather, terrain, r, np.zeros_like(r))
        assert least * 0.9 <= r[np.flatnonzero(P >= 0.5)[-1]] <= most * 1.1
