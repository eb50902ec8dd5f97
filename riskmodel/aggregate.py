"""From cells to areas: exact sums by area fraction, shares of area and people, the denominators beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import to_degrees
from riskmodel.fields import IR_UNIT, S_UNIT, Fields
from riskmodel.inputs import Coverage, ModelInputs, main_street
from riskmodel.levels import cell_levels, index
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure
from riskmodel.scenarios import Scope, Theme


def street_sums(values: NDArray[np.float64], coverage: Coverage, streets: int) -> NDArray[np.float64]:
    """Sum of a cell quantity over each street, cells split by area fraction.

    Parameters
    ----------
    values : (cells,) float64
    streets : int
        Number of streets.

    Examples
    --------
    >>> cover = Coverage(np.array([0, 0, 1]), np.array([0, 1, 1], np.int32), np.array([0.25, 0.75, 1.0]))
    >>> street_sums(np.array([100.0, 60.0]), cover, 2).tolist()
    [25.0, 135.0]
    """
    return _split(values[coverage.cell], coverage, streets)


def _split(values: NDArray[np.float64], coverage: Coverage, streets: int) -> NDArray[np.float64]:
    """The same from values of the coverage's own cells."""
    return np.asarray(np.bincount(coverage.street, values * coverage.fraction, minlength=streets), np.float64)


@dataclass(frozen=True)
class CellFacts:
    """What fired in cells beside density.

    Attributes
    ----------
    cell : (n,) int64
        Ascending occupied cells of the city.
    codes : (n,) int32
        Bits of C-IR-* and C-V-1.
    fixed : (n,) int8
        Level by what is not drawn: vetoes, and the rule on the field where nobody lives; 4 for none.

    Examples
    --------
    >>> facts = CellFacts(np.array([7, 8]), np.array([1 << 6, 0], np.int32), np.array([1, 4], np.int8))
    >>> facts.cell[facts.fixed == 1].tolist()
    [7]
    """

    cell: NDArray[np.int64]
    codes: NDArray[np.int32]
    fixed: NDArray[np.int8]


