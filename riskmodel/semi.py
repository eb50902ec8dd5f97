"""Semi-quantitative sources: LEC, LS and bare grades become frequencies and distributions of deaths.

Stage 1 maps each row by published-style tables; it decides the row's own level. Stage 2 lets the rows of one unit *share* a
total that its industry, staff and size class set, so that honest, fine-grained reporting is never punished:

``PLL_u = r_g · staff_at_place · clip(√(Σ m_j / M_ref(g, size)), ½, 2)``, shared in proportion to the raw PLL m_j.

Deaths of those involved lie at the place. Fire, explosion and poisoning also reach the public: a disc of their own with
frequency ``f · P(N ≥ 3)`` in the scope SEMI. Rows about cranes, boilers or vessels are WORK_OTHER: the theme EQUIPMENT comes
from the equipment rows alone, so that nothing counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskmodel import profiles
from riskmodel.columns import looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import of_enterprises
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure
from riskmodel.precedence import Precedence
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, Scope, Theme

#: Levels of the four colours.
LEVEL_OF_COLOUR: dict[str, int] = {"红": 1, "橙": 2, "黄": 3, "蓝": 4}

_LABEL = "上报风险源"
_LABEL_PUBLIC = "上报风险源（波及公众）"


@dataclass(frozen=True)
class Outcomes:
    """The distributions of deaths that rows refer to by index.

    Attributes
    ----------
    names : tuple of str
        ``C100`` … ``C1``, ``S5`` … ``S1`` and the four colours.
    deaths : (n, 6) float64
        P(N = 0, 1, 2, 3–9, 10–29, ≥30).
    mean : (n,) float64
        Mean deaths per event.
    disc : (n, 2) float64
        Radius (m) and P(death) of the public disc; 0 for none.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = outcomes(parameters())
    >>> c15 = found.names.index("C15")
    >>> found.deaths[c15].tolist(), found.survival(parameters())[c15, :3].tolist()
    ([0.8, 0.185, 0.0135, 0.0015, 0.0, 0.0], [0.2, 0.015, 0.0015])
    """

    names: tuple[str, ...]
    deaths: NDArray[np.float64]
    mean: NDArray[np.float64]
    disc: NDArray[np.float64]

    def survival(self, parameters: Parameters) -> NDArray[np.float64]:
        """P(N ≥ n | event) at FN_N, shape (n, len(FN_N)); within a class a truncated power law with the class's mean."""
        within = {int(n): share for n, share in parameters.table("semi.classes.within").items()}
        classes = self.deaths[:, 1:]
        starts = np.array([1, 2, 3, 10, 30])
        columns = []
        for n in FN_N:
            holder = int(np.searchsorted(starts, n, side="right")) - 1
            above = classes[:, holder + 1:].sum(axis=1)
            columns.append(above + classes[:, holder] * (1.0 if n in starts else within.get(n, 0.0)))
        return np.minimum.accumulate(np.stack(columns, axis=1), axis=1)


@dataclass(frozen=True)
class Assessment:
    """Stage 1: every risk_source row on its own.

    Attributes
    ----------
    outcome : (rows,) int16
        Index into `outcomes`; −1 where the factors of the method are missing or not of its table.
    frequency : (rows,) float64
        Accidents per year as the assessor described them.
    pll : (rows,) float64
        ``m = f · E[N]`` in deaths/yr.
    level : (rows,) int8
        The source's own level by PLL (1–4; 0: not assessed).
    familiar : (rows,) int8
        Level by the method's usual cut-offs (D, R or the stated grade; 0: none).
    d : (rows,) float64
        D of LEC or R of LS, NaN for bare grades.
    mismatch : (rows,) bool
        The two levels are at least two apart: a data-quality finding.
    outcomes : Outcomes

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> found = assess(town().frames["risk_source"], parameters())
    >>> found.d.tolist(), found.familiar.tolist(), found.level.tolist()
    ([270.0], [2], [2])
    """

    outcome: NDArray[np.int16]
    frequency: NDArray[np.float64]
    pll: NDArray[np.float64]
    level: NDArray[np.int8]
    familiar: NDArray[np.int8]
    d: NDArray[np.float64]
    mismatch: NDArray[np.bool_]
    outcomes: Outcomes


