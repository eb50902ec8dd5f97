"""From a release to footprints: sizes of fires, explosions and clouds, and the kernels that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from riskmodel.consequence import dust, poolfire, release
from riskmodel.quantified.assembly import Array, Assembly, significant
from riskmodel.quantified.footprints import (
    Effect,
    blast_effect,
    burst_effect,
    charge_effect,
    fireball_effect,
    flash_effect,
    impact_effect,
    jet_effect,
    pool_effect,
)
from riskmodel.quantified.releases import Release, gauge_pressure, inlet_mm, pressure, state, temperature
from riskmodel.quantified.toxic import Climate, ToxicCloud
from riskmodel.quantified.units import Units
from riskmodel.scenarios import Kernel

#: Weights (shares of the weather) and kernel index per unit.
Kernels = Iterator[tuple[float, NDArray[np.int32]]]


def cloud_mass(assembly: Assembly, units: Units, out: Release) -> Array:
    """Mass in kg that hangs in the air when the cloud ignites: what flashed and as much spray, at most all.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> from riskmodel.quantified.failures import whole
    >>> assembly, vessel = unit(unit_type="pressure_vessels", substance="propane", quantity_t=40.0, vessels=1)
    >>> cloud_mass(assembly, vessel, whole(assembly, vessel)).round(-2).tolist()
    [24500.0]
    """
    held = out.mass
    if held is None:
        assert out.rate is not None  # noqa: S101
        held = np.minimum(out.rate * assembly.number("outcome.cloud_time"), out.stock)
    if state(assembly, units) not in ("liquefied", "cryogenic"):
        return held
    fuel = assembly.fuel(str(units.substance[0]))
    warm = np.maximum(temperature(assembly, units), storage_temperature(assembly, units, fuel.boiling))
    share = release.flash_fraction(warm, fuel.boiling, fuel.heat_capacity, fuel.vaporisation)
    return np.asarray(np.minimum(1.0, assembly.parameters.number("consequence.cloud.spray") * share) * held)


def storage_temperature(assembly: Assembly, units: Units, boiling: float) -> Array:
    """Temperature, °C, of a cold liquid that boils under the vessel's gauge pressure p: ``T_b + a √p`` (fit for methane).

    Methane boils at −161.5 °C at 1 atm and at −138 °C at 0.6 MPa. For other states the boiling point: no bound.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, tank = unit(unit_type="lng_station", substance="lng", quantity_t=23.0, vessels=1, pressure_mpa=0.6)
    >>> storage_temperature(assembly, tank, -161.5).round(1).tolist()
    [-138.3]
    """
    if state(assembly, units) != "cryogenic":
        return np.full(len(units), boiling)
    return np.asarray(boiling + assembly.number("outcome.cold_rise") * np.sqrt(gauge_pressure(assembly, units)))


def _sized(make: Callable[..., Effect], name: str, size: Callable[[Assembly, Units, Release], Array | None]) -> Callable[
        [Assembly, Units, Release], Kernels]:
    """A footprint whose effect follows from one size and the fuel."""
    def kernels(assembly: Assembly, units: Units, out: Release) -> Kernels:
        substance = str(units.substance[0])
        fuel = assembly.fuel(substance)
        sizes = size(assembly, units, out)
        assert sizes is not None  # noqa: S101
        group = {"group": significant} if name == "pool" else {}
        yield 1.0, assembly.footprints(f"{name} {substance}", sizes, lambda s: make(s, fuel, assembly.physics),
                                       assembly.clear(units), **group)

    return kernels


def _pool_size(assembly: Assembly, units: Units, out: Release) -> Array:
    fuel = assembly.fuel(str(units.substance[0]))
    rate = np.full(len(units), np.inf) if out.rate is None else out.rate
    depth = assembly.parameters.number("consequence.pool.depth")
    return poolfire.pool_radius(rate, out.spilled, fuel.burning, fuel.density, depth, out.limit)


def _rupture(assembly: Assembly, units: Units, out: Release) -> Kernels:
    """Burst of a vessel of compressed gas: energy ``(P − P0) V / (γ − 1)`` (Brode 1959) as TNT."""
    assert out.mass is not None  # noqa: S101
    p, gamma = pressure(assembly, units), assembly.parameters.number(f"substances.{units.substance[0]}.gamma")
    share = out.mass / np.maximum(units.mass, 1e-9)
    volume = np.where(units.volume > 0, units.volume * share, 0.0)
    tnt = (p - release.ATMOSPHERE) * volume / (gamma - 1) / assembly.physics.tnt_energy * assembly.physics.tnt_reflection
    yield 1.0, assembly.footprints("burst", tnt, burst_effect, assembly.clear(units))


def _impact(assembly: Assembly, units: Units, out: Release) -> Kernels:  # noqa: ARG001
    """Full bore of an inlet: radiation scaled by its potential impact radius."""
    from riskmodel.pipelines import potential_impact_radius  # pipelines use the footprints of this package

    radius = potential_impact_radius(inlet_mm(assembly, units), gauge_pressure(assembly, units))
    make = partial(impact_effect, physics=assembly.physics, flux_at_radius=assembly.number("gate.flux_at_radius"))
    yield 1.0, assembly.footprints("impact", radius, make, assembly.clear(units), significant)


def _charge(assembly: Assembly, units: Units, out: Release) -> Kernels:
    """Explosives: TNT by their division (``hazard_class``), else by the unit type."""
    table = assembly.parameters.table("quantified.explosives.tnt")
    share = np.array([float(table.get(str(division).lstrip("W")[:3], table.get(unit_type, 1.0)))
                      for division, unit_type in zip(units.hazard_class, units.unit_type, strict=True)])
    yield 1.0, assembly.footprints("charge", share * out.spilled, charge_effect, assembly.clear(units))


def _dust(assembly: Assembly, units: Units, out: Release) -> Kernels:  # noqa: ARG001
    """Flame and debris outside a workshop, by its volume where the row has one."""
    radius = np.where(units.volume > 0, dust.flame_length(np.maximum(units.volume, 0.0)), assembly.number("dust.radius"))
    lethality = assembly.number("dust.lethality")
    yield 1.0, assembly.footprints("dust", radius, lambda r: Effect(Kernel.disc(r, lethality, 0.0)), group=significant)


def _toxic(form: str, assembly: Assembly, units: Units, out: Release) -> Kernels:
    """A poisonous cloud in every weather class."""
    substance, climate = str(units.substance[0]), Climate.of(assembly.parameters)
    cloud = ToxicCloud.of(assembly.parameters, substance)
    air = _airborne(assembly, units, out)
    for number, weather in enumerate(climate.classes):
        if form == "puff":
            yield weather.share, assembly.footprints(
                f"{substance} puff {number}", air, partial(cloud.puff, weather=weather, climate=climate))
            continue
        kernel = np.full(len(units), -1, np.int32)
        for seconds in np.unique(out.seconds):
            make = partial(cloud.plume, minutes=seconds / 60, weather=weather, climate=climate)
            some = out.seconds == seconds
            kernel[some] = assembly.footprints(f"{substance} plume {seconds} {number}", air[some], make)
        yield weather.share, kernel


def _airborne(assembly: Assembly, units: Units, out: Release) -> Array:
    """What of a poison drifts away: the flashed share with its spray of what a vessel spills, all of a small flow."""
    def number(name: str) -> float:
        return assembly.parameters.number(f"substances.{units.substance[0]}.{name}")

    share = release.flash_fraction(temperature(assembly, units), number("boiling"), number("heat_capacity"),
                                   number("vaporisation"))
    flashed = np.minimum(1.0, assembly.parameters.number("consequence.cloud.spray") * share)
    if out.mass is not None:
        return np.asarray(flashed * out.mass)
    assert out.rate is not None  # noqa: S101
    return np.asarray(np.where(out.rate >= units.mass / 600, flashed, 1.0) * out.rate)


def _masses(assembly: Assembly, units: Units, out: Release) -> Array:  # noqa: ARG001
    return out.spilled


#: Footprint of a leaf: weights (of weather) and kernel index per unit.
FOOTPRINTS: Mapping[str, Callable[[Assembly, Units, Release], Kernels]] = {
    "fireball": _sized(fireball_effect, "fireball", _masses),
    "jet": _sized(jet_effect, "jet", lambda _assembly, _units, out: out.rate),
    "blast": _sized(blast_effect, "blast", cloud_mass),
    "spilt_blast": _sized(blast_effect, "blast", _masses),
    "flash": _sized(flash_effect, "flash", cloud_mass),
    "pool": _sized(pool_effect, "pool", _pool_size),
    "rupture": _rupture, "impact": _impact, "charge": _charge, "dust": _dust,
    "puff": partial(_toxic, "puff"), "plume": partial(_toxic, "plume"),
}
