"""Event trees, one table for all kinds of units: what fails × whether it is stopped × when it ignites → outcome.

A :class:`Event` names what fails, how often (a parameter), per what, which source term follows and who may stop it. The
substance's state picks the tree of :data:`TREES`, whose leaves are outcomes with their probability and footprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.errors import UnknownIdentifier
from riskmodel.quantified import ignition
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.failures import TERMS
from riskmodel.quantified.outcomes import FOOTPRINTS, cloud_mass
from riskmodel.quantified.releases import Release, state
from riskmodel.quantified.substances import chinese_name
from riskmodel.quantified.units import Units, filled
from riskmodel.scenarios import Theme


@dataclass(frozen=True)
class Event:
    """One loss of containment.

    Attributes
    ----------
    label : str
        What happens, in Chinese.
    frequency : str
        Number in the table ``quantified``; a table there is looked up by the unit type.
    per : str
        Key of :data:`PER`: what the frequency counts.
    term : str
        Key of :data:`riskmodel.quantified.failures.TERMS`.
    control : str
        Key of :data:`CONTROLS`: who may stop it.
    tree : str
        Key of :data:`TREES` in place of the state's own tree.
    ignition : str
        Parameter with the probability of immediate ignition in place of the table's.

    Examples
    --------
    >>> burst = Event("储罐破裂", "vessel.instantaneous", "vessel", "whole")
    >>> burst.per in PER, burst.term in TERMS, burst.control
    (True, True, 'none')
    """

    label: str
    frequency: str
    per: str
    term: str
    control: str = "none"
    tree: str = ""
    ignition: str = ""


@dataclass(frozen=True)
class Odds:
    """Probabilities of an event tree, one value per unit: ignition at once, later if not at once, BLEVE, explosion.

    Examples
    --------
    >>> odds = Odds(np.array([0.2]), np.array([0.5]), np.array([0.7]), np.array([0.4]))
    >>> odds.burns.round(3).tolist(), odds.ball.round(3).tolist(), odds.late.round(3).tolist()
    ([0.6], [0.14], [0.46])
    """

    now: Array
    later: Array
    bleve: Array
    explodes: Array

    @property
    def burns(self) -> Array:
        """Ignites at any time."""
        return np.asarray(self.now + (1 - self.now) * self.later)

    @property
    def ball(self) -> Array:
        """A vessel bursts and its content burns as a ball of fire."""
        return np.asarray(self.now * self.bleve)

    @property
    def late(self) -> Array:
        """The cloud burns otherwise than as a ball of fire or a jet."""
        return np.asarray(self.burns - self.ball)


@dataclass(frozen=True)
class Leaf:
    """An outcome: its name, its probability given the release, and its footprint.

    ``footprint`` is a key of :data:`riskmodel.quantified.outcomes.FOOTPRINTS`.

    Examples
    --------
    >>> odds = Odds(np.array([0.2]), np.array([0.5]), np.array([0.7]), np.array([0.4]))
    >>> {leaf.label: leaf.share(odds).round(3).item() for leaf in TREES["liquefied burst"]}
    {'火球': 0.14, '蒸气云爆炸': 0.184, '闪火': 0.276}
    """

    label: str
    share: Callable[[Odds], Array | float]
    footprint: str


_BURST = (
    Leaf("火球", lambda o: o.ball, "fireball"),
    Leaf("蒸气云爆炸", lambda o: o.late * o.explodes, "blast"),
    Leaf("闪火", lambda o: o.late * (1 - o.explodes), "flash"),
)
_FLOW = (
    Leaf("喷射火", lambda o: o.now, "jet"),
    Leaf("蒸气云爆炸", lambda o: (o.burns - o.now) * o.explodes, "blast"),
    Leaf("闪火", lambda o: (o.burns - o.now) * (1 - o.explodes), "flash"),
)
_POOL = (Leaf("池火", lambda o: o.burns, "pool"),)

#: Outcomes by the state of the substance and how it comes out; leaves of one tree exclude each other.
TREES: Mapping[str, tuple[Leaf, ...]] = {
    "liquid burst": _POOL, "liquid flow": _POOL,
    "liquefied burst": _BURST, "liquefied flow": _FLOW,
    "cryogenic burst": _BURST, "cryogenic flow": _FLOW,
    "compressed burst": (
        Leaf("火球", lambda o: o.now, "fireball"),
        Leaf("闪火", lambda o: o.burns - o.now, "flash"),
        Leaf("物理爆炸", lambda o: 1 - o.burns, "rupture"),
    ),
    "compressed flow": _FLOW,
    "toxic burst": (Leaf("团", lambda _: 1.0, "puff"),), "toxic flow": (Leaf("云", lambda _: 1.0, "plume"),),
    "explosive burst": (Leaf("爆炸", lambda _: 1.0, "charge"),),
    "dust burst": (Leaf("爆燃", lambda _: 1.0, "dust"),),
    "tailings burst": (),  # its footprint is no circle: riskmodel.quantified.tailings
    # trees of their own, named by an event
    "overfill": (Leaf("蒸气云爆炸", lambda _: 1.0, "spilt_blast"),),
    "ball": (Leaf("火球", lambda _: 1.0, "fireball"),),
    "full bore": (Leaf("喷射火", lambda o: o.burns, "impact"),),
    "floor": (Leaf("池火", lambda _: 1.0, "pool"),),
}

#: What a frequency counts: exposure of a unit in a year.
PER: Mapping[str, Callable[[Assembly, Units], Array]] = {
    "unit": lambda _, units: np.ones(len(units)),
    "vessel": lambda _, units: units.vessels,
    "connected": lambda assembly, units: np.minimum(units.vessels, assembly.number("drum.connected")),
    "hour": lambda assembly, units: unloading_hours(assembly, units),
    "presence": lambda assembly, units: unloading_hours(assembly, units) / 8760,
    "floor fire": lambda assembly, units: store_fires(assembly, units) * assembly.number("store.spread"),
}


def unloading_hours(assembly: Assembly, units: Units) -> Array:
    """Unloading hours per year, with the default of the unit type where a row has none.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, station = unit(unit_type="filling_station", substance="gasoline", unloading_h=150.0)
    >>> unloading_hours(assembly, station).tolist()
    [150.0]
    """
    return filled(units.hours, np.nan_to_num(assembly.by_type("unloading.hours", units)))


def store_fires(assembly: Assembly, units: Units) -> Array:
    """Fires per year of a chemical store: an ordinary warehouse of the same floor, times ``quantified.store.fire_factor``.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, store = unit(unit_type="chemical_store", substance="toluene", bund_m2=500.0)
    >>> store_fires(assembly, store).round(5).tolist()
    [0.00345]
    """
    area = np.where(filled(units.bund, 0.0) > 0, units.bund, assembly.number("store.area"))
    parameters = assembly.parameters
    rate = float(parameters.table("fire.ignition.rate")["warehouse"])
    low, high = parameters.array("fire.ignition.area")
    fires = rate * (np.clip(area, low, high) / 1000) ** parameters.number("fire.ignition.exponent")
    return np.asarray(fires * assembly.number("store.fire_factor"))


@dataclass(frozen=True)
class Stop:
    """A way that an operator or a valve ends a release: suffix of the label, probability, and what is left of it.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> from riskmodel.quantified.failures import pigtail
    >>> assembly, store = unit()
    >>> stops = list(CONTROLS["isolated"](assembly, store, pigtail(assembly, store)))
    >>> [(stop.suffix, stop.share.tolist(), stop.release.seconds.tolist()) for stop in stops]
    [('（切断）', [0.999], [120.0]), ('（切断失效）', [0.001], [1800.0])]
    """

    suffix: str
    share: Array
    release: Release


def _none(assembly: Assembly, units: Units, out: Release) -> Iterator[Stop]:  # noqa: ARG001
    yield Stop("", np.ones(len(units)), out)


def _watched(assembly: Assembly, units: Units, out: Release) -> Iterator[Stop]:
    """Somebody stands by and stops the flow in time, or nobody does until the longest time."""
    stopped, liquid = assembly.number("unloading.stopped"), state(assembly, units) == "liquid"
    for suffix, share, seconds, pool in (("（及时切断）", stopped, "stop_time", "pool_stopped"),
                                         ("（未切断）", 1 - stopped, "longest", "pool_unstopped")):
        limit = np.minimum(out.limit, assembly.number(f"unloading.{pool}")) if liquid else out.limit
        held = np.full(len(units), assembly.number(f"unloading.{seconds}"))
        yield Stop(suffix, np.full(len(units), share), replace(out, seconds=held, limit=limit))


def _valve(assembly: Assembly, units: Units, out: Release) -> Iterator[Stop]:
    """An excess-flow valve closes after seconds, so that little comes out at once; if it fails, who stands by may stop it."""
    fails = assembly.number("unloading.valve_fails")
    assert out.rate is not None  # noqa: S101
    little = replace(out, mass=np.asarray(out.rate * assembly.number("unloading.valve_time")), rate=None)
    yield Stop("（过流阀动作）", np.full(len(units), 1 - fails), little)
    for stop in _watched(assembly, units, out):
        yield Stop("（过流阀失效）", fails * stop.share, stop.release)


def _isolated(assembly: Assembly, units: Units, out: Release) -> Iterator[Stop]:
    """The unit's own way of shutting off works in its time, or fails and the flow goes on for the manual time."""
    times, fails = (assembly.parameters.table(f"quantified.isolation.{name}") for name in ("time", "fails"))
    for name in np.unique(units.isolation.astype(str)):
        if name not in times:
            raise UnknownIdentifier(f"没有切断方式“{name}”", f"there is no isolation class {name!r}", isolation=name)
    assert out.rate is not None  # noqa: S101
    fail = np.array([float(fails[name]) for name in units.isolation])
    own = np.array([float(times[name]) for name in units.isolation])
    manual = np.full(len(units), float(times["manual"]))
    for suffix, share, seconds in (("（切断）", 1 - fail, own), ("（切断失效）", fail, manual)):
        yield Stop(suffix, share, replace(out, rate=np.minimum(out.rate, out.stock / seconds), seconds=seconds))


