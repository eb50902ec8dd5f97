"""What comes out of a unit when something fails: how much at once, or how fast, for how long and out of what stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.consequence import release
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.substances import State, state_of
from riskmodel.quantified.units import Units, filled

#: Molar gas constant, J/(mol K); 0 °C in K.
_GAS, _ZERO = 8.314, 273.15


@dataclass(frozen=True)
class Release:
    """A loss of containment of some units of one substance; columns of one value per unit.

    Attributes
    ----------
    mass : array or None
        What comes out at once, kg; None for a flow.
    rate : array or None
        Flow, kg/s; None for an instantaneous release.
    seconds : array
        How long a flow lasts.
    stock : array
        Most that can come out, kg.
    limit : array
        Radius in m that bund, kerbs or drains allow a pool.
    vessel : bool
        A vessel bursts: it may BLEVE. The contents of a hose or a tank on its side do not.
    """

    mass: Array | None
    rate: Array | None
    seconds: Array
    stock: Array
    limit: Array
    vessel: bool = False

    @property
    def spilled(self) -> Array:
        """Mass released in all, kg."""
        if self.mass is not None:
            return self.mass
        assert self.rate is not None  # noqa: S101
        return np.asarray(np.minimum(self.rate * self.seconds, self.stock))

    @property
    def lasting(self) -> Array:
        """How long a fire of a flow burns at most, s: until it is stopped or the stock is out; without bound for a spill."""
        if self.rate is None:
            return np.full(len(self.stock), np.inf)
        return np.asarray(np.minimum(self.seconds, self.stock / np.maximum(self.rate, 1e-9)))


def at_once(units: Units, mass: ArrayLike, limit: ArrayLike = np.inf, *, vessel: bool = False) -> Release:
    """An instantaneous release."""
    kg = np.broadcast_to(np.asarray(mass, np.float64), len(units))
    return Release(kg, None, np.zeros(len(units)), kg, np.broadcast_to(np.asarray(limit, np.float64), len(units)), vessel)


def flow(units: Units, rate: ArrayLike, seconds: ArrayLike, stock: ArrayLike, limit: ArrayLike = np.inf) -> Release:
    """A continuous release."""
    columns = (rate, seconds, stock, limit)
    out, time, held, bound = (np.broadcast_to(np.asarray(value, np.float64), len(units)) for value in columns)
    return Release(None, out, time, held, bound)


def property_of(assembly: Assembly, units: Units, name: str) -> float:
    """A property of the substance of `units`."""
    return assembly.parameters.number(f"substances.{units.substance[0]}.{name}")


def state(assembly: Assembly, units: Units) -> State:
    """State of the substance of `units`."""
    return state_of(str(units.substance[0]), assembly.parameters)


def gauge_pressure(assembly: Assembly, units: Units) -> Array:
    """Gauge pressure, MPa: the row's, else the usual one of its unit type, else the substance's vapour pressure, else 0."""
    usual = assembly.by_type("bank.pressure", units)
    name = f"substances.{units.substance[0]}.pressure"
    vapour = assembly.parameters.number(name) if name in assembly.parameters.values else 0.0
    return filled(units.pressure, filled(usual, vapour))


def pressure(assembly: Assembly, units: Units) -> Array:
    """Absolute pressure, Pa."""
    return np.asarray(gauge_pressure(assembly, units) * 1e6 + release.ATMOSPHERE)


def temperature(assembly: Assembly, units: Units) -> Array:
    """Temperature, °C: the row's, else the substance's, else 20."""
    name = f"substances.{units.substance[0]}.temperature"
    return filled(units.temperature, assembly.parameters.number(name) if name in assembly.parameters.values else 20.0)


def gas_density(assembly: Assembly, units: Units) -> Array:
    """Density of the gas inside, kg/m³: content over volume, at most that of an ideal gas; the latter where none is known."""
    ideal = (pressure(assembly, units) * property_of(assembly, units, "molar_mass")
             / (_GAS * (temperature(assembly, units) + _ZERO)))
    return np.where(units.volume > 0, np.minimum(units.mass / np.maximum(units.volume, 1e-9), 1.3 * ideal), ideal)


def hole_rate(assembly: Assembly, units: Units, hole: ArrayLike, head: float | None = None) -> Array:
    """Flow through a hole of `hole` m by the state of the substance, kg/s.

    Liquids under `head` m (by default the height of the tank), liquefied and cold gases under their pressure as liquid,
    compressed gases as gas.
    """
    kind = state(assembly, units)
    if kind == "compressed":
        return release.gas_rate(hole, gas_density(assembly, units), pressure(assembly, units),
                                property_of(assembly, units, "gamma"))
    density = property_of(assembly, units, "density")
    if kind == "liquid":
        above = filled(units.height, assembly.number("tank.head")) if head is None else np.full(len(units), head)
        return release.liquid_rate(hole, density, head=above)
    return release.liquid_rate(hole, density, pressure(assembly, units))


def bund_radius(assembly: Assembly, units: Units) -> Array:
    """Radius, m, of a circle of the bund's area."""
    area = np.where(filled(units.bund, 0.0) > 0, units.bund, assembly.number("tank.bund"))
    return np.asarray(np.sqrt(area / np.pi))


