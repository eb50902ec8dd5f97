"""Buried lines as scenarios: gas, oil, liquefied gas, hot water and steam, from failure rates per km to straight pieces.

Gas above 0.4 MPa burns at the break: radiation falls with distance; the potential impact radius is its measure, not a disc
of death. At medium pressure gas that leaks into a building governs. Oil burns as a pool, liquefied gas as a jet or, later, as a
flash fire; hot water and steam scald.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.pipelines.rules import potential_impact_radius, pressure_class
from riskmodel.quantified.assembly import significant
from riskmodel.quantified.footprints import Fuel, Physics, flash_kernel, heat_kernel, jet_kernel, pool_kernel
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme

KIND = "pipeline"

Array = NDArray[np.float64]

_BUILDING = ("低压", "中压B", "中压A")


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of lines: the line's row in the frame, and its ends in Albers metres.

    Examples
    --------
    >>> bent = np.array([shapely.LineString([(0, 0), (300, 0), (300, 400)])], object)
    >>> pieces = Pieces.of(bent, np.array([7]))
    >>> pieces.row.tolist(), np.hypot(pieces.x2 - pieces.x1, pieces.y2 - pieces.y1).tolist()
    ([7, 7], [300.0, 400.0])
    """

    row: NDArray[np.int64]
    x1: Array
    y1: Array
    x2: Array
    y2: Array

    @classmethod
    def of(cls, geometry: NDArray[np.object_], row: NDArray[np.int64]) -> Pieces:
        """Cut lines (LineString or MultiLineString) into pieces; pieces without length are left out."""
        parts, owner = shapely.get_parts(geometry, return_index=True)
        xy, part = shapely.get_coordinates(parts, return_index=True)
        same = (part[1:] == part[:-1]) & np.any(xy[1:] != xy[:-1], axis=1)
        start, end = xy[:-1][same], xy[1:][same]
        return cls(row[owner[part[:-1][same]]], start[:, 0], start[:, 1], end[:, 0], end[:, 1])


@dataclass(frozen=True)
class Lines:
    """Lines of one medium as columns, cut into pieces.

    `position` holds, per piece, the place of its line in the other columns.

    Examples
    --------
    >>> pieces = Pieces.of(np.array([shapely.LineString([(0, 0), (300, 0), (300, 400)])], object), np.array([7]))
    >>> lines = Lines(np.array([300.0]), np.array([1.6]), np.array([1.2]), pieces, np.array([0, 0]))
    >>> lines.factor[lines.position].tolist()
    [1.2, 1.2]
    """

    diameter: Array  # mm
    pressure: Array  # MPa
    factor: Array  # of the failure rate: age, diameter, cover
    pieces: Pieces
    position: NDArray[np.int64]


