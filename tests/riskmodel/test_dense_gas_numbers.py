"""Numbers of the dense clouds, worked a second time from the workbook's formulas."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import NotModelled
from riskmodel.consequence import dense_gas, dense_handover, dispersion
from riskmodel.consequence.dense_gas import Dilution, Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff

approx = pytest.approx
CHLORINE = Gas.vapour(0.0709, 239.15)
PROPANE = Gas.vapour(0.0441, 231.05)
TOP_HAT = np.sqrt(2 / np.pi)


def test_when_a_release_is_dense() -> None:
    """The criteria with the diameters that follow from the release itself, on both sides of 0.15 and 0.20."""
    g, c = CHLORINE.reduced_gravity, CHLORINE.concentration
    for wind in (2.0, 6.0):
        rates = np.geomspace(1e-6, 10.0, 60)
        flow = rates / c
        number = np.cbrt(g * flow / (wind**3 * np.sqrt(flow / wind)))
        assert dense_gas.is_dense_plume(rates, wind, CHLORINE).tolist() == (number >= 0.15).tolist()
        masses = np.geomspace(1e-9, 10.0, 60)
        volume = masses / c
        assert dense_gas.is_dense_puff(masses, wind, CHLORINE).tolist() == (
            np.sqrt(g * volume) / (wind * np.cbrt(volume)) >= 0.20).tolist()
    # exactly at the bound of a plume a metre wide
    wind, flow = 3.0, 0.15**3 * 27.0 / g
    assert dense_gas.is_dense_plume([0.999 * flow * c, 1.001 * flow * c], wind, CHLORINE, diameter=1.0).tolist() == [False, True]
    volume = (0.2 * 3.0) ** 2 / g
    around = [0.999 * volume * c, 1.001 * volume * c]
    assert dense_gas.is_dense_puff(around, wind, CHLORINE, diameter=1.0).tolist() == [False, True]


def test_near_field_and_between_the_knots() -> None:
    """a / (a + x²) up to the first curve (306 to 30 scales; 3.24), then straight in the logarithms; constant at the end."""
    plume = Dilution.plume(np.array(2.0), 0.0)
    assert float(plume.at(np.array(40.0))) == approx(306 / (306 + 20**2))
    assert float(plume.knots[0]) == approx(2 * 30)
    low, high = 10**1.78, 10**1.96
    assert float(plume.at(np.array(2 * np.sqrt(low * high)))) == approx(np.sqrt(0.1 * 0.05))
    assert float(plume.at(np.array(2 * 10 ** ((2.56 + 2.71) / 2)))) == approx(np.sqrt(0.005 * 0.002))
    assert float(plume.at(np.array(2 * np.sqrt(30 * 10**1.78)))) == approx(np.sqrt(306 / (306 + 30**2) * 0.1))
    assert float(plume.at(np.array(2 * 10**2.71 * 3))) == approx(0.002)
    puff = Dilution.puff(np.array(2.0), 0.0)
    assert float(puff.knots[0]) == approx(2 * 0.999 * 10**0.81)
    assert float(puff.at(np.array(4.0))) == approx(3.24 / (3.24 + 4))
    assert float(puff.at(np.array(2 * 10**0.81))) == approx(0.1)
    # where the near field has fallen below the first curve, that holds
    late = Dilution.plume(np.array(1.0), -1.0)
    assert float(late.values[0]) == approx(max(306 / (306 + 30**2), 0.1))
    early = Dilution.puff(np.array(1.0), 0.9)
    assert float(early.at(np.array(8.4))) == approx(max(3.24 / (3.24 + 8.4**2), float(early.values[0])))


def test_curves_end_at_alpha() -> None:
    assert np.isfinite(dense_gas.plume_curves(1.3)[1]).all()
    with pytest.raises(NotModelled):
        dense_gas.plume_curves(1.3001)
    assert dense_gas.plume_curves([1.0, 1.3])[1][0] == approx([1.28, 1.13])  # the last piece goes on
    dense_gas.refuse_light(CHLORINE, 0.5)
    air = 101_325 * 0.02897 / (8.314 * 293.15)
    for gas, wind in ((CHLORINE, 0.4999), (Gas(density=air, concentration=air, temperature=293.15), 3.0)):
        with pytest.raises(NotModelled):
            dense_gas.refuse_light(gas, wind)


def test_virtual_distances() -> None:
    found = dense_handover.virtual_distance(lambda x: 0.08 * x, np.array([0.8, 80.0]))
    assert found == approx([10.0, 1000.0], rel=1e-9)
    assert dense_handover.virtual_distance(lambda x: 0 * x, np.array([1.0])) == approx([1e6])  # never: the far end of the search
    assert dense_handover.virtual_distance(lambda x: 0 * x + 2, np.array([1.0])) == approx([1e-3])  # always: the near end
    assert dense_handover.virtual_distance(lambda x: 0 * x + 2, np.array([2.0])) == approx([1e-3])  # just reached is reached
    five = dense_handover.reach(lambda x: 0 * x + 5, np.array([4.0, 5.0, 6.0]), (3,))
    assert five == approx([1e5, 1e5, 0.0])  # "at least": the same everywhere reaches to the far end
    for spread, function in ((dense_handover.plume_spread("D", "urban"), lambda x: dispersion.briggs(x, "D", "urban")),
                             (dense_handover.puff_spread("D", "rural"), lambda x: dispersion.ccps_puff(x, "D")),
                             (dense_handover.puff_spread("D", "urban"), lambda x: dispersion.briggs(x, "D", "urban"))):
        assert np.array(spread(np.array(300.0))) == approx(np.array(function(300.0)))


def test_a_plume_by_its_formulas() -> None:
    """Scale √(q/u), l_b = g' q/u³, half-width D + 8 l_b + 2.5 l_b^(1/3) x^(2/3); passive where g' q / (2 u u*² L_H) = 1."""
    rate, wind = 2.0, 3.0
    plume = Plume.of(rate, wind, "D", "rural", CHLORINE)
    flow = rate / CHLORINE.concentration
    scale, buoyancy = np.sqrt(flow / wind), CHLORINE.reduced_gravity * flow / wind**3
    assert (float(plume.scale), float(plume.buoyancy)) == approx((scale, buoyancy))
    assert float(plume.upwind) == approx(scale / 2 + 2 * buoyancy)
    end = float(plume.handover.end)
    grown = buoyancy / (2 * 0.06**2) - scale - 8 * buoyancy
    assert end == approx((grown / (2.5 * np.cbrt(buoyancy))) ** 1.5)
    assert float(plume.half_width(end * 0.5)) == approx(scale + 8 * buoyancy + 2.5 * np.cbrt(buoyancy) * (end / 2) ** (2 / 3))
    alpha = 0.2 * np.log10(CHLORINE.reduced_gravity**2 * flow / wind**5)
    want = CHLORINE.concentration * float(Dilution.plume(np.array(scale), alpha).at(np.array(end * 0.5)))
    assert float(plume.concentration(end * 0.5)) == approx(want)
    # beyond: Gaussian through the same width and concentration
    width = TOP_HAT * float(plume.half_width(end))
    height = rate / (np.pi * wind * width * float(plume.concentration(end)))
    xy = float(dense_handover.virtual_distance(lambda x: dispersion.briggs(x, "D")[0], np.array(width)))
    xz = float(dense_handover.virtual_distance(lambda x: dispersion.briggs(x, "D")[1], np.array(height)))
    x, y = 3 * end, 4.0
    sy, sz = float(dispersion.briggs(x - end + xy, "D")[0]), float(dispersion.briggs(x - end + xz, "D")[1])
    assert float(plume.concentration(x, y)) == approx(rate / (np.pi * wind * sy * sz) * np.exp(-(y**2) / (2 * sy**2)), rel=1e-6)
    assert float(plume.edge(x)) == approx(5 * sy)
    assert float(plume.edge(end * 0.5)) == approx(float(plume.half_width(end * 0.5)))
    assert float(plume.edge(-5.0)) == approx(float(plume.half_width(0.0)))


def test_a_plume_in_front_beside_and_behind() -> None:
    plume = Plume.of(2.0, 3.0, "D", "rural", CHLORINE)
    at, half = 0.5 * float(plume.handover.end), float(plume.half_width(0.5 * float(plume.handover.end)))
    c = float(plume.concentration(at))
    assert plume.concentration(at, [half, -half, half * 1.001]) == approx([c, c, 0.0])
    assert float(plume.concentration(0.0)) == approx(CHLORINE.concentration)
    up = float(plume.upwind)
    assert plume.concentration([-up, -up * 1.001]) == approx([CHLORINE.concentration, 0.0])
    gaussian = Plume.of(1e-4, 8.0, "D", "rural", Gas(density=1.21, concentration=0.01, temperature=293.15))
    assert not gaussian.handover.dense
    assert (float(gaussian.upwind), float(gaussian.handover.end)) == (0.0, 0.0)
    assert float(gaussian.concentration(-1.0)) == 0.0
    assert float(gaussian.concentration(1e-6)) == approx(0.01)  # never more than what came out
    n, load = 2.75, float(plume.toxic_load(at, 0.0, 2.75, 600.0))
    assert load == approx(c**n * 600)
    assert float(plume.toxic_load(at, 0.0, n, 7200.0)) == approx(c**n * 1800)
    assert float(plume.toxic_load(at, 0.0, n, 7200.0, longest=3600.0)) == approx(c**n * 3600)


def test_reach_of_a_plume() -> None:
    plume = Plume.of(10.0, 3.0, "D", "rural", PROPANE, richardson=None)
    handover = plume.handover
    assert float(handover.end) == approx(float(handover.dilution.knots[-1]))  # a flammable cloud follows the curves to their end
    reach = float(plume.distance_to(0.038))
    assert float(plume.concentration(reach)) == approx(0.038, rel=1e-9)
    assert float(plume.distance_to(1e-9)) == approx(1e5)
    assert float(plume.distance_to(10.0)) == 0.0


def test_a_cloud_by_its_formulas() -> None:
    """R² = R0² + 1.2 t √(g' V), t = x / 0.4 u; passive where g' V / (π R² u*²) = 1, at least one V^(1/3) away."""
    mass, wind = 500.0, 3.0
    puff = Puff.of(mass, wind, "D", "rural", CHLORINE)
    volume = mass / CHLORINE.concentration
    pull = CHLORINE.reduced_gravity * volume
    first = (3 * volume / (4 * np.pi)) ** (2 / 3)
    assert float(puff.radius(120.0)) == approx(np.sqrt(first + 1.2 * 120 / (0.4 * wind) * np.sqrt(pull)))
    assert float(puff.radius(-3.0)) == approx(np.sqrt(first))
    end = float(puff.handover.end)
    curves = float(puff.handover.dilution.knots[-1])
    passive = 0.4 * wind * (pull / (np.pi * (0.06 * wind) ** 2) - first) / (1.2 * np.sqrt(pull))
    assert end == approx(min(curves, max(passive, np.cbrt(volume))))
    strong = Puff.of(mass, 12.0, "D", "rural", CHLORINE)
    soon = 0.4 * 12 * max(pull / (np.pi * (0.06 * 12) ** 2) - first, 0.0) / (1.2 * np.sqrt(pull))
    assert float(strong.handover.end) == approx(min(float(strong.handover.dilution.knots[-1]), max(soon, np.cbrt(volume))))
    alpha = 0.5 * np.log10(CHLORINE.reduced_gravity * np.cbrt(volume) / wind**2)
    want = CHLORINE.concentration * float(Dilution.puff(np.array(np.cbrt(volume)), alpha).at(np.array(end / 2)))
    assert float(puff.concentration(end / 2)) == approx(want)
    width = float(puff.radius(end)) / np.sqrt(2)
    height = 2 * mass / ((2 * np.pi) ** 1.5 * width**2 * float(puff.concentration(end)))
    xy = float(dense_handover.virtual_distance(lambda x: dispersion.ccps_puff(x, "D")[0], np.array(width)))
    xz = float(dense_handover.virtual_distance(lambda x: dispersion.ccps_puff(x, "D")[1], np.array(height)))
    x, y = 2 * end, 7.0
    sy, sz = float(dispersion.ccps_puff(x - end + xy, "D")[0]), float(dispersion.ccps_puff(x - end + xz, "D")[1])
    assert float(puff.concentration(x, y)) == approx(float(dispersion.puff(mass, sy, sz, y=y)), rel=1e-6)
    assert float(puff.toxic_load(x, y, 2.0)) == approx(float(dispersion.puff_load(mass, wind, sy, sz, 2.0, y=y)), rel=1e-6)
    assert float(puff.edge(x)) == approx(5 * sy)
    assert float(puff.edge(end / 2)) == approx(float(puff.radius(end / 2)))


def test_a_cloud_in_front_beside_and_behind() -> None:
    puff = Puff.of(500.0, 3.0, "D", "rural", CHLORINE)
    at = float(puff.handover.end) / 2
    R, c = float(puff.radius(at)), float(puff.concentration(at))
    assert puff.concentration(at, [R, -R, R * 1.001]) == approx([c, c, 0.0])
    back = float(puff.radius(0.0))
    assert puff.concentration([-back, -back * 1.001, 0.0]) == approx([CHLORINE.concentration, 0.0, CHLORINE.concentration])
    chord = 2 * np.sqrt(R**2 - 25.0)
    assert float(puff.toxic_load(at, 5.0, 2.0)) == approx(c**2 * chord / (0.4 * 3.0))
    reach = float(puff.distance_to(1e-3))
    assert float(puff.concentration(reach)) == approx(1e-3, rel=1e-9)
    assert float(puff.distance_to(1e-12)) == approx(1e5)
    assert float(puff.distance_to(10.0)) == 0.0
    flammable = Puff.of(500.0, 3.0, "D", "rural", PROPANE, richardson=None)
    assert float(flammable.handover.end) == approx(float(flammable.handover.dilution.knots[-1]))


def test_other_hand_over_and_passive_clouds() -> None:
    """Ri = 2 hands over where g' h / u*² is 2; a light puff is Gaussian from the start; nothing beside the disc or behind it."""
    plume = Plume.of(2.0, 3.0, "D", "rural", CHLORINE, richardson=2.0)
    scale, buoyancy = float(plume.scale), float(plume.buoyancy)
    grown = buoyancy / (2 * 0.06**2 * 2) - scale - 8 * buoyancy
    assert float(plume.handover.end) == approx(max((max(grown, 0.0) / (2.5 * np.cbrt(buoyancy))) ** 1.5, scale))
    puff = Puff.of(500.0, 6.0, "D", "rural", CHLORINE, richardson=2.0)
    volume = float(puff.volume)
    pull = CHLORINE.reduced_gravity * volume
    far = 0.4 * 6 * (pull / (np.pi * 0.36**2 * 2) - (3 * volume / (4 * np.pi)) ** (2 / 3)) / (1.2 * np.sqrt(pull))
    assert float(puff.handover.end) == approx(min(float(puff.handover.dilution.knots[-1]), max(far, np.cbrt(volume))))
    light = Puff.of(1e-3, 8.0, "D", "rural", Gas(density=1.206, concentration=0.01, temperature=293.15))
    assert not light.handover.dense
    assert [float(v) for v in (light.handover.end, light.handover.shift_y, light.handover.shift_z)] == [0.0, 0.0, 0.0]
    assert [float(v) for v in (light.concentration(-1.0), light.toxic_load(-1.0, 0.0, 2.0))] == [0.0, 0.0]
    sy, sz = dispersion.ccps_puff(200.0, "D")
    assert float(light.toxic_load(200.0, 0.0, 2.0)) == approx(float(dispersion.puff_load(1e-3, 8.0, sy, sz, 2.0)), rel=1e-6)
    at = float(puff.handover.end) / 2
    assert float(puff.toxic_load(at, 1.5 * float(puff.radius(at)), 2.0)) == 0.0


def test_the_hand_over_itself_belongs_to_the_dense_part() -> None:
    """At `end` itself the cloud is still the curves' box: as wide, as even, as slow; a hair farther on it is the Gaussian."""
    plume, puff = Plume.of(2.0, 3.0, "D", "rural", CHLORINE), Puff.of(500.0, 3.0, "D", "rural", CHLORINE)
    for cloud, half in ((plume, plume.half_width), (puff, puff.radius)):
        end = float(cloud.handover.end)
        there = float(half(end))
        axis = CHLORINE.concentration * float(cloud.handover.dilution.at(np.array(end)))
        assert float(cloud.concentration(end, 0.9 * there)) == approx(axis)
        assert float(cloud.concentration(end * (1 + 1e-9), 0.9 * there)) < 0.7 * axis
        assert float(cloud.edge(end)) == approx(there)
        assert float(cloud.edge(end * (1 + 1e-9))) > 1.5 * there
    end = float(puff.handover.end)
    axis = CHLORINE.concentration * float(puff.handover.dilution.at(np.array(end)))
    assert float(puff.toxic_load(end, 0.0, 2.0)) == approx(axis**2 * 2 * float(puff.radius(end)) / (0.4 * 3.0))


def test_barely_dense_clouds_are_handed_over_one_scale_away() -> None:
    """Where the Richardson number is below the bound at the source already: the plume's √(q/u), the cloud's V^(1/3)."""
    wind, D = 10.0, 1.0  # l_b = 0.005 D: dense, but g' q / (2 u u*² L_H) < 1 at L_H = D + 8 l_b
    flow = wind * D**2
    g = 0.005 * D * wind**3 / flow
    air = 101_325 * 0.02897 / (8.314 * 293.15)
    gas = Gas(density=air * (1 + g / 9.81), concentration=1.0, temperature=293.15)
    plume = Plume.of(flow, wind, "D", "rural", gas)
    assert bool(plume.handover.dense)
    assert float(plume.handover.end) == approx(D)
    puff = Puff.of(500.0, 6.0, "D", "rural", CHLORINE, richardson=1e3)
    assert float(puff.handover.end) == approx((500.0 / CHLORINE.concentration) ** (1 / 3))


def test_the_disc_passes_along_its_chord_to_the_very_rim() -> None:
    """Half a metre of half-chord left: 2 √(R² − y²) / 0.4 u seconds of an even concentration."""
    puff = Puff.of(500.0, 3.0, "D", "rural", CHLORINE)
    at = float(puff.handover.end) / 2
    across = np.sqrt(float(puff.radius(at)) ** 2 - 0.25)
    want = float(puff.concentration(at)) ** 2 * 1.0 / (0.4 * 3.0)
    assert float(puff.toxic_load(at, across, 2.0)) == approx(want, rel=1e-6)