def occupied_cells(inputs: ModelInputs, fields: Fields, exposure: Exposure, sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells of the city where somebody lives or works, risk lies or a source stands, ascending.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> run = scored()
    >>> len(occupied_cells(town(), run.fields, run.exposure, np.array([7])))
    24
    """
    present = fields.total != 0
    present |= (inputs.residents > 0) | (exposure.workers > 0)
    present[sources[sources >= 0]] = True
    covered = np.zeros(inputs.grid.size, np.bool_)
    covered[inputs.coverage.cell] = True
    return np.flatnonzero(present & covered).astype(np.int64)


def cell_facts(cell: NDArray[np.int64], inputs: ModelInputs, fields: Fields, targets: pd.DataFrame, dwellings: pd.DataFrame,
               veto_cells: NDArray[np.int64], parameters: Parameters) -> CellFacts:
    """Rules C-IR and C-V of occupied cells.

    Parameters
    ----------
    targets, dwellings : DataFrame
        Results of :mod:`riskmodel.targets`.
    veto_cells : flat indices of cells with a veto unit (S-V-1)

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> facts = cell_facts(np.array([7, 8]), town(), run.fields, run.targets, run.dwellings, np.array([7]), parameters())
    >>> facts.fixed.tolist(), [bin(mask) for mask in facts.codes]
    ([1, 4], ['0b1000110', '0b111'])
    """
    codes = np.zeros(len(cell), np.int32)
    _mark(codes, cell, targets.loc[targets["breach"], "cell"], 0)
    _mark(codes, cell, targets.loc[targets["near"] | targets["an_breach"], "cell"], 1)
    _mark(codes, cell, targets.loc[targets["an_near"], "cell"], 2)
    _mark(codes, cell, dwellings.loc[dwellings["breach"], "cell"], 0)
    _mark(codes, cell, dwellings.loc[dwellings["near"] | dwellings["an_breach"], "cell"], 1)
    _mark(codes, cell, dwellings.loc[dwellings["watch"], "cell"], 2)
    alone = fields.ir[Scope.HC, cell] * IR_UNIT >= parameters.number("levels.cell.ir_without_target")
    alone &= ~np.isin(cell, targets["cell"].to_numpy()) & (inputs.residents[cell] == 0)
    codes[alone] |= 1 << 2
    _mark(codes, cell, pd.Series(veto_cells), 6)
    return CellFacts(cell, codes, np.where(np.isin(cell, veto_cells), 1, np.where(alone, 3, 4)).astype(np.int8))


def cells_table(inputs: ModelInputs, fields: Fields, exposure: Exposure, facts: CellFacts, shares: NDArray[np.float32],
                elsewhere: NDArray[np.float32], parameters: Parameters) -> pd.DataFrame:
    """One row per occupied cell of the city with index, level, codes and what the draws say of the level.

    Parameters
    ----------
    shares : (n, 4) float32
        P(level) of each cell.
    elsewhere : (cells,) float32
        Highest density on the half-shifted grid (:func:`riskmodel.uncertainty.zoning.shifted_density`).

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run, quiet = scored(), CellFacts(np.array([7, 8]), np.zeros(2, np.int32), np.full(2, 4, np.int8))
    >>> shares, elsewhere = np.full((2, 4), 0.25, np.float32), np.full(24, 10.0, np.float32)
    >>> table = cells_table(town(), run.fields, run.exposure, quiet, shares, elsewhere, parameters())
    >>> table[["id", "residents", "level"]].values.tolist(), table["index"].round(1).tolist()
    ([['500mN8802E1001', 100.0, 4], ['500mN8802E1002', 100.0, 4]], [48.0, 45.900001525878906])
    """
    grid, cell = inputs.grid, facts.cell
    s = fields.s[:, cell]
    total = s.sum(axis=0)
    density = total * S_UNIT / grid.cell_km2
    judged = cell_levels(density, shares[:, 0], facts.codes, facts.fixed == 1, elsewhere[cell], parameters)
    lon, lat = to_degrees(*grid.centre(cell))
    return pd.DataFrame({
        "cell": cell, "id": grid.ids(cell), "lon": lon, "lat": lat, "street": main_street(inputs.coverage, cell),
        "residents": inputs.residents[cell].astype(np.float32), "workers": exposure.workers[cell].astype(np.float32),
        "s": total, **{f"s_{theme.name.lower()}": s[theme] for theme in Theme},
        **{f"ir_{scope.name.lower()}": fields.ir[scope, cell] for scope in (Scope.HC, Scope.AN, Scope.SEMI)},
        "density": density, "index": index(density, parameters).astype(np.float32), "level": judged.level,
        "hatched": judged.hatched, "p_level": shares[np.arange(len(cell)), judged.level - 1],
        **{f"p_level_{k}": shares[:, k - 1] for k in range(1, 5)}, "codes": judged.codes,
    }, copy=False)


def _mark(codes: NDArray[np.int32], cell: NDArray[np.int64], where: pd.Series, bit: int) -> None:
    wanted = np.unique(where.to_numpy(np.int64))
    at = np.searchsorted(cell, wanted)
    known = at < len(cell)
    known[known] = cell[at[known]] == wanted[known]
    codes[at[known]] |= np.int32(1 << bit)


def level_shares(inputs: ModelInputs, cells: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area (km²) and residents of each street at each level.

    Returns
    -------
    area, people : (streets, 4) float64
        The area of empty cells counts nowhere.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> area, people = level_shares(town(), scored().cells)
    >>> area.sum(axis=1).tolist(), people.sum(axis=1).tolist()
    ([3.0, 3.0], [1200.0, 3600.0])
    """
    level = np.zeros(inputs.grid.size, np.int8)
    level[cells["cell"].to_numpy()] = cells["level"].to_numpy()
    coverage, n = inputs.coverage, len(inputs.streets)
    at = level[coverage.cell].astype(np.int64)
    key = coverage.street.astype(np.int64) * 5 + at
    area = np.bincount(key, coverage.fraction * inputs.grid.cell_km2, minlength=5 * n).reshape(n, 5)[:, 1:]
    people = np.bincount(key, coverage.fraction * inputs.residents[coverage.cell], minlength=5 * n).reshape(n, 5)[:, 1:]
    return np.asarray(area, np.float64), np.asarray(people, np.float64)


def areas_table(inputs: ModelInputs, fields: Fields, exposure: Exposure, cells: pd.DataFrame) -> pd.DataFrame:
    """Streets, districts and the city: sums and densities; a district is the sum of its streets, the city of its districts.

    Returns
    -------
    DataFrame
        code, name, level, parent, area_km2, residents, workers, pll, pll_<theme>, density, share_area_1 … 4,
        share_people_1 … 4. Index, level and codes are added by :mod:`riskmodel.streets`.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> run = scored()
    >>> table = areas_table(town(), run.fields, run.exposure, run.cells)
    >>> table[["name", "area_km2", "residents"]].values.tolist()[:3], table["pll"].round(4).tolist()
    ([['西街道', 3.0, 1200.0], ['东街道', 3.0, 3600.0], ['东城区', 6.0, 4800.0]], [0.0044, 0.0076, 0.012, 0.012])
    """
    n = len(inputs.streets)
    sums = {f"pll_{t.name.lower()}": _split(fields.s[t, inputs.coverage.cell] * S_UNIT, inputs.coverage, n) for t in Theme}
    area, people = level_shares(inputs, cells)
    streets = pd.DataFrame({
        "code": inputs.streets["code"].to_numpy(), "name": inputs.streets["name"].to_numpy(), "level": "street",
        "parent": inputs.streets["parent"].to_numpy(),
        "area_km2": np.bincount(inputs.coverage.street, inputs.coverage.fraction, minlength=n) * inputs.grid.cell_km2,
        "residents": _census(inputs, n),
        "workers": street_sums(exposure.workers, inputs.coverage, n), **sums,
        **{f"km2_{i + 1}": area[:, i] for i in range(4)}, **{f"people_{i + 1}": people[:, i] for i in range(4)},
    })
    add = [c for c in streets.columns if c not in ("code", "name", "level", "parent")]
    districts = _rolled(streets, add, inputs.districts, "district")
    city = _rolled(districts, add, pd.DataFrame([{"code": inputs.city[0], "name": inputs.city[1], "parent": None}]), "city")
    table = pd.concat([streets, districts, city], ignore_index=True)
    table["pll"] = table[list(sums)].sum(axis=1)
    table["density"] = table["pll"] / table["area_km2"]
    on_cells = table[[f"people_{i}" for i in range(1, 5)]].sum(axis=1).to_numpy()
    for i in range(1, 5):
        table[f"share_area_{i}"] = table.pop(f"km2_{i}") / table["area_km2"]
        head = table.pop(f"people_{i}").to_numpy()
        table[f"share_people_{i}"] = np.divide(head, on_cells, out=np.zeros(len(table)), where=on_cells > 0)
    return table


def _census(inputs: ModelInputs, streets: int) -> NDArray[np.float64]:
    """Residents of each street as counted; from the cells where no background row says."""
    counted = inputs.frames["background"].groupby("area_code")["residents"].sum()
    stated = inputs.streets["code"].map(counted).to_numpy(np.float64)
    return np.where(np.isnan(stated), street_sums(inputs.residents, inputs.coverage, streets), stated)


def _rolled(parts: pd.DataFrame, add: list[str], parents: pd.DataFrame, level: str) -> pd.DataFrame:
    sums = parts.groupby("parent")[add].sum()
    known = parents[parents["code"].isin(sums.index)].reset_index(drop=True)
    rolled = sums.loc[known["code"]].reset_index(drop=True)
    rolled.insert(0, "code", known["code"])
    rolled.insert(1, "name", known["name"])
    rolled.insert(2, "level", level)
    rolled.insert(3, "parent", known["parent"])
    return rolled
