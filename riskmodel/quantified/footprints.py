"""Footprints of lethality: consequence formulas and probits joined to kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskmodel.consequence import explosion, fireball, jetfire, poolfire, probit
from riskmodel.parameters import Parameters
from riskmodel.scenarios import Kernel, kernel_distances

Array = NDArray[np.float64]
Lethality = Callable[[Array], Array]


@dataclass(frozen=True)
class Fuel:
    """A flammable substance; see the table ``substances`` for units.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> Fuel.of(parameters(), "propane").combustion / 1e6
    46.333
    """

    density: float
    combustion: float
    burning: float = 0.0
    ignition_class: int = 0
    boiling: float = 0.0
    heat_capacity: float = 0.0
    vaporisation: float = 0.0
    flammable_limit: float = 0.0

    @classmethod
    def of(cls, parameters: Parameters, name: str) -> Fuel:
        """Read the substance `name`; raises UnknownIdentifier if it has no density or heat of combustion."""
        optional = ("burning", "boiling", "heat_capacity", "vaporisation", "flammable_limit")
        names = {key: f"substances.{name}.{key}" for key in optional}
        known = {key: parameters.number(entry) for key, entry in names.items() if entry in parameters.values}
        return cls(
            parameters.number(f"substances.{name}.density"), parameters.number(f"substances.{name}.combustion"),
            ignition_class=int(parameters.number(f"substances.{name}.ignition_class")), **known,
        )


@dataclass(frozen=True)
class Physics:
    """Choices between consequence methods, from the table ``consequence``.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> physics, flux = Physics.of(parameters()), np.array([4e3, 12.5e3, 37.5e3])
    >>> physics.outdoors(flux, 20.0).round(3).tolist(), physics.indoors(flux).tolist()
    ([0.0, 0.065, 1.0], [0.0, 0.0, 1.0])
    """

    constants: str
    certain: float
    exposure: float
    vapour_pressure: float
    fireball_radiated: float
    fireball_emissive: float
    pool_radiated: float
    jet_radiated: float
    flatness: float
    tnt_efficiency: float
    tnt_reflection: float
    tnt_energy: float
    least: float

    @classmethod
    def of(cls, parameters: Parameters) -> Physics:
        """Read the table."""
        number = parameters.number
        return cls(
            str(parameters.entry("consequence.heat.probit").value), number("consequence.heat.certain"),
            number("consequence.heat.exposure"), number("consequence.heat.vapour_pressure"),
            number("consequence.fireball.radiated"), number("consequence.fireball.emissive_most"),
            number("consequence.pool.radiated"), number("consequence.jet.radiated"), number("consequence.cloud.flatness"),
            number("consequence.explosion.efficiency"), number("consequence.explosion.reflection"),
            number("consequence.explosion.tnt_energy"), number("consequence.footprint.least"),
        )

    def outdoors(self, flux: Array, seconds: float = np.inf) -> Array:
        """P(death) outdoors under `flux` W/m² for `seconds`, by the chosen probit, cap and certain limit."""
        return probit.heat_outdoors(flux, seconds, constants=self.constants, certain=self.certain, longest=self.exposure)

    def indoors(self, flux: Array) -> Array:
        """P(death) indoors under `flux` W/m²."""
        return probit.heat_indoors(flux, certain=self.certain)


@dataclass(frozen=True)
class Effect:
    """A footprint, and what it does to equipment.

    Attributes
    ----------
    kernel : Kernel
        Probability of death against distance.
    hazard : str
        What may make other equipment fail: ``heat`` (minutes of radiation), ``fireball`` (seconds), ``blast``, or ``none``.
    intensity : callable or None
        Of distance (m): heat flux in W/m² or overpressure in Pa; with a leading axis where directions are equally likely.
    seconds : float
        How long the heat lasts.
    arrival, minutes : float
        When a toxic cloud reaches the middle of its footprint, and how long it passes, min.

    Examples
    --------
    >>> blast = charge_effect(1000.0)
    >>> blast.hazard, (blast.intensity(np.array([54.0, 159.0])) / 1e3).round(1).tolist(), round(blast.kernel.radius)
    ('blast', [44.0, 9.0], 146)
    """

    kernel: Kernel
    hazard: Literal["heat", "fireball", "blast", "none"] = "none"
    intensity: Lethality | None = None
    seconds: float = np.inf
    arrival: float = 0.0
    minutes: float = 0.0


def reach(lethality: Lethality, far: float, least: float) -> float:
    """Distance in metres beyond which `lethality` stays below `least`; searched up to `far`, to 1 %.

    Examples
    --------
    >>> round(reach(lambda r: np.exp(-r / 10), 1000.0, 1e-3))
    69
    """
    r = np.geomspace(0.5, far, int(100 * np.log(2 * far)) + 2)
    above = np.flatnonzero(lethality(r) >= least)
    return float(r[min(above[-1] + 1, r.size - 1)]) if above.size else 0.5


def cleared(kernel: Kernel, distance: float) -> Kernel:
    """The same kernel where nobody is indoors closer than `distance` m.

    Examples
    --------
    >>> cleared(Kernel.disc(100.0, 0.5), 60.0).indoors[[0, 255]].tolist()
    [0.0, 0.5]
    """
    return replace(kernel, indoors=np.where(kernel_distances(kernel.radius) < distance, 0.0, kernel.indoors))


def heat_kernel(flux: Lethality, far: float, physics: Physics, seconds: float = np.inf) -> Kernel:
    """Kernel of a heat flux (W/m²) that falls with distance.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> kernel = heat_kernel(lambda r: 12.5e3 * (100.0 / np.maximum(r, 1.0)) ** 2, 500.0, Physics.of(parameters()))
    >>> round(kernel.radius), kernel.outdoors[[0, 128]].round(2).tolist()
    (127, [1.0, 0.22])
    """
    def outdoors(r: Array) -> Array:
        return physics.outdoors(flux(r), seconds)

    radius = reach(outdoors, far, physics.least)
    return Kernel.of(radius, outdoors, lambda r: physics.indoors(flux(r)))


def pool_effect(radius: float, fuel: Fuel, physics: Physics) -> Effect:
    """Pool fire of `radius` m: certain death in the pool, point-source heat around it.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> fire = pool_effect(10.0, Fuel.of(parameters(), "gasoline"), Physics.of(parameters()))
    >>> round(fire.kernel.radius), (fire.intensity(np.array([20.0, 40.0])) / 1e3).round(1).tolist()
    (39, [30.2, 7.6])
    """
    power = poolfire.radiated_power(radius, fuel.burning, fuel.combustion, physics.pool_radiated)

    def flux(r: Array) -> Array:
        around = poolfire.point_source_flux(np.maximum(r, 0.1), power)
        return np.where(r <= radius, np.maximum(around, physics.certain), around)

    return Effect(heat_kernel(flux, 20 * radius + 50, physics), "heat", flux)


def fireball_effect(mass: float, fuel: Fuel, physics: Physics) -> Effect:
    """Fireball of `mass` kg: certain death below the ball, solid-flame heat around it.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> ball = fireball_effect(20_000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters()))
    >>> round(ball.kernel.radius), round(ball.seconds, 1)
    (309, 12.2)
    """
    power = np.minimum(fireball.emissive_power(mass, fuel.combustion, physics.fireball_radiated), physics.fireball_emissive)
    half, seconds = float(fireball.diameter(mass)) / 2, float(fireball.duration(mass))

    def flux(r: Array) -> Array:
        around = fireball.solid_flame_flux(r, mass, power, vapour_pressure=physics.vapour_pressure)
        return np.where(r <= half, np.maximum(around, physics.certain), around)

    return Effect(heat_kernel(flux, 20 * half + 50, physics, seconds), "fireball", flux, seconds)


def jet_effect(rate: float, fuel: Fuel, physics: Physics) -> Effect:
    """Horizontal jet fire of `rate` kg/s, mean over its unknown direction.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> jet = jet_effect(10.0, Fuel.of(parameters(), "propane"), Physics.of(parameters()))
    >>> round(jet.kernel.radius), jet.intensity(np.array([30.0])).shape
    (56, (36, 1))
    """
    length = float(jetfire.chinese_length(rate, fuel.combustion))

    def flux(r: Array) -> Array:
        return jetfire.mean_over_directions(r, length, rate, fuel.combustion, physics.jet_radiated)

    def outdoors(r: Array) -> Array:
        return np.asarray(physics.outdoors(flux(r)).mean(axis=0))

    radius = reach(outdoors, 6 * length + 20, physics.least)
    kernel = Kernel.of(radius, outdoors, lambda r: np.asarray(physics.indoors(flux(r)).mean(axis=0)))
    return Effect(kernel, "heat", flux)


def impact_effect(radius: float, physics: Physics, flux_at_radius: float) -> Effect:
    """Burning gas from the full bore of a line: ``q = q_R (R/r)²`` with q_R at the potential impact radius R (Stephens 2000).

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(impact_effect(100.0, Physics.of(parameters()), 15.8e3).kernel.radius)
    143
    """
    def flux(r: Array) -> Array:
        return flux_at_radius * np.square(radius / np.maximum(r, 1e-3 * radius))

    return Effect(heat_kernel(flux, 3 * radius + 5, physics), "heat", flux)


def cloud_radius(mass: float, fuel: Fuel, flatness: float) -> float:
    """Radius, m, of a flat cylinder of gas well mixed at the lower flammable limit: ``(m / (LFL π flatness))^(1/3)``.

    Examples
    --------
    >>> fuel = Fuel(500.0, 46.3e6, flammable_limit=0.038)
    >>> round(cloud_radius(9_000.0, fuel, 0.2), 1)
    72.2
    """
    return float(np.cbrt(mass / (fuel.flammable_limit * np.pi * flatness)))


def flash_effect(mass: float, fuel: Fuel, physics: Physics) -> Effect:
    """Flash fire: certain death inside the flammable cloud of `mass` kg (Purple Book 5.2.3); too short to harm equipment.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> cloud = flash_effect(9000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters()))
    >>> round(cloud.kernel.radius), cloud.kernel.outdoors[0].item(), cloud.hazard
    (72, 1.0, 'none')
    """
    return Effect(Kernel.disc(cloud_radius(mass, fuel, physics.flatness), 1.0))


def blast_radius(mass: float, fuel: Fuel, physics: Physics, overpressure: float) -> float:
    """Distance, m, to `overpressure` (Pa) of the explosion of `mass` kg: TNT equivalence, Kinney and Graham.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> fuel, physics = Fuel.of(parameters(), "propane"), Physics.of(parameters())
    >>> round(blast_radius(9000.0, fuel, physics, 3e4)), round(blast_radius(9000.0, fuel, physics, 1e4))
    (93, 188)
    """
    tnt = _tnt_of_cloud(mass, fuel, physics)
    return float(np.cbrt(tnt)) * explosion.scaled_distance(explosion.kinney_graham, overpressure / 1e3)


def _tnt_of_cloud(mass: float, fuel: Fuel, physics: Physics) -> float:
    return float(explosion.tnt_mass(mass, fuel.combustion, efficiency=physics.tnt_efficiency,
                                    reflection=physics.tnt_reflection, tnt=physics.tnt_energy))


def blast_effect(mass: float, fuel: Fuel, physics: Physics) -> Effect:
    """Vapour-cloud explosion by the 0.3 and 0.1 bar rule (Purple Book 5.2.4).

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> blast = blast_effect(9000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters())).kernel
    >>> round(blast.radius), blast.outdoors[[0, 255]].tolist(), blast.indoors[[0, 255]].tolist()
    (188, [1.0, 0.0], [1.0, 0.025])
    """
    return _blast(_tnt_of_cloud(mass, fuel, physics), explosion.kinney_graham)


def burst_effect(tnt: float) -> Effect:
    """Burst of a vessel under pressure, `tnt` kg of TNT by the energy of the gas; same rule, free air with reflection inside.

    Examples
    --------
    >>> round(burst_effect(50.0).kernel.radius)
    37
    """
    return _blast(tnt, explosion.kinney_graham)


def charge_effect(tnt: float) -> Effect:
    """`tnt` kg of explosives on the ground: overpressure of GB 6722-2014 clause 13.3.2, deaths by the 0.3 and 0.1 bar rule.

    1 t: 44 kPa at 54 m, 9 kPa at 159 m, 2 kPa at 589 m.

    Examples
    --------
    >>> (charge_effect(1000.0).intensity(np.array([54.0, 159.0, 589.0])) / 1e3).round().tolist()
    [44.0, 9.0, 2.0]
    """
    return _blast(tnt, explosion.gb6722)


def _blast(tnt: float, law: Lethality) -> Effect:
    root = float(np.cbrt(tnt))
    near, far = (root * explosion.scaled_distance(law, p) for p in (30.0, 10.0))

    def overpressure(r: Array) -> Array:
        return np.where(r <= near, 3e4, 1e4)

    kernel = Kernel.of(far, lambda r: probit.blast_outdoors(overpressure(r)), lambda r: probit.blast_indoors(overpressure(r)))
    return Effect(kernel, "blast", lambda r: 1e3 * law(np.maximum(r, 0.05 * root) / root))


def pool_kernel(radius: float, fuel: Fuel, physics: Physics) -> Kernel:
    """Kernel of :func:`pool_effect`.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(pool_kernel(10.0, Fuel.of(parameters(), "gasoline"), Physics.of(parameters())).radius)
    39
    """
    return pool_effect(radius, fuel, physics).kernel


def fireball_kernel(mass: float, fuel: Fuel, physics: Physics) -> Kernel:
    """Kernel of :func:`fireball_effect`.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(fireball_kernel(20_000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters())).radius)
    309
    """
    return fireball_effect(mass, fuel, physics).kernel


def jet_kernel(rate: float, fuel: Fuel, physics: Physics) -> Kernel:
    """Kernel of :func:`jet_effect`.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(jet_kernel(10.0, Fuel.of(parameters(), "propane"), Physics.of(parameters())).radius)
    56
    """
    return jet_effect(rate, fuel, physics).kernel


def flash_kernel(mass: float, fuel: Fuel, physics: Physics) -> Kernel:
    """Kernel of :func:`flash_effect`.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(flash_kernel(9000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters())).radius)
    72
    """
    return flash_effect(mass, fuel, physics).kernel


def blast_kernel(mass: float, fuel: Fuel, physics: Physics) -> Kernel:
    """Kernel of :func:`blast_effect`.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(blast_kernel(9000.0, Fuel.of(parameters(), "propane"), Physics.of(parameters())).radius)
    188
    """
    return blast_effect(mass, fuel, physics).kernel