def tanker_mass(assembly: Assembly, units: Units) -> float:
    """Content of a road tanker, kg, by the state of the substance."""
    of = {"liquid": "oil_mass", "liquefied": "lpg_mass", "cryogenic": "lng_mass", "toxic": "toxic_mass"}
    return assembly.number(f"tanker.{of[state(assembly, units)]}")


def whole(assembly: Assembly, units: Units) -> Release:
    """A vessel or tank gives way: all at once; a bund holds two thirds of a wave (Purple Book 3.A)."""
    limit = np.full(len(units), np.inf)
    if state(assembly, units) == "liquid":
        limit = bund_radius(assembly, units) * np.sqrt(assembly.parameters.number("consequence.pool.instant_overtop"))
    return at_once(units, units.mass, limit, vessel=True)


def in_ten_minutes(assembly: Assembly, units: Units) -> Release:
    """The content within ten minutes."""
    return flow(units, units.mass / 600, 600.0, units.mass, bund_radius(assembly, units))


def small_hole(assembly: Assembly, units: Units) -> Release:
    """A 10 mm hole, for half an hour at most."""
    rate = hole_rate(assembly, units, assembly.number("vessel.hole_diameter"))
    longest = assembly.number("unloading.longest")
    if state(assembly, units) == "toxic":
        rate = np.minimum(rate, units.mass / longest)
    return flow(units, rate, longest, units.mass, bund_radius(assembly, units))


def overfilled(assembly: Assembly, units: Units) -> Release:
    """Vapour of a tank filled over its brim; only of liquids that give much vapour, else nothing."""
    volatile = str(units.substance[0]) in assembly.parameters.entry("quantified.tank.volatile").value
    return at_once(units, np.minimum(assembly.number("tank.overfill_cloud"), units.mass) if volatile else 0.0)


def _hose_bore(assembly: Assembly, units: Units) -> float:
    return assembly.number("hose.oil_diameter" if state(assembly, units) == "liquid" else "hose.lpg_diameter")


def hose_leak(assembly: Assembly, units: Units) -> Release:
    """A hole of a tenth of the unloading hose's bore; the road tanker is the stock."""
    rate = hole_rate(assembly, units, _hose_bore(assembly, units) * assembly.number("hose.leak_share"),
                     assembly.number("hose.oil_head"))
    return flow(units, rate, assembly.number("unloading.longest"), tanker_mass(assembly, units))


def hose_rupture(assembly: Assembly, units: Units) -> Release:
    """The unloading hose breaks; a flashing liquid flows at half the rate of a cold one."""
    rate = hole_rate(assembly, units, _hose_bore(assembly, units), assembly.number("hose.oil_head"))
    if state(assembly, units) != "liquid":
        rate = rate * assembly.number("hose.two_phase")
    return flow(units, rate, assembly.number("unloading.longest"), tanker_mass(assembly, units))


def _arm(assembly: Assembly, units: Units, share: float) -> Release:
    bores = assembly.parameters.table("quantified.arm.diameter")
    rate = hole_rate(assembly, units, share * float(bores[state(assembly, units)]), assembly.number("arm.head"))
    if share == 1.0 and state(assembly, units) != "liquid":
        rate = rate * assembly.number("hose.two_phase")
    return flow(units, rate, assembly.number("unloading.longest"), tanker_mass(assembly, units), assembly.number("arm.bay"))


def arm_leak(assembly: Assembly, units: Units) -> Release:
    """A hole of a tenth of the loading arm's bore."""
    return _arm(assembly, units, assembly.number("hose.leak_share"))


def arm_rupture(assembly: Assembly, units: Units) -> Release:
    """The loading arm breaks."""
    return _arm(assembly, units, 1.0)


def tanker_burst(assembly: Assembly, units: Units) -> Release:
    """A road tanker gives way."""
    limit = assembly.number("unloading.pool_tanker") if state(assembly, units) == "liquid" else np.inf
    return at_once(units, tanker_mass(assembly, units), limit, vessel=True)