#: Who may stop a release.
CONTROLS: Mapping[str, Callable[[Assembly, Units, Release], Iterator[Stop]]] = {
    "none": _none, "watched": _watched, "valve": _valve, "isolated": _isolated,
}


def grow(assembly: Assembly, units: Units, events: tuple[Event, ...], theme: Theme = Theme.HAZCHEM) -> None:
    """Add every leaf of every event for units of one substance.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, vessel = unit(unit_type="pressure_vessels", substance="propane", quantity_t=40.0, vessels=1)
    >>> grow(assembly, vessel, (Event("储罐破裂", "vessel.instantaneous", "vessel", "whole"),))
    >>> {branch.label: f"{branch.frequency[0]:.1e}" for branch in assembly.branches}
    {'储罐破裂·火球': '2.4e-07', '储罐破裂·蒸气云爆炸': '9.0e-08', '储罐破裂·闪火': '1.4e-07'}
    """
    for event in events:
        frequency = _frequency(assembly, units, event) * PER[event.per](assembly, units)
        for stop in CONTROLS[event.control](assembly, units, TERMS[event.term](assembly, units)):
            for label, share, kernel in leaves(assembly, units, stop.release, tree=event.tree, immediate=event.ignition):
                assembly.add(units, f"{event.label}{stop.suffix}·{label}", frequency * stop.share * share, kernel, theme,
                             stop.release.lasting)


