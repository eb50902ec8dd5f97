"""Oil depots: pool fires of atmospheric tanks in their bund, explosion of the cloud of an overfilled gasoline tank."""

from __future__ import annotations

import numpy as np

from riskmodel.consequence import poolfire, release
from riskmodel.quantified import ignition
from riskmodel.quantified.assembly import Array, Assembly, significant
from riskmodel.quantified.footprints import Fuel, blast_kernel, pool_kernel
from riskmodel.quantified.units import Units, filled


def add(assembly: Assembly, units: Units) -> None:
    """Add the scenarios of oil depots; each substance burns its own way."""
    for name in np.unique(units.substance.astype(str)):
        _add(assembly, units[units.substance == name], name)


def _add(assembly: Assembly, units: Units, substance: str) -> None:
    fuel, number, parameters = assembly.fuel(substance), assembly.number, assembly.parameters
    bund = np.sqrt(np.where(filled(units.bund, 0.0) > 0, units.bund, number("tank.bund")) / np.pi)
    overtopped = bund * np.sqrt(parameters.number("consequence.pool.instant_overtop"))
    hole = float(release.liquid_rate(number("vessel.hole_diameter"), fuel.density, head=number("tank.head")))
    leaves: tuple[tuple[str, float, Array | float, Array, Array], ...] = (
        ("储罐破裂·池火", number("tank.instantaneous"), np.inf, overtopped,
         ignition.total(parameters, fuel.ignition_class, mass=units.mass)),
        ("储罐大孔泄漏·防火堤池火", number("tank.ten_minutes"), units.mass / 600, bund,
         ignition.total(parameters, fuel.ignition_class, rate=units.mass / 600)),
        ("储罐小孔泄漏·池火", number("tank.hole"), hole, bund,
         ignition.total(parameters, fuel.ignition_class, rate=np.full(len(units), hole))),
    )
    depth = parameters.number("consequence.pool.depth")
    for label, frequency, rate, limit, burns in leaves:
        radius = poolfire.pool_radius(rate, units.mass, fuel.burning, fuel.density, depth, limit)
        kernel = assembly.footprints(f"pool {substance}", radius, lambda r: pool_kernel(r, fuel, assembly.physics),
                                     assembly.clear(units), significant)
        assembly.add(units, label, frequency * units.vessels * burns, kernel)
    if fuel.ignition_class == 1:
        _overfill(assembly, units, substance, fuel)


def _overfill(assembly: Assembly, units: Units, substance: str, fuel: Fuel) -> None:
    mass = np.minimum(assembly.number("tank.overfill_cloud"), units.mass)
    kernel = assembly.footprints(f"blast {substance}", mass, lambda m: blast_kernel(m, fuel, assembly.physics),
                                 assembly.clear(units))
    assembly.add(units, "储罐冒顶·蒸气云爆炸", assembly.number("tank.overfill_explosion") * units.vessels, kernel)