def pump_leak(assembly: Assembly, units: Units) -> Release:
    """A hole of a tenth of the pump's largest connection."""
    hole = assembly.number("process.pump_connection") * assembly.number("hose.leak_share")
    return flow(units, hole_rate(assembly, units, hole), assembly.number("unloading.longest"), units.mass * units.vessels,
                bund_radius(assembly, units))


def pump_rupture(assembly: Assembly, units: Units) -> Release:
    """The pump's largest connection breaks; no more than the content in ten minutes."""
    rate = np.minimum(hole_rate(assembly, units, assembly.number("process.pump_connection")), units.mass * units.vessels / 600)
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels, bund_radius(assembly, units))


def compressor_leak(assembly: Assembly, units: Units) -> Release:
    """A liquid leak of a tenth of the refrigeration compressor's connection."""
    rate = hole_rate(assembly, units, assembly.number("ammonia.connection") * assembly.number("hose.leak_share"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def compressor_rupture(assembly: Assembly, units: Units) -> Release:
    """The connection of the refrigeration compressor breaks: vapour at full bore."""
    p, warm = pressure(assembly, units), temperature(assembly, units) + _ZERO
    vapour = p * property_of(assembly, units, "molar_mass") / (_GAS * warm)
    rate = release.gas_rate(assembly.number("ammonia.connection"), vapour, p, property_of(assembly, units, "gamma"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def pigtail(assembly: Assembly, units: Units) -> Release:
    """A leak of a connected drum's valve or pigtail, as liquid."""
    rate = hole_rate(assembly, units, assembly.number("drum.hole"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass)


def bank_burst(assembly: Assembly, units: Units) -> Release:
    """One vessel of a storage bank bursts."""
    count = np.where(units.vessels > 1, 1.0, assembly.number("bank.vessels"))
    return at_once(units, units.mass / count, vessel=True)


def bank_leak(assembly: Assembly, units: Units) -> Release:
    """A leak of the bank's valves and hoses."""
    rate = hole_rate(assembly, units, assembly.by_type("bank.hole", units))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def bottle_leak(assembly: Assembly, units: Units) -> Release:
    """A bottle's valve leaks vapour."""
    p = pressure(assembly, units)
    vapour = p * property_of(assembly, units, "molar_mass") / (_GAS * (temperature(assembly, units) + _ZERO))
    rate = release.gas_rate(assembly.number("bottle.hole"), vapour, p, property_of(assembly, units, "gamma"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass)


def burning_stock(assembly: Assembly, units: Units) -> Release:
    """What burns as one fireball when a shop's bottles burst one after the other."""
    return at_once(units, units.mass * units.vessels * assembly.number("bottle.fire_share"), vessel=True)


def gate_leak(assembly: Assembly, units: Units) -> Release:
    """A middle-sized hole of the inlet pipe, fed by the line."""
    rate = hole_rate(assembly, replace(units, volume=np.zeros(len(units))), assembly.number("gate.hole"))
    return flow(units, rate, assembly.number("unloading.longest"), np.full(len(units), np.inf))


def gate_rupture(assembly: Assembly, units: Units) -> Release:
    """The inlet breaks, fed by the line: the size of its fire follows from bore and pressure."""
    bore = inlet_mm(assembly, units) / 1000
    rate = hole_rate(assembly, replace(units, volume=np.zeros(len(units))), bore)
    return flow(units, rate, assembly.number("unloading.longest"), np.full(len(units), np.inf))


def inlet_mm(assembly: Assembly, units: Units) -> Array:
    """Bore of a gate station's inlet, mm: ``inlet_mm`` in the row's JSON column, else the usual one."""
    usual = assembly.number("gate.inlet")
    return np.array([float(extra.get("inlet_mm", usual)) if isinstance(extra, dict) else usual for extra in units.extra])


def stock(assembly: Assembly, units: Units) -> Release:  # noqa: ARG001
    """All that is stored, in all vessels."""
    return at_once(units, units.mass * units.vessels)


def floor(assembly: Assembly, units: Units) -> Release:
    """The stock of a store burns on its floor."""
    area = np.where(filled(units.bund, 0.0) > 0, units.bund, assembly.number("store.area"))
    return at_once(units, units.mass * units.vessels, np.sqrt(area / np.pi))


#: Every source term by name.
TERMS: Mapping[str, Callable[[Assembly, Units], Release]] = {
    term.__name__: term for term in (
        whole, in_ten_minutes, small_hole, overfilled, hose_leak, hose_rupture, arm_leak, arm_rupture, tanker_burst, pump_leak,
        pump_rupture, compressor_leak, compressor_rupture, pigtail, bank_burst, bank_leak, bottle_leak, burning_stock, gate_leak,
        gate_rupture, stock, floor,
    )
}
