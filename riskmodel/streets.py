"""Rules S-*: which evidence gives a street its level."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.levels import STREET_CODE_LEVEL, index, street_level
from riskmodel.parameters import Parameters
from riskmodel.societal import upper_ratio
from riskmodel.uncertainty import bands, level_shares, ranks
from riskmodel.uncertainty.zoning import density_level
from riskmodel.vetoes import Veto, named

#: The first ranks whose probability is told.
TOP = 10

#: Columns of the number of installations in each zone of GB 36894, acceptable first.
ZONE_COLUMNS: tuple[str, ...] = ("fn_acceptable", "fn_alarp", "fn_unacceptable")


@dataclass
class Finding:
    """One rule that fired in a street.

    Attributes
    ----------
    fact : bool
        By record; a model-made finding needs even odds before it makes red.
    names : list of str
    ratio : float
        How many times its limit the worst one reaches; NaN for facts.
    until : date or None
        Day on which the last veto ends.

    Examples
    --------
    >>> found = Finding(fact=False, names=["第一小学"], ratio=2.4)
    >>> found.fact, found.ratio
    (False, 2.4)
    """

    fact: bool
    names: list[str] = field(default_factory=list)
    ratio: float = float("nan")
    until: date | None = None


@dataclass
class Evidence:
    """What fired where: street code → rule code → finding.

    Examples
    --------
    >>> evidence = Evidence()
    >>> evidence.add("110101001000", "S-H-2", "液氯库", fact=True)
    >>> evidence.add("110101001000", "S-IR-1", "第一小学", ratio=2.4)
    >>> evidence.fact_level("110101001000"), sorted(evidence.fired["110101001000"])
    (2, ['S-H-2', 'S-IR-1'])
    """

    fired: dict[str, dict[str, Finding]] = field(default_factory=lambda: defaultdict(dict))
    veto_cells: list[int] = field(default_factory=list)

    def add(self, street: str, code: str, name: str, *, fact: bool = False, ratio: float = float("nan"),
            until: date | None = None) -> None:
        """Record that `code` fired in `street` because of `name`."""
        found = self.fired[street].setdefault(code, Finding(fact))
        found.names.append(name)
        found.ratio = float(np.fmax(found.ratio, ratio))
        if until is not None:
            found.until = until if found.until is None else max(found.until, until)

    def fact_level(self, street: str) -> int:
        """Level of a street by facts alone."""
        return min((STREET_CODE_LEVEL[code] for code, f in self.fired.get(street, {}).items() if f.fact), default=4)


def gather(inputs: ModelInputs, targets: pd.DataFrame, dwellings: pd.DataFrame, curves: pd.DataFrame, grades: pd.DataFrame,
           hca: pd.DataFrame, facts: list[Veto], parameters: Parameters) -> Evidence:
    """All evidence of rules S-IR, S-FN, S-V, S-H and S-P.

    Parameters
    ----------
    targets : DataFrame of :func:`riskmodel.targets.evaluate_targets`
    dwellings : DataFrame of :func:`riskmodel.targets.evaluate_dwellings`
    curves : DataFrame of :func:`riskmodel.societal.installation_curves`
    grades : DataFrame indexed like the hazard_source frame with column grade (0 none, 1–4)
    hca : DataFrame with area_code, name of pipeline pieces in a high-consequence area Ⅲ
    facts : list of :func:`riskmodel.vetoes.vetoes`

    Examples
    --------
    >>> from riskmodel.example import STREETS, parameters, scored, town
    >>> run, inputs, none = scored(), town(), pd.DataFrame(columns=["area_code", "name", "zone", "within_decade"])
    >>> grades = pd.DataFrame({"grade": [2]})
    >>> found = gather(inputs, run.targets, run.dwellings, none.astype({"within_decade": bool}), grades, none, [], parameters())
    >>> sorted(found.fired[STREETS[0]]), found.fired[STREETS[0]]["S-IR-1"].names
    (['S-H-2', 'S-IR-1', 'S-IR-2'], ['第一小学（由合成危险源所致）'])
    """
    evidence = Evidence()
    for t in targets[targets["breach"]].itertuples():
        evidence.add(t.area_code, "S-IR-1", _target(t), ratio=t.ir_hc / t.in_service)
    for t in targets[(targets["near"] & ~targets["breach"]) | targets["an_breach"]].itertuples():
        evidence.add(t.area_code, "S-IR-2", _target(t), ratio=max(t.ir_hc / t.new, t.ir_an / t.in_service))
    _dwellings(evidence, inputs, dwellings[dwellings["area_code"].notna()])
    for c in curves[(curves["zone"] == 2) | curves["within_decade"]].itertuples():
        red = c.zone == 2
        evidence.add(c.area_code, "S-FN-1" if red else "S-FN-2", named(c.name, c.id),
                     ratio=upper_ratio(np.array(c.f), parameters) * (1.0 if red else 10.0))
    units = inputs.frames["hazard_source"]
    for row in np.flatnonzero(grades["grade"].to_numpy()):
        unit, grade = units.iloc[row], grades["grade"].iloc[row]
        evidence.add(unit["area_code"], "S-H-2" if grade <= 2 else "S-H-3", named(unit["name"], unit["id"]), fact=True)
    for veto in facts:
        evidence.add(veto.street, veto.code, veto.name, fact=True, until=veto.until)
        if veto.code == "S-V-1":
            evidence.veto_cells.append(veto.cell)
    for p in hca.itertuples():
        evidence.add(p.area_code, "S-P-3", str(p.name), fact=True)
    return evidence


def _dwellings(evidence: Evidence, inputs: ModelInputs, dwellings: pd.DataFrame) -> None:
    fired = dwellings[dwellings[["breach", "near", "an_breach"]].any(axis=1)]
    for d, name in zip(fired.itertuples(), inputs.grid.ids(fired["cell"].to_numpy()), strict=True):
        text = f"居民网格 {name}（{d.residents:.0f} 人）" + ("（由合成危险源所致）" if d.synthetic else "")
        orange = max(d.hc_low / d.new, d.hc_high / d.in_service, d.an_low / d.in_service)
        evidence.add(d.area_code, "S-IR-1" if d.breach else "S-IR-2", text, ratio=d.hc_low / d.in_service if d.breach else orange)


def _target(target: Any) -> str:
    """Name of a target; a real place is never named without saying that the hazard beside it is generated."""
    return named(target.name, target.id) + ("（由合成危险源所致）" if target.synthetic else "")


@dataclass(frozen=True)
class AreaDraws:
    """Draws of the areas, in the order of the areas table.

    Attributes
    ----------
    pll : (draws, areas) float64
        Deaths per year.
    criteria : (draws, areas) int8
        Level by individual risk and F-N curves; 4 for districts and the city.
    rezoned : (alternatives, areas) float64
        PLL density of streets made of other zones, deaths/km²·yr; NaN for districts and the city.

    Examples
    --------
    >>> draws = AreaDraws(np.array([[0.01, 0.02], [0.02, 0.01]]), np.array([[4, 4], [1, 4]], np.int8), np.full((1, 2), np.nan))
    >>> (draws.criteria == 1).mean(axis=0).tolist()
    [0.5, 0.0]
    """

    pll: NDArray[np.float64]
    criteria: NDArray[np.int8]
    rezoned: NDArray[np.float64]


def area_draws(areas: pd.DataFrame, inputs: ModelInputs, streets: NDArray[np.float64], criteria: NDArray[np.int8],
               rezoned: NDArray[np.float64]) -> AreaDraws:
    """Draws of districts and the city as sums of their streets'.

    Parameters
    ----------
    areas : the areas table: streets, districts, city
    streets : (draws, streets) PLL
    criteria : (draws, streets) levels
    rezoned : (alternatives, streets) densities

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> streets, level = np.array([[0.01, 0.02], [0.02, 0.05]]), np.full((2, 2), 4, np.int8)
    >>> area_draws(scored().areas, town(), streets, level, np.full((1, 2), np.nan)).pll.tolist()
    [[0.01, 0.02, 0.03, 0.03], [0.02, 0.05, 0.07, 0.07]]
    """
    parent = inputs.streets["parent"].to_numpy(object)
    above = areas.loc[areas["level"] != "street", ["code", "level"]]
    sums = [streets.sum(axis=1) if level == "city" else streets[:, parent == code].sum(axis=1)
            for code, level in zip(above["code"], above["level"], strict=True)]
    pll = np.concatenate([streets, np.stack(sums, axis=1)], axis=1)
    more = len(sums)
    return AreaDraws(pll, np.concatenate([criteria, np.full((len(pll), more), 4, np.int8)], axis=1),
                     np.concatenate([rezoned, np.full((len(rezoned), more), np.nan)], axis=1))


def judge(areas: pd.DataFrame, evidence: Evidence, draws: AreaDraws, parameters: Parameters) -> pd.DataFrame:
    """Add index, kappa, risk_level, hatched, stable, codes (JSON), bands, probabilities and ranks to the areas table.

    Streets use every S-rule. Districts and the city use density and κ only: a single breach somewhere in a district of a
    million people is told by the counts of its streets, it does not colour the whole. A model-made red needs even odds in the
    draws; else it is a hatched orange. A colour that other zones would change is hatched too.

    Examples
    --------
    >>> from riskmodel.example import STREETS, parameters, scored
    >>> areas, evidence = scored().areas, Evidence()
    >>> evidence.add(STREETS[1], "S-H-2", "液氯库", fact=True)
    >>> draws = AreaDraws(np.outer([0.8, 1.0, 1.2], areas["pll"]), np.full((3, 4), 4, np.int8), np.full((1, 4), np.nan))
    >>> judge(areas, evidence, draws, parameters())[["name", "risk_level", "stable"]].values.tolist()
    [['西街道', 4, True], ['东街道', 2, True], ['东城区', 4, True], ['北京市', 4, True]]
    """
    table = areas.copy()
    table["index"] = index(table["density"].to_numpy(), parameters)
    heads = (table["residents"] + 0.5 * table["workers"]).to_numpy(np.float64) * parameters.number("levels.street.kappa_norm")
    table["kappa"] = np.divide(table["pll"].to_numpy(), heads, out=np.zeros(len(table)), where=heads > 0)
    streets = [row.code if row.level == "street" else "" for row in table[["code", "level"]].itertuples(index=False)]
    facts = np.array([evidence.fact_level(code) if code else 4 for code in streets], np.int8)
    levels = drawn_levels(table, draws, facts, heads, parameters)
    _add_bands(table, draws, levels)
    results = []
    for i, street in enumerate(streets):
        results.append(_judge_one(street, table["density"].iloc[i], table["kappa"].iloc[i], float(table["p_level_1"].iloc[i]),
                                  draws.rezoned[:, i], evidence, parameters))
    table["risk_level"] = np.array([r[0] for r in results], np.int8)
    table["hatched"] = [r[1] for r in results]
    table["codes"] = [r[2] for r in results]
    shown = table[[f"p_level_{k}" for k in range(1, 5)]].to_numpy()[np.arange(len(table)), table["risk_level"] - 1]
    table["stable"] = ~table["hatched"] & (shown >= parameters.number("uncertainty.draws.even_odds"))
    table["rank"] = table.groupby("level")["density"].rank(ascending=False, method="first").astype(np.int32)
    return table


def drawn_levels(table: pd.DataFrame, draws: AreaDraws, facts: NDArray[np.int8], heads: NDArray[np.float64],
                  parameters: Parameters) -> NDArray[np.int8]:
    """Level of every area in every draw.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored
    >>> areas, facts = scored().areas, np.array([4, 2, 4, 4], np.int8)
    >>> draws = AreaDraws(np.outer([1.0, 100.0], areas["pll"]), np.full((2, 4), 4, np.int8), np.full((1, 4), np.nan))
    >>> drawn_levels(areas, draws, facts, np.full(4, 1.0), parameters()).tolist()
    [[4, 2, 4, 4], [2, 2, 2, 2]]
    """
    density = draws.pll / table["area_km2"].to_numpy()
    by_density = density_level(density.ravel(), parameters.array("levels.street.density")).reshape(density.shape)
    level = np.minimum(np.minimum(by_density, draws.criteria), facts)
    kappa = np.divide(draws.pll, heads, out=np.zeros_like(draws.pll), where=heads > 0)
    raised = (kappa >= parameters.number("levels.street.kappa")) & (level > 2)
    return np.where(raised, level - 1, level).astype(np.int8)


def _add_bands(table: pd.DataFrame, draws: AreaDraws, levels: NDArray[np.int8]) -> None:
    """Columns pll_p05, pll_p50, pll_p95, p_level_1 … 4, rank_p05, rank_p95, p_top10; ranks within a level of areas."""
    table["pll_p05"], table["pll_p50"], table["pll_p95"] = bands(draws.pll)
    for k, share in enumerate(level_shares(levels), start=1):
        table[f"p_level_{k}"] = share.astype(np.float32)
    low, high, top = np.empty(len(table), np.int32), np.empty(len(table), np.int32), np.empty(len(table), np.float32)
    density = draws.pll / table["area_km2"].to_numpy()
    for _, rows in table.groupby("level").indices.items():
        place = ranks(density[:, rows])
        low[rows], high[rows] = np.floor(np.quantile(place, 0.05, axis=0)), np.ceil(np.quantile(place, 0.95, axis=0))
        top[rows] = (place <= TOP).mean(axis=0)
    table["rank_p05"], table["rank_p95"], table["p_top10"] = low, high, top


def _judge_one(street: str, density: float, kappa: float, odds: float, rezoned: NDArray[np.float64], evidence: Evidence,
               parameters: Parameters) -> tuple[int, bool, str]:
    found = dict(evidence.fired.get(street, {})) if street else {}
    others = {code: finding.fact or odds >= parameters.number("uncertainty.draws.even_odds") for code, finding in found.items()}
    even = odds >= parameters.number("uncertainty.draws.even_odds")

    def judged(d: float) -> tuple[int, bool, list[str]]:
        return street_level(others | _by_density(d, even, parameters), kappa, parameters)

    level, hatched, fired = judged(density)
    moved = any(judged(float(d))[0] != level for d in rezoned[np.isfinite(rezoned)])
    detail = [_told(code, level, found.get(code), density, kappa, parameters) for code in fired]
    return level, hatched or moved, json.dumps(detail, ensure_ascii=False)


def _by_density(density: float, even: bool, parameters: Parameters) -> dict[str, bool]:
    for code, threshold in zip(("S-D-1", "S-D-2", "S-D-3"), parameters.array("levels.street.density"), strict=True):
        if density >= threshold:
            return {code: even}
    return {}


def _told(code: str, level: int, finding: Finding | None, density: float, kappa: float, parameters: Parameters) -> dict[str, Any]:
    """A rule as it is published: code, level, detail; how many times its limit is reached; when a veto ends."""
    names = finding.names if finding else []
    text = f"{len(names)} 处：" + "、".join(names[:5]) + ("…" if len(names) > 5 else "") if names else ""
    told: dict[str, Any] = {"code": code, "level": STREET_CODE_LEVEL.get(code, level), "detail": text}
    if code.startswith("S-D"):
        limit = float(parameters.array("levels.street.density")[int(code[-1]) - 1])
        told |= {"detail": f"{density:.3g} 人/(km²·年)", "ratio": round(density / limit, 4)}
    elif code == "S-K":
        told |= {"detail": f"κ = {kappa:.2f}", "ratio": round(kappa / parameters.number("levels.street.kappa"), 4)}
    elif finding is not None and np.isfinite(finding.ratio):
        told["ratio"] = round(finding.ratio, 4)
    if finding is not None and finding.until is not None:
        told["until"] = finding.until.isoformat()
    return told


def counts_by_street(inputs: ModelInputs, grades: pd.DataFrame, curves: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Counts of every kind, of hazard grades and of installations by zone, per area (districts and city as sums).

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> table = counts_by_street(town(), pd.DataFrame({"grade": [2]}), pd.DataFrame({"zone": [1], "area_code": ["110101001000"]}),
    ...                          scored().areas)
    >>> table[["n_venue", "n_hazard_2", "fn_alarp"]].values.tolist()
    [[1, 1, 1], [0, 0, 0], [1, 1, 1], [1, 1, 1]]
    """
    table = areas.copy()
    for kind, frame in inputs.frames.items():
        if kind in ("area", "background"):
            continue
        table[f"n_{kind}"] = _count(frame["area_code"], table, inputs)
    for grade in range(1, 5):
        chosen = inputs.frames["hazard_source"].loc[grades["grade"].to_numpy() == grade, "area_code"]
        table[f"n_hazard_{grade}"] = _count(chosen, table, inputs)
    for zone, column in enumerate(ZONE_COLUMNS):
        table[column] = _count(curves.loc[curves["zone"] == zone, "area_code"], table, inputs)
    return table


def _count(codes: pd.Series, areas: pd.DataFrame, inputs: ModelInputs) -> NDArray[np.int64]:
    by_street = codes.value_counts()
    streets = inputs.streets["code"].map(by_street).fillna(0).astype(np.int64)
    by_district = streets.groupby(inputs.streets["parent"].to_numpy()).sum()
    by_code = dict(zip(inputs.streets["code"], streets, strict=True))
    total = {**by_code, **by_district.to_dict(), inputs.city[0]: int(streets.sum())}
    return np.asarray(areas["code"].map(total).fillna(0), np.int64)
