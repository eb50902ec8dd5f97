"""Major hazards of dangerous chemicals (GB 18218-2018) and the diagnosis grade of 应急〔2018〕19号."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Cells partly inside the circle around a plant are counted by this many sub-cells a side.
_SUB_CELLS = 5


@dataclass(frozen=True)
class Identification:
    """Result for one unit.

    Attributes
    ----------
    s : float
        ``S = Σ q/Q`` (clause 4.2.2, eq. 1).
    r : float
        ``R = α Σ β q/Q`` (clause 4.3.2, eq. 2); 0 where S < 1, because such a unit is not graded.
    alpha : float
        Coefficient of exposed residents (table 5).
    grade : int
        1–4 for 一级 … 四级; 0: not a major hazard.
    """

    s: float
    r: float
    alpha: float
    grade: int


def identify(quantities: Mapping[str, float], residents: float, parameters: Parameters) -> Identification:
    """Identify and grade one unit.

    Parameters
    ----------
    quantities : mapping
        Design maximum in t by substance: a name of table 1 or a category symbol of table 2 (``W5.4`` for diesel).
    residents : float
        Residents within 500 m outward of the plant's boundary.
    parameters : Parameters

    Raises
    ------
    UnknownIdentifier
        If a substance is neither in table 1 nor a symbol of table 2, or has no β.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> identify({"氨": 30, "液化石油气": 80}, 60, load_parameters()).grade
    3
    """
    ratios = {name: tonnes / threshold(name, parameters) for name, tonnes in quantities.items()}
    s = sum(ratios.values())
    weighted = sum(beta(name, parameters) * ratio for name, ratio in ratios.items())
    factor = float(alpha(residents, parameters))
    r = factor * weighted if is_major(s) else 0.0
    return Identification(s, r, factor, int(grade(s, r, parameters)))


def is_major(s: ArrayLike) -> NDArray[np.bool_]:
    """``S ≥ 1``, with one part in 10⁹ against rounding."""
    return np.asarray(np.asarray(s, np.float64) >= 1.0 - 1e-9)


def threshold(substance: str, parameters: Parameters) -> float:
    """Critical quantity Q in t: table 1 by name, else table 2 by category symbol."""
    named = parameters.table("identification.table1.quantity")
    symbols = parameters.table("identification.table2.quantity")
    if substance in named:
        return float(named[substance])
    if substance in symbols:
        return float(symbols[substance])
    raise _unknown(substance, "GB 18218-2018 表1、表2")


def beta(substance: str, parameters: Parameters) -> float:
    """Correction β: table 3 by name, else table 4 by the substance's category symbol."""
    gases = parameters.table("identification.beta.named")
    if substance in gases:
        return float(gases[substance])
    symbol = parameters.table("identification.table1.category").get(substance, substance)
    symbols = parameters.table("identification.beta.category")
    if symbol in symbols:
        return float(symbols[symbol])
    raise _unknown(substance, "GB 18218-2018 表3、表4")