@dataclass(frozen=True)
class Units:
    """Stage 2: what the rows of each unit share.

    Attributes
    ----------
    enterprise : (rows,) int64
        Row of the unit in the enterprise frame, −1 unknown.
    scale : (rows,) float64
        Factor from the raw frequency to the engine's; 0 for rows that do not count.
    covered : (enterprises,) bool
        Staff whose work accidents the reports carry; all others belong to the background.
    total : (enterprises,) float64
        PLL_u in deaths/yr before management factors; 0 where not covered.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> found = units(inputs, parameters(), Precedence({}), assess(inputs.frames["risk_source"], parameters()))
    >>> found.covered.tolist(), found.total.round(5).tolist()
    ([True, False], [0.00089, 0.0])
    """

    enterprise: NDArray[np.int64]
    scale: NDArray[np.float64]
    covered: NDArray[np.bool_]
    total: NDArray[np.float64]


def outcomes(parameters: Parameters) -> Outcomes:
    """All distributions of deaths that a row can have, from the tables.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = outcomes(parameters())
    >>> dict(zip(found.names[:3], found.mean[:3].round(3).tolist(), strict=True))
    {'C100': 1.584, 'C40': 0.51, 'C15': 0.218}
    """
    lec = parameters.table("semi.lec.deaths")
    disc = parameters.table("semi.footprint.disc")
    rows: dict[str, NDArray[np.float64]] = {f"C{c}": np.asarray(p, np.float64) for c, p in lec.items()}
    reach = {f"C{c}": tuple(values) for c, values in disc.items()}
    nobody = np.array([1.0, 0, 0, 0, 0, 0])
    for s, mixture in parameters.table("semi.ls.severity").items():
        parts = [weight * rows[f"C{c}"] for c, weight in mixture.items()]
        rows[f"S{s}"] = np.sum(parts, axis=0) if parts else nobody
    for colour, p in parameters.table("semi.grade.deaths").items():
        rows[colour] = np.array([1.0 - sum(p), *p, 0.0])
    for name in ("S5", "红", "橙"):
        reach[name] = reach["C15"]
    deaths = np.stack(list(rows.values()))
    mean = deaths @ parameters.array("semi.classes.deaths")
    return Outcomes(tuple(rows), deaths, mean, np.array([reach.get(name, (0.0, 0.0)) for name in rows]))


def assess(frame: pd.DataFrame, parameters: Parameters) -> Assessment:
    """Stage 1 for rows of `risk_source` (columns method, l, e, c, s, grade and, where present, profile).

    LEC: ``f = fL · E/6`` capped at 0.1/yr, N by C. LS: f by L, N by S. GRADE: both by colour. The own level comes from
    ``f · E[N]``; the familiar one from ``D = L·E·C`` or ``R = L·S`` by the profile that the row names, else by the default one
    (:mod:`riskmodel.profiles`). A row that names a profile which its method does not have is not assessed.

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> rows = [{"method": "LEC", "l": 3.0, "e": 6.0, "c": 15.0}, {"method": "GRADE", "grade": "黄"}, {"method": "LEC", "l": 7.0}]
    >>> found = assess(frame("risk_source", rows), parameters())
    >>> found.frequency.round(5).tolist(), found.level.tolist()
    ([0.005, 0.0033, 0.0], [2, 3, 0])
    """
    table = outcomes(parameters)
    method = frame["method"].astype(object)
    lec, ls, bare = ((method == name).to_numpy(bool) for name in ("LEC", "LS", "GRADE"))
    factor = {name: numbers(frame[name]) for name in ("l", "e", "c", "s")}
    with_e = factor["e"] / parameters.number("semi.lec.exposure_reference")
    f_lec = _lookup(factor["l"], parameters.table("semi.lec.frequency")) * with_e
    f_grade = looked_up(frame["grade"], parameters.table("semi.grade.frequency"))
    f_ls = _lookup(factor["l"], parameters.table("semi.ls.frequency"))
    f_lec = np.minimum(f_lec, parameters.number("semi.lec.frequency_cap"))
    frequency = np.select([lec, ls, bare], [f_lec, f_ls, f_grade], np.nan)
    position = {name: i for i, name in enumerate(table.names)}
    by_c = _lookup(factor["c"], {n[1:]: i for n, i in position.items() if n.startswith("C")})
    by_s = _lookup(factor["s"], {n[1:]: i for n, i in position.items() if n.startswith("S")})
    by_grade = looked_up(frame["grade"], position)
    outcome = np.select([lec, ls, bare], [by_c, by_s, by_grade], np.nan)
    valid = ~(np.isnan(frequency) | np.isnan(outcome)) & _profiled(frame, lec, ls, parameters)
    index = np.where(valid, outcome, -1).astype(np.int16)
    frequency = np.where(valid, frequency, 0.0)
    pll = frequency * np.where(valid, table.mean[index], 0.0)
    level = np.where(valid, source_level(pll, parameters), 0).astype(np.int8)
    d, usual = profiles.levels(frame[valid], parameters)
    d, usual = _spread(d, valid, np.nan), _spread(usual, valid, 0)
    familiar = np.where(valid & bare, looked_up(frame["grade"], LEVEL_OF_COLOUR, 0.0), usual).astype(np.int8)
    apart = np.abs(level - familiar) >= parameters.number("semi.familiar.mismatch")
    return Assessment(index, frequency, pll, level, familiar, d, apart & (familiar > 0), table)


