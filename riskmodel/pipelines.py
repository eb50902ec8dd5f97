"""Buried lines: gas, oil and heat, from failure rates per km to scenarios along straight pieces.

Gas above 0.4 MPa burns at the break: radiation falls with distance; the potential impact radius is its measure, not a disc
of death. At medium pressure gas that leaks into a building governs. Oil burns as a pool, hot water scalds.
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
from riskmodel.quantified.assembly import significant
from riskmodel.quantified.footprints import Fuel, Physics, heat_kernel, pool_kernel
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme

KIND = "pipeline"

Array = NDArray[np.float64]

#: Upper pressure bounds in MPa and names of the classes of town gas, GB 50028-2006 (2020) table 6.1.6; above: 长输.
PRESSURE_CLASSES: tuple[tuple[float, str], ...] = (
    (0.01, "低压"), (0.2, "中压B"), (0.4, "中压A"), (0.8, "次高压B"), (1.6, "次高压A"), (2.5, "高压B"), (4.0, "高压A"),
)

#: Width of the strip on each side of a line that the rules look at, m (GB 32167-2015).
STRIP_M = 200.0

_BUILDING = ("低压", "中压B", "中压A")


def potential_impact_radius(diameter_mm: ArrayLike, pressure_mpa: ArrayLike) -> Array:
    """Potential impact radius, m, of a natural-gas line: ``0.099 √(d² p)`` (GB 32167-2015; ASME B31.8S).

    For natural gas only, and only as a measure for screening: it is not a disc of certain death.

    Parameters
    ----------
    diameter_mm : array_like
        Outside diameter, mm.
    pressure_mpa : array_like
        Maximum allowable operating pressure, MPa.

    Examples
    --------
    >>> round(float(potential_impact_radius(1016, 10.0)), 1)
    318.1
    """
    d, p = np.asarray(diameter_mm, np.float64), np.asarray(pressure_mpa, np.float64)
    return np.asarray(0.099 * np.sqrt(d**2 * p))


def pressure_class(pressure_mpa: ArrayLike) -> NDArray[np.object_]:
    """Name of the pressure class of gas lines; the upper bound belongs to the class (GB 50028-2006 (2020) table 6.1.6).

    Only 低压 excludes its bound: it is below 0.01 MPa.

    Examples
    --------
    >>> pressure_class([0.005, 0.01, 0.2, 0.4, 1.0, 4.0, 10.0]).tolist()
    ['低压', '中压B', '中压B', '中压A', '次高压A', '高压A', '长输']
    """
    p = np.asarray(pressure_mpa, np.float64)
    bounds = np.array([bound for bound, _ in PRESSURE_CLASSES])
    names = np.array([name for _, name in PRESSURE_CLASSES] + ["长输"], object)
    place = np.searchsorted(bounds, p, side="left")
    return np.asarray(names[np.where(p == bounds[0], 1, place)])


def hca_grade(
    class_location: ArrayLike, diameter_mm: ArrayLike, pressure_mpa: ArrayLike, *, special_site_m: ArrayLike = np.inf,
    flammable_site_m: ArrayLike = np.inf,
) -> NDArray[np.object_]:
    """Grade of the high-consequence area that a gas line runs through, Ⅲ the most severe (GB 32167-2015 table 1).

    四级地区 → Ⅲ; 三级地区 → Ⅱ; elsewhere Ⅱ with a flammable or explosive place within 200 m, Ⅰ with a special place (特定场所)
    within the potential impact radius of very large and very small lines or within 200 m of others.

    Parameters
    ----------
    class_location : array_like of str
        一级, 二级, 三级 or 四级; None for unknown.
    diameter_mm, pressure_mpa : array_like
        Outside diameter, mm, and maximum allowable operating pressure, MPa.
    special_site_m, flammable_site_m : array_like
        Distance to the nearest special place, and to the nearest filling station, oil depot or the like, m.

    Returns
    -------
    (n,) object
        Ⅰ, Ⅱ, Ⅲ, or None where the line is in no high-consequence area.

    Examples
    --------
    >>> hca_grade(["四级", "三级", "二级", "一级"], 711, 6.3, special_site_m=[0, 0, 150, 500]).tolist()
    ['Ⅲ', 'Ⅱ', 'Ⅰ', None]
    """
    d, p = np.asarray(diameter_mm, np.float64), np.asarray(pressure_mpa, np.float64)
    place = np.asarray(class_location, object)
    by_radius = ((d > 762) & (p > 6.9)) | ((d < 273) & (p < 1.6))
    strip = np.where(by_radius, potential_impact_radius(d, p), STRIP_M)
    near = np.asarray(special_site_m, np.float64) <= strip
    flammable = np.asarray(flammable_site_m, np.float64) <= STRIP_M
    grade = np.select([place == "四级", (place == "三级") | flammable, near], [3, 2, 1], default=0)
    return np.asarray(np.array([None, "Ⅰ", "Ⅱ", "Ⅲ"], object)[grade])


def hca_three(inputs: ModelInputs) -> pd.DataFrame:
    """Streets that long-distance lines cross in a high-consequence area of grade Ⅲ, as far as the class location tells.

    四级地区 is grade Ⅲ for gas and, by the same description of the strip, for oil (GB 32167-2015 tables 1 and 2). Town gas is
    outside that standard; schematic lines, and lines known less exactly than half the 200 m strip, are left out.

    Parameters
    ----------
    inputs : ModelInputs
        Frame ``pipeline``, grid, streets and coverage are read.

    Returns
    -------
    DataFrame
        Columns area_code (street) and name (of the line, or its id); one row per line and street.
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return pd.DataFrame({"area_code": [], "name": []}, dtype=object)
    exact = ~(pd.to_numeric(frame["position_accuracy_m"]) > STRIP_M / 2)
    grade = hca_grade(frame["class_location"].to_numpy(object), frame["diameter_mm"], frame["pressure_mpa"])
    chosen = frame[exact & (frame["service"] == "transmission") & frame["medium"].isin(["gas", "oil"]) & (grade == "Ⅲ")]
    dense = shapely.segmentize(chosen["geometry"].to_numpy(object), inputs.grid.cell / 2)
    xy, line = shapely.get_coordinates(dense, return_index=True)
    street = _main_street(inputs, inputs.grid.index(xy[:, 0], xy[:, 1]))
    pairs = np.unique(np.stack([line, street], axis=1)[street >= 0], axis=0)
    names = chosen["name"].where(chosen["name"].notna(), chosen["id"]).to_numpy(object)
    codes = inputs.streets["code"].to_numpy(object)
    return pd.DataFrame({"area_code": codes[pairs[:, 1]], "name": names[pairs[:, 0]]}, dtype=object)


