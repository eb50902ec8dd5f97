"""Tables of coefficients keyed a second time from the publications that they come from: one digit wrong is found."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.consequence import bst, dense_gas, dispersion, evaporation, explosives, probit

approx = pytest.approx


@pytest.mark.parametrize(("ground", "conductivity", "diffusivity"), [
    ("concrete", 1.1, 1.29e-7), ("soil", 0.9, 4.3e-7), ("dry_soil", 0.3, 2.3e-7), ("wet_ground", 0.6, 3.3e-7),
    ("gravel", 2.5, 11.0e-7),
])
def test_grounds_hj169(ground: str, conductivity: float, diffusivity: float) -> None:
    """HJ 169-2018 annex F, table F.2: heat conductivity and diffusivity of grounds."""
    assert evaporation.GROUND[ground] == approx((conductivity, diffusivity))


def test_thermal_probits() -> None:
    """Tsao and Perry 1979, TNO, Eisenberg 1975, Lees 1994 (half the dose), burns: intercept, slope, share of the dose."""
    assert [probit.THERMAL[n] for n in ("tsao_perry", "tno", "eisenberg", "lees", "second_degree", "first_degree")] == [
        approx(v) for v in ((-36.38, 2.56, 1), (-37.23, 2.56, 1), (-38.48, 2.56, 1), (-29.02, 1.99, 0.5), (-43.14, 3.0188, 1),
                            (-39.83, 3.0186, 1))]


def test_toxic_probits_purple_book_table() -> None:
    """Purple Book (CPR 18E) table 5.2: a, b, n for mg/m3 and minutes, all substances."""
    printed = {
        "acrolein": (-4.1, 1, 1), "acrylonitrile": (-8.6, 1, 1.3), "allyl_alcohol": (-11.7, 1, 2), "ammonia": (-15.6, 1, 2),
        "bromine": (-12.4, 1, 2), "carbon_monoxide": (-7.4, 1, 1), "chlorine": (-6.35, 0.5, 2.75),
        "ethylene_oxide": (-6.8, 1, 1), "hydrogen_chloride": (-37.3, 3.69, 1), "hydrogen_cyanide": (-9.8, 1, 2.4),
        "hydrogen_fluoride": (-8.4, 1, 1.5), "hydrogen_sulphide": (-11.5, 1, 1.9), "methyl_bromide": (-7.3, 1, 1.1),
        "methyl_isocyanate": (-1.2, 1, 0.7), "nitrogen_dioxide": (-18.6, 1, 3.7), "phosgene": (-10.6, 2, 1),
        "phosphine": (-6.8, 1, 2), "sulphur_dioxide": (-19.2, 1, 2.4), "tetraethyl_lead": (-9.8, 1, 2),
    }
    found = {name: tuple(constants) for name, constants in probit.TOXIC.items() if name != "sulfur_dioxide"}
    assert set(found) == set(printed)
    for name, constants in printed.items():
        assert found[name] == approx(constants), name
    assert probit.TOXIC["sulfur_dioxide"] == probit.TOXIC["sulphur_dioxide"]


def test_other_toxic_probits_in_ppm() -> None:
    """Withers and Lees 1985 (chlorine), CCPS 1999 (ammonia, hydrogen sulphide): a, b, n and molar mass."""
    printed = {("chlorine", "withers_lees"): (-8.29, 0.92, 2, 70.9), ("ammonia", "ccps"): (-35.9, 1.85, 2, 17.03),
               ("hydrogen_sulphide", "ccps"): (-31.42, 3.008, 1.43, 34.08)}
    assert set(probit.TOXIC_PPM) == set(printed)
    for key, (a, b, n, molar) in printed.items():
        constants, mass = probit.TOXIC_PPM[key]
        assert (*constants, mass) == approx((a, b, n, molar))


def test_hse_loads() -> None:
    """HSE, toxicity levels of substances in major hazards: n, SLOT and SLOD in ppm^n min; molar mass g/mol."""
    printed = {
        "ammonia": (2, 3.78e8, 1.03e9, 17.03), "chlorine": (2, 1.08e5, 4.84e5, 70.9),
        "hydrogen_sulphide": (4, 2.0e12, 1.5e13, 34.08), "carbon_monoxide": (1, 40_125, 57_000, 28.01),
        "hydrogen_fluoride": (1, 12_000, 21_000, 20.01), "sulphur_dioxide": (2, 4.66e6, 7.45e7, 64.07),
        "phosgene": (1, 108, 348, 98.92), "hydrogen_cyanide": (2, 1.92e5, 4.32e5, 27.03),
    }
    assert set(probit.HSE_LOADS) == set(printed)
    for name, values in printed.items():
        assert probit.HSE_LOADS[name] == approx(values), name


@pytest.mark.parametrize(("terrain", "stability", "sy", "sz"), [
    ("rural", "A", lambda x: 0.22 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.20 * x),
    ("rural", "B", lambda x: 0.16 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.12 * x),
    ("rural", "C", lambda x: 0.11 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.08 * x / np.sqrt(1 + 0.0002 * x)),
    ("rural", "D", lambda x: 0.08 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.06 * x / np.sqrt(1 + 0.0015 * x)),
    ("rural", "E", lambda x: 0.06 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.03 * x / (1 + 0.0003 * x)),
    ("rural", "F", lambda x: 0.04 * x / np.sqrt(1 + 0.0001 * x), lambda x: 0.016 * x / (1 + 0.0003 * x)),
    ("urban", "A", lambda x: 0.32 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.24 * x * np.sqrt(1 + 0.001 * x)),
    ("urban", "B", lambda x: 0.32 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.24 * x * np.sqrt(1 + 0.001 * x)),
    ("urban", "C", lambda x: 0.22 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.20 * x),
    ("urban", "D", lambda x: 0.16 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.14 * x / np.sqrt(1 + 0.0003 * x)),
    ("urban", "E", lambda x: 0.11 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.08 * x / np.sqrt(1 + 0.0015 * x)),
    ("urban", "F", lambda x: 0.11 * x / np.sqrt(1 + 0.0004 * x), lambda x: 0.08 * x / np.sqrt(1 + 0.0015 * x)),
])
def test_briggs_table(terrain: dispersion.Terrain, stability: str, sy: explosives.Array, sz: explosives.Array) -> None:
    """Briggs 1973 (CCPS 1999, table 2-8), at 300 and 8,000 m; curves A and B, E and F are one in towns."""
    x = np.array([300.0, 8000.0])
    found = dispersion.briggs(x, stability, terrain)
    assert found[0] == approx(sy(x))  # type: ignore[operator]
    assert found[1] == approx(sz(x))  # type: ignore[operator]


def test_seinfeld_table() -> None:
    """CCPS 1999, Seinfeld: ln σy = ln Iy + 0.9 ln x; σz = exp(Iz + Jz ln x + Kz ln² x), as δ x^β exp(γ ln² x)."""
    printed = {"A": (0.423, 107.7, -1.7172, 0.2770), "B": (0.313, 0.1355, 0.8752, 0.0136), "C": (0.210, 0.09623, 0.9477, -0.0020),
               "D": (0.136, 0.04134, 1.1737, -0.0316), "E": (0.102, 0.02275, 1.3010, -0.0450),
               "F": (0.0674, 0.01122, 1.4024, -0.0540)}
    for stability, (a, delta, beta, gamma) in printed.items():
        for x in (200.0, 3000.0):
            sy, sz = dispersion.ccps_plume(x, stability)
            log = np.log(x)
            assert (float(sy), float(sz)) == approx((a * np.exp(0.9 * log), np.exp(np.log(delta) + beta * log + gamma * log**2)))


def test_puff_table() -> None:
    """CCPS 1999 table 2-13, at 1 m and at e^5 m."""
    printed = {"A": (0.18, 0.92, 0.60, 0.75), "B": (0.14, 0.92, 0.53, 0.73), "C": (0.10, 0.92, 0.34, 0.71),
               "D": (0.06, 0.92, 0.15, 0.70), "E": (0.04, 0.92, 0.10, 0.65), "F": (0.02, 0.89, 0.05, 0.61)}
    for stability, (a, b, c, d) in printed.items():
        for log in (0.0, 5.0):
            sy, sz = dispersion.ccps_puff(np.exp(log), stability)
            assert (float(sy), float(sz)) == approx((a * np.exp(b * log), c * np.exp(d * log)))


def test_wind_profiles() -> None:
    """CCPS 1999 table 2-9: exponents of the wind profile, rural and urban, A to F, from the ratio at 100 and 10 m."""
    printed = {"rural": (0.07, 0.07, 0.10, 0.15, 0.35, 0.55), "urban": (0.15, 0.15, 0.20, 0.25, 0.40, 0.60)}
    for terrain, exponents in printed.items():
        found = [float(np.log10(dispersion.wind_at(100.0, 1.0, s, terrain))) for s in "ABCDEF"]  # type: ignore[arg-type]
        assert found == approx(list(exponents))


def test_heats_of_explosion_table() -> None:
    """Chinese 安全评价 tables of heats of explosion, kJ/kg."""
    printed = {"TNT": 4520, "硝化甘油": 6700, "黑索今": 5630, "PETN": 5800, "B炸药": 5190, "C-4": 4870, "苦味酸": 4180,
               "HMX": 5680, "特屈儿": 4520, "雷汞": 1790, "叠氮化铅": 1540, "叠氮化银": 1890}
    assert {name: value / 1e3 for name, value in explosives.HEAT_OF_EXPLOSION.items()} == approx(printed)


def test_impulse_of_every_piece_swisdak() -> None:
    """Swisdak 1994, incident impulse, kPa ms/kg^(1/3): the polynomials of ln Z in each of the four pieces, 1 kg."""
    pieces = {0.5: (5.522, 1.117, 0.600, -0.292, -0.087), 1.7: (5.465, -0.308, -1.464, 1.362, -0.432),
              12.0: (5.2749, -0.4677, -0.2499, 0.0588, -0.00554), 100.0: (5.9825, -1.062, 0.0, 0.0, 0.0)}
    for Z, coefficients in pieces.items():
        assert float(np.log(explosives.impulse(Z, 1.0))) == approx(sum(c * np.log(Z) ** i for i, c in enumerate(coefficients)))
    for end, inside in ((0.96, 0.5), (2.38, 1.7), (33.7, 12.0)):  # a piece holds at its upper end
        want = sum(c * np.log(end) ** i for i, c in enumerate(pieces[inside]))
        assert float(np.log(explosives.impulse(end, 1.0))) == approx(want)
        beyond = np.log(end * 1.001)  # and not beyond
        assert float(np.log(explosives.impulse(end * 1.001, 1.0))) != approx(sum(
            c * beyond**i for i, c in enumerate(pieces[inside])), rel=1e-5)


def test_flame_speeds_pierorazio_table() -> None:
    """Pierorazio et al. 2005: flame speeds, Mach; reactivity low, medium, high by congestion low, medium, high; DDT as 5.2."""
    ddt = 5.2
    printed = {"3D": ((0.026, 0.23, 0.34), (0.11, 0.44, 0.50), (0.36, ddt, ddt)),
               "2.5D": ((0.053, 0.35, 0.50), (0.29, 0.55, 1.0), (0.47, ddt, ddt)),
               "2D": ((0.079, 0.47, 0.66), (0.47, 0.66, 1.6), (0.59, ddt, ddt))}
    classes = ("low", "medium", "high")
    for expansion, rows in printed.items():
        found = [[bst.flame_speed(r, c, expansion) for c in classes] for r in classes]
        assert np.array(found).ravel() == approx(np.array(rows).ravel())


def test_britter_mcquaid_breaks() -> None:
    """EPA-454/B-94-023: the pieces of the curves end at the printed α and nowhere else, where the piece before still holds."""
    plume = {0.10: (-0.55, -0.14), 0.05: (-0.68, -0.29, -0.18), 0.02: (-0.69, -0.31, -0.16), 0.01: (-0.70, -0.29, -0.20),
             0.005: (-0.67, -0.28, -0.15), 0.002: (-0.69, -0.25, -0.13)}
    puff = {0.10: (-0.44, 0.43), 0.05: (-0.56, 0.31), 0.02: (-0.66, 0.32), 0.01: (-0.71, 0.37), 0.005: (-0.52, 0.24),
            0.002: (0.27,), 0.001: (-0.10,)}
    alpha = np.arange(-99, 100) / 100
    for curves, printed in ((dense_gas.plume_curves, plume), (dense_gas.puff_curves, puff)):
        far, near, at, after = (curves(alpha + step)[1] for step in (-2e-4, -1e-4, 0.0, 1e-4))
        for i, breaks in enumerate(printed.values()):
            bent = np.abs(after[i] - 2 * at[i] + near[i]) > 1e-7
            assert alpha[bent] == approx(breaks), i
            assert np.abs(at[i] - 2 * near[i] + far[i]).max() < 1e-9, i  # straight up to the break itself


def test_britter_mcquaid_slopes() -> None:
    """EPA-454/B-94-023: the last piece of every plume curve at α = 0.8 and the middle one of every cloud's at α = 0.2."""
    last = ((-0.50, 1.78), (-0.56, 1.96), (-0.54, 2.16), (-0.52, 2.35), (-0.49, 2.56), (-0.50, 2.71))
    assert dense_gas.plume_curves(0.8)[1] == approx([slope * 0.8 + intercept for slope, intercept in last])
    middle = ((0.26, 0.81), (0.26, 1.00), (0.36, 1.19), (0.34, 1.39), (0.26, 1.62), (0.0, 1.83))
    assert dense_gas.puff_curves(0.2)[1][:6] == approx([slope * 0.2 + intercept for slope, intercept in middle])
    assert approx((1.0, 0.06)) == (dense_gas.RICHARDSON, dense_gas.FRICTION)