def source_level(pll: ArrayLike, parameters: Parameters) -> NDArray[np.int8]:
    """Level of one source from its PLL (deaths/yr): 1 from 1.4e-3, 2 from 5e-4, 3 from 1e-4, else 4.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> source_level([2e-3, 6e-4, 1e-4, 1e-6], parameters()).tolist()
    [1, 2, 3, 4]
    """
    bounds = parameters.array("semi.level.pll")
    return np.asarray(1 + (np.asarray(pll, np.float64)[..., None] < bounds).sum(axis=-1), np.int8)


def staff_rates(industry: pd.Series, parameters: Parameters) -> NDArray[np.float64]:
    """Work deaths per person and year r_g by section of GB/T 4754 for staff at a place.

    Staff of building firms (E) at their registered place are office staff: builders count on work sites only.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> [f"{rate:.1e}" for rate in staff_rates(pd.Series(["C", "E", "J"]), parameters())]
    ['1.1e-05', '3.0e-07', '3.0e-07']
    """
    table = parameters.table("work.rates.deaths")
    table["E"] = parameters.number("work.rates.building_office")
    return looked_up(industry, table, table["rest"]) * 1e-5


def units(inputs: ModelInputs, parameters: Parameters, counted: Precedence, assessment: Assessment) -> Units:
    """Stage 2: the total of every reporting unit and the share of each of its rows.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> found = units(inputs, parameters(), Precedence({}), assess(inputs.frames["risk_source"], parameters()))
    >>> found.enterprise.tolist(), found.scale.round(3).tolist()
    ([0], [0.812])
    """
    enterprises, frame = inputs.frames["enterprise"], inputs.frames["risk_source"]
    place = inputs.owners("risk_source")
    kept = counted.of("risk_source", len(frame)) & (place >= 0) & (assessment.outcome >= 0)
    raw = np.bincount(place[kept], assessment.pll[kept], len(enterprises))
    staff = numbers(enterprises["staff_at_place"])
    low, high = parameters.array("semi.stage2.clip")
    with np.errstate(invalid="ignore"):
        factor = np.clip(np.sqrt(raw / reference(enterprises, parameters)), low, high)
    covered = raw > 0
    total = np.where(covered, staff_rates(enterprises["industry"], parameters) * staff * factor, 0.0)
    scale = np.divide(total, raw, out=np.zeros_like(total), where=covered)
    return Units(place, np.where(kept, scale[place], 0.0), covered, total)


