"""Filling stations: unloading hose and road tanker, pool fire. Buried tanks have no BLEVE."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.consequence import poolfire, release
from riskmodel.quantified import ignition
from riskmodel.quantified.assembly import Array, Assembly, significant
from riskmodel.quantified.footprints import pool_kernel
from riskmodel.quantified.units import Units, filled


def add(assembly: Assembly, units: Units) -> None:
    """Add the scenarios of filling stations; each substance burns its own way."""
    for name in np.unique(units.substance.astype(str)):
        _add(assembly, units[units.substance == name], name)


def unloading_hours(assembly: Assembly, units: Units) -> Array:
    """Unloading hours per year, with the default of the unit type where a row has none."""
    table = assembly.parameters.table("quantified.unloading.hours")
    return filled(units.hours, np.array([float(table[name]) for name in units.unit_type]))


def _add(assembly: Assembly, units: Units, substance: str) -> None:
    fuel, number = assembly.fuel(substance), assembly.number
    hours = unloading_hours(assembly, units)
    stop, longest, stopped = number("unloading.stop_time"), number("unloading.longest"), number("unloading.stopped")
    bore, head = number("hose.oil_diameter"), number("hose.oil_head")
    drains = {True: number("unloading.pool_stopped"), False: number("unloading.pool_unstopped")}
    for event, hole in (("泄漏", bore * number("hose.leak_share")), ("断裂", bore)):
        rate = float(release.liquid_rate(hole, fuel.density, head=head))
        burns = ignition.total(assembly.parameters, fuel.ignition_class, rate=rate)
        per_hour = number("hose.leak" if event == "泄漏" else "hose.rupture")
        for held, share, seconds in ((True, stopped, stop), (False, 1 - stopped, longest)):
            mass = np.minimum(rate * seconds, number("tanker.oil_mass"))
            kernel = _pool(assembly, units, rate, mass, drains[held])
            state = "及时切断" if held else "未切断"
            assembly.add(units, f"卸油软管{event}（{state}）·池火", per_hour * hours * share * burns, kernel)
    present = number("tanker.atmospheric") * hours / 8760
    burns = np.maximum(number("ignition.vehicle") if fuel.ignition_class == 1 else 0.0, ignition.total(
        assembly.parameters, fuel.ignition_class, mass=number("tanker.oil_mass")))
    kernel = _pool(assembly, units, np.inf, number("tanker.oil_mass"), number("unloading.pool_tanker"))
    assembly.add(units, "油罐车罐体破裂·池火", present * burns, kernel)


def _pool(assembly: Assembly, units: Units, rate: float, mass: ArrayLike, limit: float) -> ArrayLike:
    substance = str(units.substance[0])
    fuel = assembly.fuel(substance)
    depth = assembly.parameters.number("consequence.pool.depth")
    radius = poolfire.pool_radius(rate, mass, fuel.burning, fuel.density, depth, limit)
    return assembly.footprints(f"pool {substance}", radius, lambda r: pool_kernel(r, fuel, assembly.physics),
                               assembly.clear(units), significant)