def alpha(residents: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Coefficient α of exposed residents (table 5); fractions of a person are rounded to the nearest whole."""
    bounds = parameters.array("identification.alpha.people")
    values = parameters.array("identification.alpha.coefficient")
    people = np.floor(np.asarray(residents, np.float64) + 0.5)
    return np.asarray(values[(people[..., None] < bounds).sum(axis=-1)])


def grade(s: ArrayLike, r: ArrayLike, parameters: Parameters) -> NDArray[np.int8]:
    """Grade 1–4 by R (table 6, lower bounds inclusive); 0 where S < 1."""
    bounds = parameters.array("identification.grade.r")
    level = 1 + (np.asarray(r, np.float64)[..., None] < bounds * (1 - 1e-12)).sum(axis=-1)
    return np.where(is_major(s), level, 0).astype(np.int8)


def grade_units(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """S, R and grade of every hazard_source row; rows with the same `hazard_key` are one unit and share them.

    Returns
    -------
    DataFrame
        Index as the hazard_source frame; ``s``, ``r``, ``residents`` (within 500 m outward of the fence), ``alpha`` and
        ``grade`` (int8, 0: not a major hazard).
    """
    frame = inputs.frames["hazard_source"]
    name, symbol = parameters.table("identification.substance.name"), parameters.table("identification.substance.category")
    keys = {sub: name.get(sub) or symbol.get(sub) or sub for sub in frame["substance"].unique()}
    q_over_q = frame["quantity_t"].to_numpy(np.float64) / _each(frame["substance"], keys, threshold, parameters)
    weighted = q_over_q * _each(frame["substance"], keys, beta, parameters)
    own = pd.Series([f"row {row}" for row in range(len(frame))], index=frame.index, dtype=object)
    unit, _ = pd.factorize(frame["hazard_key"].astype(object).where(frame["hazard_key"].notna(), own))
    residents = np.zeros(unit.max(initial=-1) + 1)
    np.maximum.at(residents, unit, residents_around(inputs, _reach(frame, parameters)))
    factor = alpha(residents, parameters)
    s = np.bincount(unit, q_over_q, len(residents))
    r = np.where(is_major(s), factor * np.bincount(unit, weighted, len(residents)), 0.0)
    result = {"s": s, "r": r, "residents": residents, "alpha": factor, "grade": grade(s, r, parameters)}
    return pd.DataFrame({column: values[unit] for column, values in result.items()}, index=frame.index)


def residents_around(inputs: ModelInputs, radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residents (never day people) within `radius` metres of every hazard_source point, cells by their share inside."""
    grid, frame = inputs.grid, inputs.frames["hazard_source"]
    reach = int(np.ceil(radius.max(initial=0.0) / grid.cell)) + 1
    steps = (np.arange(_SUB_CELLS) + 0.5) / _SUB_CELLS
    window = np.arange(-reach, reach + 1)
    fine = (window[:, None] + steps).ravel() * grid.cell
    people = inputs.residents.reshape(grid.ny, grid.nx)
    total = np.zeros(len(frame))
    places = zip(frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64), radius, strict=True)
    for i, (x, y, limit) in enumerate(places):
        col, row = int((x - grid.west) // grid.cell), int((grid.north - y) // grid.cell)
        across = grid.west + col * grid.cell + fine - x
        down = grid.north - row * grid.cell - fine - y
        inside = (across[None, :] ** 2 + down[:, None] ** 2 <= limit * limit)
        share = inside.reshape(len(window), _SUB_CELLS, len(window), _SUB_CELLS).mean(axis=(1, 3))
        rows, cols = row + window, col + window
        kept_rows, kept_cols = (rows >= 0) & (rows < grid.ny), (cols >= 0) & (cols < grid.nx)
        total[i] = (people[np.ix_(rows[kept_rows], cols[kept_cols])] * share[np.ix_(kept_rows, kept_cols)]).sum()
    return total


def diagnosis_score(deductions: Mapping[str, float], bonus: float, parameters: Parameters) -> float:
    """Score of 应急〔2018〕19号: 100 less the deductions, each item down to 0 only, plus bonus points (no cap in the text).

    Raises
    ------
    UnknownIdentifier
        If an item is not one of the annex.
    """
    caps = parameters.table("identification.diagnosis.caps")
    for item in deductions:
        if item not in caps:
            raise _unknown(item, "应急〔2018〕19号附件")
    return 100.0 - sum(min(points, float(caps[item])) for item, points in deductions.items()) + bonus


def diagnosis_level(score: ArrayLike, veto: ArrayLike, parameters: Parameters) -> NDArray[np.int8]:
    """Level of 应急〔2018〕19号: 1 红, 2 橙, 3 黄, 4 蓝 from the score, 1 under a veto, 0 where there is neither."""
    points = np.asarray(score, np.float64)
    level = 4 - (points[..., None] < parameters.array("identification.diagnosis.score")).sum(axis=-1)
    level = np.where(np.isnan(points), 0, level)
    return np.where(np.asarray(veto, bool), 1, level).astype(np.int8)


def _reach(frame: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    fence = frame["fence_m"].astype(np.float64).fillna(parameters.number("identification.alpha.fence")).to_numpy()
    return np.asarray(fence + parameters.number("identification.alpha.distance"))


def _each(column: pd.Series, keys: Mapping[str, str], rule: Callable[[str, Parameters], float],
          parameters: Parameters) -> NDArray[np.float64]:
    table = {sub: rule(key, parameters) for sub, key in keys.items()}
    return np.asarray(column.map(table), np.float64)


def _unknown(name: str, where: str) -> UnknownIdentifier:
    return UnknownIdentifier(
        f"“{name}”不在 {where} 中", f"{name!r} is not in {where}",
        remedy_zh="请写表1名称或表2类别符号（如 W5.3）。",
        remedy_en="Give a name of table 1 or a category symbol of table 2 such as W5.3.",
        name=name,
    )
