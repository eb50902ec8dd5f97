"""Ammonia refrigeration: vessels, compressor and pipes → Gaussian plume or puff, weather classes × wind rose."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from geo.errors import UnknownIdentifier
from riskmodel.consequence import release
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.toxic import Climate, ToxicCloud
from riskmodel.quantified.units import Units, filled

#: Molar gas constant, J/(mol K).
_GAS = 8.314


def add(assembly: Assembly, units: Units) -> None:
    """Add the scenarios of ammonia cold stores."""
    vessel, number = assembly.number, assembly.parameters.number
    temperature = filled(units.temperature, number("substances.ammonia.temperature"))
    pressure = filled(units.pressure, number("substances.ammonia.pressure")) * 1e6 + release.ATMOSPHERE
    flashed = np.minimum(1.0, number("consequence.cloud.spray") * release.flash_fraction(
        temperature, number("substances.ammonia.boiling"), number("substances.ammonia.heat_capacity"),
        number("substances.ammonia.vaporisation")))
    cloud = flashed * units.mass
    _puff(assembly, units, "储氨器破裂", vessel("vessel.instantaneous") * units.vessels, cloud)
    _plume(assembly, units, "储氨器大孔泄漏", vessel("vessel.ten_minutes") * units.vessels, cloud / 600, 600.0)
    density = number("substances.ammonia.density")
    hole = release.liquid_rate(vessel("vessel.hole_diameter"), density, pressure)
    _plume(assembly, units, "储氨器小孔泄漏", vessel("vessel.hole") * units.vessels, np.minimum(hole, units.mass / 1800), 1800.0)
    _machinery(assembly, units, pressure, temperature)


def _machinery(assembly: Assembly, units: Units, pressure: Array, temperature: Array) -> None:
    number, bore = assembly.number, assembly.number("ammonia.connection")
    density = assembly.parameters.number("substances.ammonia.density")
    leak = release.liquid_rate(bore * number("hose.leak_share"), density, pressure)
    vapour = pressure * assembly.parameters.number("substances.ammonia.molar_mass") / (_GAS * (temperature + 273.15))
    rupture = release.gas_rate(bore, vapour, pressure, assembly.parameters.number("substances.ammonia.gamma"))
    for event, frequency, rate in (("泄漏", number("ammonia.leak"), leak), ("断裂", number("ammonia.rupture"), rupture)):
        for state, share, seconds in _isolation(assembly, units):
            for duration in np.unique(seconds):
                some = seconds == duration
                flow = np.minimum(rate[some], units.mass[some] * units.vessels[some] / duration)
                _plume(assembly, units[some], f"压缩机及管道{event}（{state}）", frequency * share[some], flow, float(duration))


def _isolation(assembly: Assembly, units: Units) -> Iterator[tuple[str, Array, Array]]:
    """State of the isolation, its probability and the release duration in s, per unit."""
    times, fails = (assembly.parameters.table(f"quantified.isolation.{name}") for name in ("time", "fails"))
    for name in np.unique(units.isolation.astype(str)):
        if name not in times:
            raise UnknownIdentifier(f"没有切断方式“{name}”", f"there is no isolation class {name!r}", isolation=name)
    fail = np.array([float(fails[name]) for name in units.isolation])
    yield "切断", 1 - fail, np.array([float(times[name]) for name in units.isolation])
    if (fail > 0).any():
        yield "切断失效", fail, np.full(len(units), float(times["manual"]))


def _plume(assembly: Assembly, units: Units, source: str, frequency: ArrayLike, rate: ArrayLike, seconds: float) -> None:
    cloud, climate = ToxicCloud.of(assembly.parameters, "ammonia"), Climate.of(assembly.parameters)
    for number, weather in enumerate(climate.classes):
        make = partial(cloud.plume, minutes=seconds / 60, weather=weather, climate=climate)
        kernel = assembly.footprints(f"ammonia plume {seconds} {number}", rate, make)
        assembly.add(units, f"{source}·氨气云", np.asarray(frequency) * weather.share, kernel)


def _puff(assembly: Assembly, units: Units, source: str, frequency: ArrayLike, mass: Array) -> None:
    cloud, climate = ToxicCloud.of(assembly.parameters, "ammonia"), Climate.of(assembly.parameters)
    for number, weather in enumerate(climate.classes):
        make = partial(cloud.puff, weather=weather, climate=climate)
        kernel = assembly.footprints(f"ammonia puff {number}", mass, make)
        assembly.add(units, f"{source}·氨气团", np.asarray(frequency) * weather.share, kernel)
