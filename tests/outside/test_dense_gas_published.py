"""Dense-gas dispersion against numbers that others published."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import NotModelled
from riskmodel.consequence import dense_gas, probit
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff

approx = pytest.approx

LNG_SPILL = Gas(density=1.76, concentration=1.76, temperature=111.15, ambient=298.0)
CHLORINE = Gas.vapour(0.0709, 239.15)


def test_plume_curves_tscreen() -> None:
    """US EPA, TSCREEN user's guide (EPA-454/B-94-023): pieces of the plume curves, as GasDispersion.jl tests them."""
    ratio, beta = dense_gas.plume_curves([-0.75, -0.40, -0.20, 0.0])
    assert ratio.tolist() == [0.1, 0.05, 0.02, 0.01, 0.005, 0.002]
    published = approx(np.array([
        [1.75, 1.92, 2.08, 2.25, 2.4, 2.6], [1.784, 2.016, 2.21, 2.394, 2.564, 2.714],
        [1.832, 2.06, 2.25, 2.45, 2.63, 2.77], [1.78, 1.96, 2.16, 2.35, 2.56, 2.71],
    ]))
    assert published == beta.T


def test_puff_curves_tscreen() -> None:
    """The same for instantaneous clouds."""
    ratio, beta = dense_gas.puff_curves([-0.75, 0.0, 0.75])
    assert ratio.tolist() == [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]
    published = approx(np.array([
        [0.7, 0.85, 0.95, 1.15, 1.48, 1.83, 2.075], [0.81, 1.0, 1.19, 1.39, 1.62, 1.83, 2.05],
        [0.93, 1.03, 1.185, 1.375, 1.525, 1.68, 1.8475],
    ]))
    assert published == beta.T


@pytest.mark.parametrize(("distance", "share", "tolerance"), [
    (45.2, 0.6720234544594696, 1e-4), (367.0, 0.05071175952024219, 0.01), (1200.0, 0.004920569368181627, 0.03),
])
def test_burro_lng_spill_ccps_page_122(distance: float, share: float, tolerance: float) -> None:
    """CCPS 1999 p. 122, Burro LNG spill (0.23 m3/s, 10.9 m/s): 5 % by volume at 367 m; others from GasDispersion.jl's tests.

    Between the curves we interpolate logarithms, they the dilution itself: 1 % and 3 %.
    """
    plume = Plume.of(0.23 * 425.6, 10.9, "F", "rural", LNG_SPILL, richardson=None)
    dilution = plume.concentration(distance) / LNG_SPILL.concentration
    assert float(LNG_SPILL.fraction(dilution)) == approx(share, rel=tolerance)


@pytest.mark.parametrize(("distance", "concentration"), [
    (160.0, 0.11109705839813348), (355.0, 0.06264084534270946), (3133.0, 0.0006403658290584752),
])
def test_potchefstroom_ammonia_cloud(distance: float, concentration: float) -> None:
    """Britter and McQuaid 1988, Potchefstroom (38 t of ammonia, 72 500 m3, 2 m/s): GasDispersion.jl's tests, kg/m3."""
    cloud = Gas(density=1.434, concentration=38e3 / 7.25e4, temperature=239.834, ambient=293.15)
    puff = Puff.of(38e3, 2.0, "F", "rural", cloud, richardson=None)
    share = cloud.fraction(puff.concentration(distance) / cloud.concentration)
    assert float(share) * cloud.concentration == approx(concentration, rel=2e-3)


def test_width_of_the_plume_ccps() -> None:
    """CCPS 1999 eq. 2.1.85 f.: upwind reach D/2 + 2 l_b, half-width at the source D + 8 l_b, beyond + 2.5 l_b^(1/3) x^(2/3)."""
    plume = Plume.of(0.23 * 425.6, 10.9, "F", "rural", LNG_SPILL, richardson=None)
    flow = 0.23 * 425.6 / 1.76
    scale, buoyancy = (flow / 10.9) ** 0.5, LNG_SPILL.reduced_gravity * flow / 10.9**3
    assert float(plume.upwind) == approx(scale / 2 + 2 * buoyancy)
    assert float(plume.half_width(0.0)) == approx(scale + 8 * buoyancy)
    assert float(plume.half_width(100.0)) == approx(scale + 8 * buoyancy + 2.5 * buoyancy ** (1 / 3) * 100 ** (2 / 3))
    assert float(plume.concentration(50.0, float(plume.half_width(50.0)) * 1.01)) == 0.0
    assert float(plume.concentration(-0.99 * float(plume.upwind))) == approx(1.76)
    assert float(plume.concentration(-1.01 * float(plume.upwind))) == 0.0


@pytest.mark.parametrize(("weather", "wind", "bounds"), [("D", 4.0, (85, 205)), ("F", 1.5, (230, 900))])
def test_chlorine_half_kilogram_a_second(weather: str, wind: float, bounds: tuple[float, float]) -> None:
    """Purple Book probit, 0.5 kg/s of chlorine for 30 min: 1 % dead at 85 to 205 m (D), 230 to 900 m (F), town to open land."""
    constants = probit.toxic_constants("chlorine")
    for terrain in ("urban", "rural"):
        plume = Plume.of(0.5, wind, weather, terrain, CHLORINE)  # type: ignore[arg-type]
        x = np.geomspace(10, 3000, 800)
        killed = dense_gas.lethality(plume.toxic_load(x, 0.0, constants.n, 1800.0), constants)
        assert bounds[0] <= x[killed >= 0.01][-1] <= bounds[1]


def test_when_density_matters_britter_mcquaid() -> None:
    """Britter and McQuaid 1988: passive below (g' q / u3 D)^(1/3) = 0.15 and below √(g' V) / u D = 0.20."""
    assert dense_gas.is_dense_plume([1e-6, 1.0], 4.0, CHLORINE, diameter=1.0).tolist() == [False, True]
    assert dense_gas.is_dense_puff([1e-6, 1000.0], 4.0, CHLORINE, diameter=1.0).tolist() == [False, True]
    air = Gas.vapour(0.02897, 293.15)
    assert abs(air.reduced_gravity) < 1e-9


def test_ammonia_is_dense_as_a_spray_only() -> None:
    """Vapour at its boiling point 0.865 kg/m3; a dried spray is heavier than air (Kaiser and Walker 1978: 1.4 kg/m3)."""
    vapour, spray = Gas.vapour(0.01703, 239.85), Gas.flashed(0.01703, 239.85, 1.37e6, 0.18)
    assert vapour.density == approx(0.865, abs=5e-3)
    assert spray.density == approx(1.43, abs=0.02)
    with pytest.raises(NotModelled, match="不大于空气"):
        Plume.of(1.0, 3.0, "D", "rural", vapour)


@pytest.mark.parametrize(("rate", "wind"), [(1.0, 0.3), (1.0, float("nan")), (1e5, 0.5)])
def test_outside_the_curves_is_refused(rate: float, wind: float) -> None:
    with pytest.raises(NotModelled):
        Plume.of(rate, wind, "F", "rural", CHLORINE)
