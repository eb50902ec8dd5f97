"""What comes out of a unit: how much at once, or how fast, for how long and out of what stock; and what that follows from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.consequence import release
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.substances import State, state_of
from riskmodel.quantified.units import Units, filled

#: Molar gas constant, J/(mol K); 0 °C in K.
GAS_CONSTANT, ZERO_CELSIUS = 8.314, 273.15


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

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> _, store = unit()
    >>> leak = flow(store, 0.5, 1800.0, stock=600.0)
    >>> leak.spilled.tolist(), leak.lasting.tolist()
    ([600.0], [1200.0])
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
    """An instantaneous release.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> _, store = unit()
    >>> at_once(store, store.mass).spilled.tolist()
    [1000.0]
    """
    kg = np.broadcast_to(np.asarray(mass, np.float64), len(units))
    return Release(kg, None, np.zeros(len(units)), kg, np.broadcast_to(np.asarray(limit, np.float64), len(units)), vessel)


def flow(units: Units, rate: ArrayLike, seconds: ArrayLike, stock: ArrayLike, limit: ArrayLike = np.inf) -> Release:
    """A continuous release.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> _, store = unit()
    >>> flow(store, 0.5, 600.0, stock=1000.0).spilled.tolist()
    [300.0]
    """
    columns = (rate, seconds, stock, limit)
    out, time, held, bound = (np.broadcast_to(np.asarray(value, np.float64), len(units)) for value in columns)
    return Release(None, out, time, held, bound)


def property_of(assembly: Assembly, units: Units, name: str) -> float:
    """A property of the substance of `units`.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> property_of(*unit(), "molar_mass")
    0.0709
    """
    return assembly.parameters.number(f"substances.{units.substance[0]}.{name}")


def state(assembly: Assembly, units: Units) -> State:
    """State of the substance of `units`.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> state(*unit()), state(*unit(substance="methanol"))
    ('toxic', 'liquid')
    """
    return state_of(str(units.substance[0]), assembly.parameters)


def gauge_pressure(assembly: Assembly, units: Units) -> Array:
    """Gauge pressure, MPa: the row's, else the usual one of its unit type, else the substance's vapour pressure, else 0.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> gauge_pressure(*unit(pressure_mpa=0.8)).tolist(), gauge_pressure(*unit()).round(2).tolist()
    ([0.8], [0.58])
    """
    usual = assembly.by_type("bank.pressure", units)
    name = f"substances.{units.substance[0]}.pressure"
    vapour = assembly.parameters.number(name) if name in assembly.parameters.values else 0.0
    return filled(units.pressure, filled(usual, vapour))


def pressure(assembly: Assembly, units: Units) -> Array:
    """Absolute pressure, Pa.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> pressure(*unit(pressure_mpa=0.8)).tolist()
    [901325.0]
    """
    return np.asarray(gauge_pressure(assembly, units) * 1e6 + release.ATMOSPHERE)


def temperature(assembly: Assembly, units: Units) -> Array:
    """Temperature, °C: the row's, else the substance's, else 20.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> temperature(*unit()).tolist(), temperature(*unit(temperature_c=5.0)).tolist()
    ([20.0], [5.0])
    """
    name = f"substances.{units.substance[0]}.temperature"
    return filled(units.temperature, assembly.parameters.number(name) if name in assembly.parameters.values else 20.0)


def gas_density(assembly: Assembly, units: Units) -> Array:
    """Density of the gas inside, kg/m³: content over volume, at most that of an ideal gas; the latter where none is known.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> station = {"unit_type": "cng_station", "substance": "methane", "quantity_t": 3.5, "vessels": 3, "pressure_mpa": 25.0}
    >>> gas_density(*unit(**station, vessel_m3=6.0)).round().tolist()
    [194.0]
    """
    ideal = (pressure(assembly, units) * property_of(assembly, units, "molar_mass")
             / (GAS_CONSTANT * (temperature(assembly, units) + ZERO_CELSIUS)))
    return np.where(units.volume > 0, np.minimum(units.mass / np.maximum(units.volume, 1e-9), 1.3 * ideal), ideal)


def hole_rate(assembly: Assembly, units: Units, hole: ArrayLike, head: float | None = None) -> Array:
    """Flow through a hole of `hole` m by the state of the substance, kg/s.

    Liquids under `head` m (by default the height of the tank), liquefied and cold gases under their pressure as liquid,
    compressed gases as gas.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> hole_rate(*unit(), 0.01).round(2).tolist(), hole_rate(*unit(substance="methanol"), 0.01, head=3.0).round(2).tolist()
    ([2.0], [0.3])
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
    """Radius, m, of a circle of the bund's area.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> bund_radius(*unit(substance="methanol", bund_m2=400.0)).round(1).tolist()
    [11.3]
    """
    area = np.where(filled(units.bund, 0.0) > 0, units.bund, assembly.number("tank.bund"))
    return np.asarray(np.sqrt(area / np.pi))


def tanker_mass(assembly: Assembly, units: Units) -> float:
    """Content of a road tanker, kg, by the state of the substance.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> tanker_mass(*unit(substance="gasoline")), tanker_mass(*unit(substance="lpg"))
    (22000.0, 11700.0)
    """
    of = {"liquid": "oil_mass", "liquefied": "lpg_mass", "cryogenic": "lng_mass", "toxic": "toxic_mass"}
    return assembly.number(f"tanker.{of[state(assembly, units)]}")


def inlet_mm(assembly: Assembly, units: Units) -> Array:
    """Bore of a gate station's inlet, mm: ``inlet_mm`` in the row's JSON column, else the usual one.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> gate = {"unit_type": "gas_gate_station", "substance": "methane", "pressure_mpa": 4.0}
    >>> inlet_mm(*unit(**gate)).tolist(), inlet_mm(*unit(**gate, extra={"inlet_mm": 500})).tolist()
    ([300.0], [500.0])
    """
    usual = assembly.number("gate.inlet")
    return np.array([float(extra.get("inlet_mm", usual)) if isinstance(extra, dict) else usual for extra in units.extra])
