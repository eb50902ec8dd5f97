"""LPG stations and depots: vessels, unloading hose, road tanker → fireball, explosion, flash fire, jet fire."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import release
from riskmodel.quantified import ignition
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.filling import unloading_hours
from riskmodel.quantified.footprints import Fuel, blast_kernel, fireball_kernel, flash_kernel, jet_kernel
from riskmodel.quantified.units import Units, filled

_NAME = "lpg"


def add(assembly: Assembly, units: Units) -> None:
    """Add the scenarios of LPG stations and depots."""
    pressure = filled(units.pressure, assembly.parameters.number("substances.lpg.pressure")) * 1e6 + release.ATMOSPHERE
    _vessels(assembly, units, pressure)
    _hose(assembly, units, pressure)
    _tanker(assembly, units)


def airborne(assembly: Assembly, fuel: Fuel, mass: ArrayLike, temperature: ArrayLike = 20.0) -> Array:
    """Mass in kg that goes into the cloud: the flashed share and as much spray again, at most all."""
    share = release.flash_fraction(temperature, fuel.boiling, fuel.heat_capacity, fuel.vaporisation)
    return np.asarray(np.minimum(1.0, assembly.parameters.number("consequence.cloud.spray") * share) * np.asarray(mass))


def _fireball(assembly: Assembly, units: Units, mass: ArrayLike) -> NDArray[np.int32]:
    fuel = assembly.fuel(_NAME)
    return assembly.footprints("fireball lpg", mass, lambda m: fireball_kernel(m, fuel, assembly.physics), assembly.clear(units))


def _jet(assembly: Assembly, units: Units, rate: ArrayLike) -> NDArray[np.int32]:
    fuel = assembly.fuel(_NAME)
    return assembly.footprints("jet lpg", rate, lambda m: jet_kernel(m, fuel, assembly.physics), assembly.clear(units))


def _cloud(assembly: Assembly, units: Units, source: str, frequency: Array, mass: ArrayLike) -> None:
    """A cloud of `mass` kg that ignites late: explosion or flash fire; small clouds only flash."""
    fuel = assembly.fuel(_NAME)
    cloud = np.broadcast_to(np.asarray(mass, np.float64), len(units))
    explodes = np.where(cloud >= assembly.number("outcome.explosion_least"), assembly.number("outcome.explosion"), 0.0)
    blast = assembly.footprints("blast lpg", cloud, lambda m: blast_kernel(m, fuel, assembly.physics), assembly.clear(units))
    flash = assembly.footprints("flash lpg", cloud, lambda m: flash_kernel(m, fuel, assembly.physics), assembly.clear(units))
    assembly.add(units, f"{source}·蒸气云爆炸", frequency * explodes, blast)
    assembly.add(units, f"{source}·闪火", frequency * (1 - explodes), flash)


def _continuous(assembly: Assembly, units: Units, source: str, frequency: Array, rate: ArrayLike, stock: ArrayLike) -> None:
    """An outflow of `rate` kg/s: jet fire if it ignites at once, else a cloud that may ignite later."""
    flow = np.broadcast_to(np.asarray(rate, np.float64), len(units))
    now = ignition.immediate(assembly.parameters, 0, rate=flow)
    assembly.add(units, f"{source}·喷射火", frequency * now, _jet(assembly, units, flow))
    later = frequency * (1 - now) * ignition.delayed(assembly.parameters, 0, rate=flow)
    held = np.minimum(flow * assembly.number("outcome.cloud_time"), np.asarray(stock))
    _cloud(assembly, units, source, later, airborne(assembly, assembly.fuel(_NAME), held))


def _vessels(assembly: Assembly, units: Units, pressure: Array) -> None:
    number, fuel = assembly.number, assembly.fuel(_NAME)
    burst = number("vessel.instantaneous") * units.vessels
    now = ignition.immediate(assembly.parameters, 0, mass=units.mass)
    ball = now * np.where(units.buried, 0.0, number("outcome.bleve"))
    assembly.add(units, "储罐破裂·火球", burst * ball, _fireball(assembly, units, units.mass))
    late = (now - ball) + (1 - now) * ignition.delayed(assembly.parameters, 0, mass=units.mass)
    _cloud(assembly, units, "储罐破裂", burst * late, airborne(assembly, fuel, units.mass))
    _continuous(assembly, units, "储罐大孔泄漏", number("vessel.ten_minutes") * units.vessels, units.mass / 600, units.mass)
    hole = release.liquid_rate(number("vessel.hole_diameter"), fuel.density, pressure)
    _continuous(assembly, units, "储罐小孔泄漏", number("vessel.hole") * units.vessels, hole, units.mass)


def _hose(assembly: Assembly, units: Units, pressure: Array) -> None:
    number, fuel = assembly.number, assembly.fuel(_NAME)
    hours, stock = unloading_hours(assembly, units), number("tanker.lpg_mass")
    bore = number("hose.lpg_diameter")
    leak = release.liquid_rate(bore * number("hose.leak_share"), fuel.density, pressure)
    _continuous(assembly, units, "卸液软管泄漏", number("hose.leak") * hours, leak, stock)
    full = release.liquid_rate(bore, fuel.density, pressure) * number("hose.two_phase")
    rupture, fails = number("hose.rupture") * hours, number("unloading.valve_fails")
    _continuous(assembly, units, "卸液软管断裂（过流阀失效）", rupture * fails, full, stock)
    burst = airborne(assembly, fuel, full * number("unloading.valve_time"))
    burns = ignition.immediate(assembly.parameters, 0, mass=burst)
    burns = burns + (1 - burns) * ignition.delayed(assembly.parameters, 0, mass=burst)
    flash = assembly.footprints("flash lpg", burst, lambda m: flash_kernel(m, fuel, assembly.physics), assembly.clear(units))
    assembly.add(units, "卸液软管断裂（过流阀动作）·闪火", rupture * (1 - fails) * burns, flash)


def _tanker(assembly: Assembly, units: Units) -> None:
    number, mass = assembly.number, assembly.number("tanker.lpg_mass")
    hours = unloading_hours(assembly, units)
    burst = number("tanker.pressurised") * hours / 8760
    now, bleve = number("ignition.vehicle"), number("outcome.bleve")
    ball = number("tanker.fire_bleve") * hours + burst * now * bleve
    assembly.add(units, "槽车BLEVE·火球", ball, _fireball(assembly, units, mass))
    late = now * (1 - bleve) + (1 - now) * ignition.delayed(assembly.parameters, 0, mass=mass)
    _cloud(assembly, units, "槽车罐体破裂", burst * late, airborne(assembly, assembly.fuel(_NAME), mass))