@dataclass
class _Assembly:
    builder: ScenarioBuilder
    parameters: Parameters
    physics: Physics
    learned: pd.Series | None = None  # factor by id, in place of age, diameter and cover

    def number(self, name: str) -> float:
        return self.parameters.number(f"pipelines.{name}")

    def table(self, name: str) -> dict[str, float]:
        return {key: float(value) for key, value in self.parameters.table(f"pipelines.{name}").items()}

    def kernels(self, sizes: Array, make: Callable[[float], Kernel]) -> NDArray[np.int32]:
        """Kernel index per line; sizes equal to three digits share one, size 0 has none."""
        unique, where = np.unique(significant(sizes), return_inverse=True)
        made = [self.builder.kernel(make(float(size))) if size > 0 else -1 for size in unique]
        return np.array(made, np.int32)[where]

    def add(self, lines: Lines, label: str, per_km: ArrayLike, kernel: ArrayLike) -> None:
        """Add one scenario along lines; `per_km` events per km and year before the factor, one value or one per line."""
        rate = np.broadcast_to(np.asarray(per_km, np.float64), lines.factor.shape) * lines.factor / 1000
        kernels = np.broadcast_to(np.asarray(kernel, np.int32), lines.factor.shape)
        chosen = rate[lines.position] > 0
        at, pieces = lines.position[chosen], lines.pieces
        if at.size:
            self.builder.add_lines(
                KIND, label, Theme.PIPELINE, Scope.AN, row=pieces.row[chosen], x1=pieces.x1[chosen], y1=pieces.y1[chosen],
                x2=pieces.x2[chosen], y2=pieces.y2[chosen], rate=rate[at], kernel=kernels[at],
            )


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, learned: pd.Series | None = None) -> int:
    """Turn every buried line into scenarios.

    Schematic lines, and lines whose position is known less exactly than ``pipelines.position.accuracy``, are drawn, never scored.
    A gas line without diameter or pressure is refused.

    Parameters
    ----------
    builder : ScenarioBuilder
        Receives the scenarios and the refusals.
    inputs : ModelInputs
        Its frame ``pipeline`` is read; ages count to ``as_of``.
    parameters : Parameters
        Tables ``pipelines``, ``consequence`` and ``substances``.
    learned : Series, optional
        Factor of the failure rate by id, from an approved model; in place of the factors of age, diameter and cover.

    Returns
    -------
    int
        How many lines are drawn only.

    Raises
    ------
    UnknownIdentifier
        If a medium has no method.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> builder = ScenarioBuilder((KIND,))
    >>> add(builder, town(), parameters())
    0
    >>> found = builder.finish()
    >>> found.labels, [f"{rate * 1000:.1e}" for rate in found.lines.rate]
    (('燃气管线断裂·喷射火', '燃气管线穿孔·喷射火'), ['2.5e-06', '5.3e-06'])
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return 0
    accuracy = pd.to_numeric(frame["position_accuracy_m"]).to_numpy(np.float64, na_value=np.nan)
    drawn = (frame["service"] == "schematic").to_numpy(bool) | (accuracy > parameters.number("pipelines.position.accuracy"))
    unknown = (frame["medium"] == "gas").to_numpy(bool) & frame[["diameter_mm", "pressure_mpa"]].isna().any(axis=1).to_numpy(bool)
    for source in frame.loc[unknown & ~drawn, "id"]:
        builder.refuse(KIND, str(source), "燃气管线缺少管径或压力，无法确定压力级制与影响半径，不评分，不等于无风险")
    assembly = _Assembly(builder, parameters, Physics.of(parameters), learned)
    medium = frame["medium"].to_numpy(object)
    for name in pd.unique(frame["medium"]):
        if name not in _METHODS:
            raise UnknownIdentifier(f"没有管线介质“{name}”的计算方法", f"there is no method for medium {name!r}", medium=name)
        chosen = np.flatnonzero((medium == name) & ~drawn & ~unknown)
        if chosen.size:
            _METHODS[name](assembly, _lines(frame, chosen, inputs.as_of.year, assembly))
    return int(drawn.sum())


def _lines(frame: pd.DataFrame, chosen: NDArray[np.int64], year: int, assembly: _Assembly) -> Lines:
    def number(name: str) -> Array:
        return np.asarray(pd.to_numeric(frame[name]).to_numpy(np.float64, na_value=np.nan))[chosen]

    diameter = number("diameter_mm")
    pieces = Pieces.of(frame["geometry"].to_numpy(object)[chosen], chosen)
    factor = _factor(assembly, year - number("year"), diameter, number("depth_m"))
    if assembly.learned is not None:
        known = assembly.learned.reindex(frame["id"].to_numpy(object)[chosen]).to_numpy(np.float64)
        factor = np.where(np.isnan(known), factor, known)
    return Lines(diameter, number("pressure_mpa"), factor, pieces, np.searchsorted(chosen, pieces.row))


def _factor(assembly: _Assembly, age: Array, diameter: Array, depth: Array) -> Array:
    """Factor of the failure rate; a missing field counts as ordinary."""
    bounds = assembly.parameters.array("pipelines.factor.age_bounds")
    age_class = np.searchsorted(bounds, np.where(np.isnan(age), bounds[0], age), side="right")
    by_age = assembly.parameters.array("pipelines.factor.age")[age_class]
    small = np.where(diameter < assembly.number("factor.small_mm"), assembly.number("factor.small"), 1.0)
    shallow = np.where(depth < assembly.number("factor.shallow_m"), assembly.number("factor.shallow"), 1.0)
    return np.asarray(by_age * small * shallow)


def radiation_kernel(radius: float, *, flux_at_radius: float, physics: Physics) -> Kernel:
    """Kernel of burning gas: ``q = q_R (R/r)²`` with q_R at the potential impact radius R (Stephens 2000), capped exposure.

    With 15.8 kW/m² at R, 20 s and the probit of Tsao and Perry, v is 1 up to 0.65 R, 0.79 at 0.8 R, 0.24 at R and 0.01 at 1.27 R.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> kernel = radiation_kernel(100.0, flux_at_radius=15.8e3, physics=Physics.of(parameters()))
    >>> at = np.square(np.array([80.0, 100.0, 127.0]) / kernel.radius)
    >>> np.interp(at, np.linspace(0, 1, 257), kernel.outdoors).round(2).tolist()
    [0.79, 0.24, 0.01]
    """
    def flux(r: Array) -> Array:
        return flux_at_radius * np.square(radius / np.maximum(r, 1e-3 * radius))

    return heat_kernel(flux, 3 * radius + 5, physics)


def _mixture(sizes: Iterator[tuple[float, float]], make: Callable[[float], Kernel]) -> Kernel:
    """Mean kernel of events of different size, weighted by their rates."""
    parts = [(weight, make(size)) for size, weight in sizes]
    total = sum(weight for weight, _ in parts)

    def mean(table: str, r: Array) -> Array:
        result = np.zeros_like(r)
        for weight, part in parts:
            knots = np.linspace(0.0, 1.0, getattr(part, table).size)
            result += weight / total * np.interp((r / part.radius) ** 2, knots, getattr(part, table), right=0.0)
        return result

    return Kernel.of(max(part.radius for _, part in parts), partial(mean, "outdoors"), partial(mean, "indoors"))


def _rupture_ignition(assembly: _Assembly, lines: Lines) -> Array:
    """Probability that a rupture burns: ``a + b p d²`` with p in bar and d in m, at most the cap (Acton and Baldwin 2008)."""
    base, slope = assembly.parameters.array("pipelines.gas.rupture_ignition")
    size = 10 * lines.pressure * np.square(lines.diameter / 1000)
    return np.asarray(np.minimum(base + slope * size, assembly.number("gas.rupture_ignition_most")))


def _gas(assembly: _Assembly, lines: Lines) -> None:
    names = pressure_class(lines.pressure)
    low = np.isin(names, _BUILDING)
    lethality = assembly.number("gas.building_lethality")
    disc = assembly.kernels(np.where(low, assembly.number("gas.building_radius"), 0.0), lambda r: Kernel.disc(r, lethality))
    assembly.add(lines, "中低压燃气泄漏窜入建筑·爆炸", np.where(low, assembly.number("gas.building"), 0.0), disc)
    rates = assembly.table("gas.rate")
    rate = np.array([rates.get(name, 0.0) for name in names])
    radiation = partial(radiation_kernel, flux_at_radius=assembly.number("gas.flux_at_radius"), physics=assembly.physics)
    split, ignition = assembly.table("gas.split"), assembly.table("gas.ignition")
    size = np.where(low, 0.0, potential_impact_radius(lines.diameter, lines.pressure))
    burns = _rupture_ignition(assembly, lines)
    assembly.add(lines, "燃气管线断裂·喷射火", rate * split["rupture"] * burns, assembly.kernels(size, radiation))
    leaks = sum(split[name] * ignition[name] for name in ("pinhole", "hole"))
    holes = assembly.table("gas.hole_mm")

    def leak_kernel(pressure: float) -> Kernel:
        return _mixture(((assembly.number("gas.hole_radius") * float(potential_impact_radius(holes[name], pressure)),
                          split[name] * ignition[name]) for name in ("pinhole", "hole")), radiation)

    pressure = np.where(low, 0.0, lines.pressure)
    assembly.add(lines, "燃气管线穿孔·喷射火", rate * leaks, assembly.kernels(pressure, leak_kernel))


def _oil(assembly: _Assembly, lines: Lines, fuel_of: str) -> None:
    fuel = Fuel.of(assembly.parameters, str(assembly.parameters.table("pipelines.oil.fuel")[fuel_of]))
    split, pools = assembly.table("oil.split"), assembly.table("oil.pool_m")
    for name, label in (("hole", "输油管线穿孔·池火"), ("rupture", "输油管线断裂·池火")):
        kernel = assembly.builder.kernel(pool_kernel(pools[name], fuel, assembly.physics))
        assembly.add(lines, label, assembly.number("oil.rate") * split[name] * assembly.number("oil.ignition"), kernel)


def _lpg(assembly: _Assembly, lines: Lines) -> None:
    """Jet fire at once, flash fire of what has gathered by then later; the impact radius is for natural gas only."""
    fuel = Fuel.of(assembly.parameters, "lpg")
    rates, gathered = assembly.table("lpg.release"), assembly.number("lpg.gathered")
    now, later = assembly.table("lpg.ignition")["immediate"], assembly.table("lpg.ignition")["delayed"]
    for name, label in (("hole", "液化气管线穿孔"), ("rupture", "液化气管线断裂")):
        event = assembly.number("lpg.rate") * assembly.table("lpg.split")[name]
        jet = assembly.builder.kernel(jet_kernel(rates[name], fuel, assembly.physics))
        flash = assembly.builder.kernel(flash_kernel(rates[name] * gathered, fuel, assembly.physics))
        assembly.add(lines, f"{label}·喷射火", event * now, jet)
        assembly.add(lines, f"{label}·闪火", event * (1 - now) * later, flash)


def _scald(assembly: _Assembly, lines: Lines, medium: str, label: str) -> None:
    disc = Kernel.disc(assembly.number(f"{medium}.radius"), assembly.number(f"{medium}.lethality"), 0.0)
    assembly.add(lines, label, assembly.number(f"{medium}.rate"), assembly.builder.kernel(disc))


_METHODS: Mapping[str, Callable[[_Assembly, Lines], None]] = {
    "gas": _gas, "oil": partial(_oil, fuel_of="oil"), "crude": partial(_oil, fuel_of="crude"),
    "products": partial(_oil, fuel_of="products"), "lpg": _lpg,
    "heat": partial(_scald, medium="heat", label="热力管线泄漏·烫伤塌陷"),
    "steam": partial(_scald, medium="steam", label="蒸汽管线爆裂·烫伤"),
}