def reference(enterprises: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    """M_ref(g, size): expected Σ m_j of a unit of this industry and size class (deaths/yr), frozen per epoch.

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> shops = frame("enterprise", [{"industry": "C", "staff_at_place": 5}, {"industry": "C", "staff_at_place": 500}])
    >>> [f"{m:.1e}" for m in reference(shops, parameters())]
    ['8.3e-04', '1.8e-03']
    """
    staff = numbers(enterprises["staff_at_place"])
    size = np.searchsorted(parameters.array("semi.stage2.sizes"), staff, side="right")
    by_industry, general = parameters.table("semi.stage2.row_pll_industry"), parameters.number("semi.stage2.row_pll")
    per_row = looked_up(enterprises["industry"], by_industry, general)
    return np.asarray(parameters.array("semi.stage2.rows")[size] * per_row * parameters.number("semi.stage2.correction"))


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series,
        exposure: Exposure, counted: Precedence) -> NDArray[np.bool_]:  # noqa: ARG001
    """Add one local scenario per counted row and, for types that reach the public, one disc scenario.

    Rows whose factors are not of their method's table, and rows of unknown units, are refused: shown, never zero.

    Returns
    -------
    (enterprises,) bool
        Units whose work accidents the reports carry (:attr:`Units.covered`).

    Examples
    --------
    >>> from riskmodel.build import SOURCE_KINDS
    >>> from riskmodel.example import parameters, scored, town
    >>> builder = ScenarioBuilder(SOURCE_KINDS)
    >>> covered = add(builder, town(), parameters(), pd.Series({"e1": 1.0}), scored().exposure, Precedence({}))
    >>> covered.tolist(), [f"{f:.1e}" for f in builder.finish().points.frequency]
    ([True, False], ['4.1e-03'])
    """
    frame = inputs.frames["risk_source"]
    assessment = assess(frame, parameters)
    shares = units(inputs, parameters, counted, assessment)
    _refuse(builder, frame, assessment, shares)
    management = of_enterprises(factors, inputs)
    frequency = assessment.frequency * shares.scale
    frequency *= np.where(shares.enterprise >= 0, management[shares.enterprise], 0.0)
    row = np.flatnonzero(frequency > 0)
    outcome, x, y = assessment.outcome[row], numbers(frame["x"])[row], numbers(frame["y"])[row]
    survival = assessment.outcomes.survival(parameters)
    tail = np.array([builder.tail(values) for values in survival])
    theme = _themes(frame["accident_type"].iloc[row], parameters)
    builder.add_points("risk_source", _LABEL, theme, Scope.NONE, row=row, x=x, y=y, frequency=frequency[row],
                       deaths_local=assessment.outcomes.mean[outcome], tail=tail[outcome])
    disc = assessment.outcomes.disc
    kernel = np.array([builder.kernel(Kernel.disc(r, v)) if r > 0 else -1 for r, v in disc])
    many = survival[outcome, FN_N.index(3)]
    public = frame["accident_type"].iloc[row].isin(set(parameters.entry("semi.footprint.public").value)).to_numpy(bool)
    far = public & (kernel[outcome] >= 0) & (many > 0)
    builder.add_points("risk_source", _LABEL_PUBLIC, theme[far], Scope.SEMI, row=row[far], x=x[far], y=y[far],
                       frequency=(frequency[row] * many)[far], kernel=kernel[outcome[far]])
    return shares.covered


def _refuse(builder: ScenarioBuilder, frame: pd.DataFrame, assessment: Assessment, shares: Units) -> None:
    ids = frame["id"].to_numpy(object)
    for row in np.flatnonzero(assessment.outcome < 0):
        builder.refuse("risk_source", str(ids[row]), "评估方法的取值缺失或不在取值表内")
    for row in np.flatnonzero((shares.enterprise < 0) & (assessment.outcome >= 0)):
        builder.refuse("risk_source", str(ids[row]), "所属单位不存在")


def _themes(accident: pd.Series, parameters: Parameters) -> NDArray[np.int8]:
    table = {name: int(Theme[theme]) for name, theme in parameters.table("semi.theme.accident").items()}
    return looked_up(accident, table, float(Theme.WORK_OTHER)).astype(np.int8)


def _profiled(frame: pd.DataFrame, lec: NDArray[np.bool_], ls: NDArray[np.bool_], parameters: Parameters) -> NDArray[np.bool_]:
    """Whether a row's profile is one of its method, or none is named."""
    if "profile" not in frame:
        return np.ones(len(frame), bool)
    named = frame["profile"]
    known = [named.isin(profiles.names(parameters, method)).to_numpy(bool) for method in ("lec", "ls")]
    return np.asarray(named.isna().to_numpy(bool) | (lec & known[0]) | (ls & known[1]) | ~(lec | ls))


def _spread(values: NDArray[Any], where: NDArray[np.bool_], rest: float) -> NDArray[Any]:
    """Values at the rows of a mask, `rest` elsewhere."""
    full = np.full(len(where), rest, values.dtype)
    full[where] = values
    return full


def _lookup(values: NDArray[np.float64], table: dict[str, float]) -> NDArray[np.float64]:
    """Entries of a table keyed by number; NaN where a value is not in the table."""
    keys = np.array([float(key) for key in table])
    order = np.argsort(keys)
    keys, entries = keys[order], np.array([float(entry) for entry in table.values()])[order]
    place = np.clip(np.searchsorted(keys, values - 1e-9), 0, len(keys) - 1)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(keys[place] - values) < 1e-6, entries[place], np.nan)
