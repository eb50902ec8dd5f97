"""The failures of equipment as releases: vessels and tanks, hoses and arms, tankers, pumps, banks of bottles, inlets, stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from riskmodel.consequence import release
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.releases import (
    GAS_CONSTANT,
    ZERO_CELSIUS,
    Release,
    at_once,
    bund_radius,
    flow,
    hole_rate,
    inlet_mm,
    pressure,
    property_of,
    state,
    tanker_mass,
    temperature,
)
from riskmodel.quantified.units import Units, filled


def whole(assembly: Assembly, units: Units) -> Release:
    """A vessel or tank gives way: all at once; a bund holds two thirds of a wave (Purple Book 3.A).

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> whole(*unit()).spilled.tolist()
    [1000.0]
    """
    limit = np.full(len(units), np.inf)
    if state(assembly, units) == "liquid":
        limit = bund_radius(assembly, units) * np.sqrt(assembly.parameters.number("consequence.pool.instant_overtop"))
    return at_once(units, units.mass, limit, vessel=True)


def in_ten_minutes(assembly: Assembly, units: Units) -> Release:
    """The content within ten minutes.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> in_ten_minutes(*unit(substance="methanol", quantity_t=280.0, vessels=4)).rate.round(1).tolist()
    [116.7]
    """
    return flow(units, units.mass / 600, 600.0, units.mass, bund_radius(assembly, units))


def small_hole(assembly: Assembly, units: Units) -> Release:
    """A 10 mm hole, for half an hour at most.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> small_hole(*unit(substance="methanol")).rate.round(2).tolist()
    [0.55]
    """
    rate = hole_rate(assembly, units, assembly.number("vessel.hole_diameter"))
    longest = assembly.number("unloading.longest")
    if state(assembly, units) == "toxic":
        rate = np.minimum(rate, units.mass / longest)
    return flow(units, rate, longest, units.mass, bund_radius(assembly, units))


def overfilled(assembly: Assembly, units: Units) -> Release:
    """Vapour of a tank filled over its brim; only of liquids that give much vapour, else nothing.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> [overfilled(*unit(substance=name, quantity_t=5000.0, vessels=1)).mass.item() for name in ("gasoline", "diesel")]
    [10000.0, 0.0]
    """
    volatile = str(units.substance[0]) in assembly.parameters.entry("quantified.tank.volatile").value
    return at_once(units, np.minimum(assembly.number("tank.overfill_cloud"), units.mass) if volatile else 0.0)


def _hose_bore(assembly: Assembly, units: Units) -> float:
    return assembly.number("hose.oil_diameter" if state(assembly, units) == "liquid" else "hose.lpg_diameter")


def hose_leak(assembly: Assembly, units: Units) -> Release:
    """A hole of a tenth of the unloading hose's bore; the road tanker is the stock.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> hose_leak(*unit(substance="gasoline")).rate.round(2).tolist()
    [0.2]
    """
    rate = hole_rate(assembly, units, _hose_bore(assembly, units) * assembly.number("hose.leak_share"),
                     assembly.number("hose.oil_head"))
    return flow(units, rate, assembly.number("unloading.longest"), tanker_mass(assembly, units))


def hose_rupture(assembly: Assembly, units: Units) -> Release:
    """The unloading hose breaks; a flashing liquid flows at half the rate of a cold one.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> [hose_rupture(*unit(substance=name)).rate.round(1).item() for name in ("gasoline", "lpg")]
    [19.9, 17.5]
    """
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
    """A hole of a tenth of the loading arm's bore.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> arm_leak(*unit(substance="gasoline")).rate.round(2).tolist()
    [0.51]
    """
    return _arm(assembly, units, assembly.number("hose.leak_share"))


def arm_rupture(assembly: Assembly, units: Units) -> Release:
    """The loading arm breaks.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> arm_rupture(*unit(substance="gasoline")).rate.round(1).tolist()
    [51.3]
    """
    return _arm(assembly, units, 1.0)


def tanker_burst(assembly: Assembly, units: Units) -> Release:
    """A road tanker gives way.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> burst = tanker_burst(*unit(substance="lpg"))
    >>> burst.spilled.tolist(), burst.vessel
    ([11700.0], True)
    """
    limit = assembly.number("unloading.pool_tanker") if state(assembly, units) == "liquid" else np.inf
    return at_once(units, tanker_mass(assembly, units), limit, vessel=True)


def pump_leak(assembly: Assembly, units: Units) -> Release:
    """A hole of a tenth of the pump's largest connection.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> pump_leak(*unit(unit_type="process_unit", substance="toluene")).rate.round(2).tolist()
    [0.6]
    """
    hole = assembly.number("process.pump_connection") * assembly.number("hose.leak_share")
    return flow(units, hole_rate(assembly, units, hole), assembly.number("unloading.longest"), units.mass * units.vessels,
                bund_radius(assembly, units))


def pump_rupture(assembly: Assembly, units: Units) -> Release:
    """The pump's largest connection breaks; no more than the content in ten minutes.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> pump_rupture(*unit(unit_type="process_unit", substance="toluene")).rate.round(1).tolist()
    [8.3]
    """
    rate = np.minimum(hole_rate(assembly, units, assembly.number("process.pump_connection")), units.mass * units.vessels / 600)
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels, bund_radius(assembly, units))


def compressor_leak(assembly: Assembly, units: Units) -> Release:
    """A liquid leak of a tenth of the refrigeration compressor's connection.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> compressor_leak(*unit(unit_type="ammonia_cold_store", substance="ammonia")).rate.round(2).tolist()
    [1.11]
    """
    rate = hole_rate(assembly, units, assembly.number("ammonia.connection") * assembly.number("hose.leak_share"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def compressor_rupture(assembly: Assembly, units: Units) -> Release:
    """The connection of the refrigeration compressor breaks: vapour at full bore.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> compressor_rupture(*unit(unit_type="ammonia_cold_store", substance="ammonia")).rate.round(2).tolist()
    [8.25]
    """
    p, warm = pressure(assembly, units), temperature(assembly, units) + ZERO_CELSIUS
    vapour = p * property_of(assembly, units, "molar_mass") / (GAS_CONSTANT * warm)
    rate = release.gas_rate(assembly.number("ammonia.connection"), vapour, p, property_of(assembly, units, "gamma"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def pigtail(assembly: Assembly, units: Units) -> Release:
    """A leak of a connected drum's valve or pigtail, as liquid.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> pigtail(*unit()).rate.round(3).tolist(), pigtail(*unit()).stock.tolist()
    ([0.5], [1000.0])
    """
    rate = hole_rate(assembly, units, assembly.number("drum.hole"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass)


def bank_burst(assembly: Assembly, units: Units) -> Release:
    """One vessel of a storage bank bursts.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> bank_burst(*unit(unit_type="cng_station", substance="methane", quantity_t=3.6, vessels=1)).mass.tolist()
    [1200.0]
    """
    count = np.where(units.vessels > 1, 1.0, assembly.number("bank.vessels"))
    return at_once(units, units.mass / count, vessel=True)


def bank_leak(assembly: Assembly, units: Units) -> Release:
    """A leak of the bank's valves and hoses.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> bank_leak(*unit(unit_type="cng_station", substance="methane", quantity_t=3.5, vessel_m3=6.0)).rate.round(2).tolist()
    [2.42]
    """
    rate = hole_rate(assembly, units, assembly.by_type("bank.hole", units))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass * units.vessels)


def bottle_leak(assembly: Assembly, units: Units) -> Release:
    """A bottle's valve leaks vapour.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> bottle_leak(*unit(unit_type="lpg_bottle_shop", substance="lpg", vessels=200)).rate.round(4).tolist()
    [0.0146]
    """
    p = pressure(assembly, units)
    vapour = p * property_of(assembly, units, "molar_mass") / (GAS_CONSTANT * (temperature(assembly, units) + ZERO_CELSIUS))
    rate = release.gas_rate(assembly.number("bottle.hole"), vapour, p, property_of(assembly, units, "gamma"))
    return flow(units, rate, assembly.number("unloading.longest"), units.mass)


def burning_stock(assembly: Assembly, units: Units) -> Release:
    """What burns as one fireball when a shop's bottles burst one after the other.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> burning_stock(*unit(unit_type="lpg_bottle_shop", substance="lpg", quantity_t=3.0, vessels=200)).mass.round(1).tolist()
    [60.0]
    """
    return at_once(units, units.mass * units.vessels * assembly.number("bottle.fire_share"), vessel=True)


def gate_leak(assembly: Assembly, units: Units) -> Release:
    """A middle-sized hole of the inlet pipe, fed by the line.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> gate_leak(*unit(unit_type="gas_gate_station", substance="methane", pressure_mpa=4.0)).rate.round(1).tolist()
    [2.9]
    """
    rate = hole_rate(assembly, replace(units, volume=np.zeros(len(units))), assembly.number("gate.hole"))
    return flow(units, rate, assembly.number("unloading.longest"), np.full(len(units), np.inf))


def gate_rupture(assembly: Assembly, units: Units) -> Release:
    """The inlet breaks, fed by the line: the size of its fire follows from bore and pressure.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> gate_rupture(*unit(unit_type="gas_gate_station", substance="methane", pressure_mpa=4.0)).rate.round().tolist()
    [423.0]
    """
    bore = inlet_mm(assembly, units) / 1000
    rate = hole_rate(assembly, replace(units, volume=np.zeros(len(units))), bore)
    return flow(units, rate, assembly.number("unloading.longest"), np.full(len(units), np.inf))


def stock(assembly: Assembly, units: Units) -> Release:  # noqa: ARG001
    """All that is stored, in all vessels.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> stock(*unit()).mass.tolist()
    [5000.0]
    """
    return at_once(units, units.mass * units.vessels)


def floor(assembly: Assembly, units: Units) -> Release:
    """The stock of a store burns on its floor.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> store = floor(*unit(unit_type="chemical_store", substance="toluene", quantity_t=20.0, bund_m2=500.0))
    >>> store.mass.round().tolist(), store.limit.round(1).tolist()
    ([20000.0], [12.6])
    """
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
