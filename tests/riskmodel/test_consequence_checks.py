"""Impossible inputs are refused with the name of the quantity, whatever function they enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geo.errors import BadParameter
from riskmodel.consequence import blowdown, bst, dust, evaporation, explosives, flame, release, tailings
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff

CHLORINE = Gas.vapour(0.0709, 239.15)
PROPYLENE = {"hole": 0.01, "pressure": 1.15e6, "saturation": 1.15e6, "temperature": 298.0, "density": 500.0,
             "vaporisation": 3.34e5, "heat_capacity": 2180.0, "expansion": 0.042}

CASES: list[tuple[Callable[..., Any], dict[str, Any], tuple[str, ...]]] = [
    (lambda rate: Plume.of(rate, 3.0, "D", "rural", CHLORINE), {"rate": 1.0}, ("rate",)),
    (lambda mass: Puff.of(mass, 3.0, "D", "rural", CHLORINE), {"mass": 1.0}, ("mass",)),
    (bst.overpressure, {"distance": 10.0, "energy": 1e9, "speed": 0.5}, ("distance", "energy", "speed")),
    (explosives.overpressure, {"distance": 10.0, "tnt": 10.0}, ("distance", "tnt")),
    (explosives.impulse, {"distance": 10.0, "tnt": 10.0}, ("distance", "tnt")),
    (explosives.propellant_fireball, {"mass": 10.0}, ("mass",)),
    (tailings.runout, {"stored": 1e6, "height": 20.0}, ("stored", "height")),
    (blowdown.vessel_rate, {"time": 1.0, "initial_rate": 1.0, "mass": 10.0, "gamma": 1.3}, ("time", "initial_rate", "mass")),
    (blowdown.pipe_time_constant, {"length": 1e3, "diameter": 0.5, "sound": 400.0, "gamma": 1.3},
     ("length", "diameter", "sound")),
    (dust.external_pressure, {"distance": 5.0, "volume": 10.0, "reduced": 5e4, "vent": 1.0},
     ("distance", "volume", "reduced", "vent")),
    (evaporation.boiling_rate, {"time": 1.0, "area": 10.0, "superheat": 20.0, "vaporisation": 3e5}, ("area", "vaporisation")),
    (release.two_phase_rate, PROPYLENE, tuple(PROPYLENE)),
    (flame.pool_flux, {"distance": 30.0, "diameter": 20.0, "burning": 0.055, "wind": 3.0, "emissive": 6e4},
     ("distance", "diameter", "burning", "wind", "emissive")),
]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), -np.inf])
@pytest.mark.parametrize(("function", "arguments", "names"), CASES)
def test_impossible_values_name_the_quantity(
    function: Callable[..., Any], arguments: dict[str, Any], names: tuple[str, ...], bad: float,
) -> None:
    function(**arguments)
    for name in names:
        with pytest.raises(BadParameter, match=f"^{name} = "):
            function(**(arguments | {name: bad}))


@pytest.mark.parametrize(("call", "name"), [
    (lambda: Gas.vapour(70.9, 239.15), "molar_mass"),  # g/mol
    (lambda: Gas.vapour(0.0709, -34.0), "temperature"),  # °C
    (lambda: Gas.flashed(0.0709, 239.15, 288.0, 0.2), "vaporisation"),  # kJ/kg
    (lambda: Gas.flashed(0.0709, 239.15, 2.88e5, 20.0), "flash"),  # per cent
    (lambda: release.two_phase_rate(**(PROPYLENE | {"temperature": -25.0})), "temperature"),
    (lambda: evaporation.evaporation_rate(10.0, 3.0, 1e4, 78.1, 293.15), "molar_mass"),
])
def test_other_units_are_caught(call: Callable[[], Any], name: str) -> None:
    with pytest.raises(BadParameter, match=f"^{name} = "):
        call()


def test_one_wrong_source_among_many_is_named() -> None:
    with pytest.raises(BadParameter, match=r"^rate = -2 "):
        Plume.of([1.0, -2.0, 3.0], 3.0, "D", "rural", CHLORINE)