def leaves(assembly: Assembly, units: Units, out: Release, *, tree: str = "", immediate: str = "",
           odds: Odds | None = None) -> Iterator[tuple[str, Array, NDArray[np.int32]]]:
    """Label, probability and kernel index of every leaf of a release; weather classes of poisons are leaves of their own.

    Parameters
    ----------
    tree : str
        Key of :data:`TREES`; by default that of the substance's state.
    immediate : str
        Parameter in place of the table of immediate ignition.
    odds : Odds, optional
        In place of the tables, e.g. where a fire is burning already.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> from riskmodel.quantified.failures import whole
    >>> assembly, vessel = unit(unit_type="pressure_vessels", substance="propane", quantity_t=40.0, vessels=1)
    >>> {label: share.round(2).item() for label, share, kernel in leaves(assembly, vessel, whole(assembly, vessel))}
    {'火球': 0.49, '蒸气云爆炸': 0.18, '闪火': 0.27}
    """
    kind = state(assembly, units)
    chosen = TREES[tree or f"{kind} {'flow' if out.mass is None else 'burst'}"]
    chances = odds if odds is not None else _odds(assembly, units, out, immediate)
    for leaf in chosen:
        label = f"{chinese_name(str(units.substance[0]), assembly.parameters)}{leaf.label}" if kind == "toxic" else leaf.label
        share = np.broadcast_to(np.asarray(leaf.share(chances), np.float64), len(units))
        if share.any():
            for part, kernel in FOOTPRINTS[leaf.footprint](assembly, units, out):
                yield label, share * part, kernel


def _frequency(assembly: Assembly, units: Units, event: Event) -> Array:
    value = assembly.parameters.entry(f"quantified.{event.frequency}").value
    if isinstance(value, dict):
        return assembly.by_type(event.frequency, units)
    return np.full(len(units), float(value))


def _odds(assembly: Assembly, units: Units, out: Release, immediate: str) -> Odds:
    n = len(units)
    if state(assembly, units) in ("toxic", "explosive", "dust", "tailings"):
        return Odds(*(np.zeros(n) for _ in range(4)))
    name = str(units.substance[0])
    ignition_class = assembly.fuel(name).ignition_class
    low = name in assembly.parameters.entry("quantified.substance.low_reactivity").value
    sized = {"rate": out.rate} if out.mass is None else {"mass": out.mass}
    now = ignition.immediate(assembly.parameters, ignition_class, low_reactivity=low, **sized)
    if immediate and ignition_class < 2:
        now = np.full(n, assembly.number(immediate))
    later = ignition.delayed(assembly.parameters, ignition_class, **sized)
    own = units.buried & (units.mass == out.spilled)  # earth keeps the fire from a buried vessel, not from a road tanker
    bleve = np.where(own, 0.0, assembly.number("outcome.bleve")) if out.vessel else np.zeros(n)
    explodes = np.where(cloud_mass(assembly, units, out) >= assembly.number("outcome.explosion_least"),
                        assembly.number("outcome.explosion"), 0.0)
    return Odds(*(np.broadcast_to(np.asarray(value, np.float64), n) for value in (now, later, bleve, explodes)))