def _main_street(inputs: ModelInputs, cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the street with the largest share of each cell, −1 where no street reaches."""
    coverage = inputs.coverage
    order = np.lexsort((-coverage.fraction, coverage.cell))
    cells, first = np.unique(coverage.cell[order], return_index=True)
    if not cells.size:
        return np.full(cell.shape, -1, np.int64)
    place = np.minimum(np.searchsorted(cells, cell), cells.size - 1)
    return np.where(cells[place] == cell, coverage.street[order][first[place]], -1).astype(np.int64)


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of lines: the line's row in the frame, and its ends in Albers metres."""

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


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters) -> int:
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

    Returns
    -------
    int
        How many lines are drawn only.

    Raises
    ------
    UnknownIdentifier
        If a medium has no method.
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return 0
    accuracy = pd.to_numeric(frame["position_accuracy_m"]).to_numpy(np.float64, na_value=np.nan)
    drawn = (frame["service"] == "schematic").to_numpy(bool) | (accuracy > parameters.number("pipelines.position.accuracy"))
    unknown = (frame["medium"] == "gas").to_numpy(bool) & frame[["diameter_mm", "pressure_mpa"]].isna().any(axis=1).to_numpy(bool)
    for source in frame.loc[unknown & ~drawn, "id"]:
        builder.refuse(KIND, str(source), "燃气管线缺少管径或压力，无法确定压力级制与影响半径，不评分，不等于无风险")
    assembly = _Assembly(builder, parameters, Physics.of(parameters))
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


def _oil(assembly: _Assembly, lines: Lines) -> None:
    fuel = Fuel.of(assembly.parameters, str(assembly.parameters.entry("pipelines.oil.fuel").value))
    split, pools = assembly.table("oil.split"), assembly.table("oil.pool_m")
    for name, label in (("hole", "输油管线穿孔·池火"), ("rupture", "输油管线断裂·池火")):
        kernel = assembly.builder.kernel(pool_kernel(pools[name], fuel, assembly.physics))
        assembly.add(lines, label, assembly.number("oil.rate") * split[name] * assembly.number("oil.ignition"), kernel)


def _heat(assembly: _Assembly, lines: Lines) -> None:
    kernel = assembly.builder.kernel(Kernel.disc(assembly.number("heat.radius"), assembly.number("heat.lethality"), 0.0))
    assembly.add(lines, "热力管线泄漏·烫伤塌陷", assembly.number("heat.rate"), kernel)


_METHODS: Mapping[str, Callable[[_Assembly, Lines], None]] = {"gas": _gas, "oil": _oil, "heat": _heat}
