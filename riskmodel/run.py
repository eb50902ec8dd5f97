"""One run of the model: frames and rasters in, tables and fields out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel import identification, pipelines
from riskmodel.aggregate import areas_table, cell_facts, cells_table, occupied_cells
from riskmodel.budget import Estimate, estimate
from riskmodel.build import SOURCE_KINDS, build_scenarios
from riskmodel.fields import Fields, Way, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure, exposure
from riskmodel.scenarios import FN_N, ScenarioSet, Scope, Theme
from riskmodel.societal import ZONES, AreaCurves, area_curves, event_table, installation_curves, installation_events
from riskmodel.sources import sources_table
from riskmodel.streets import area_draws, counts_by_street, gather, judge
from riskmodel.targets import evaluate_dwellings, evaluate_targets
from riskmodel.uncertainty import class_fields, draw_streets
from riskmodel.uncertainty.verdicts import NEAR_A_LIMIT, cell_level_shares, criteria_levels
from riskmodel.uncertainty.zoning import rezoned_density, shifted_density
from riskmodel.vetoes import vetoes

Progress = Callable[[str, int, int], None]

@dataclass(frozen=True)
class RunResult:
    """Everything a run found.

    Attributes
    ----------
    scenarios : ScenarioSet
    fields : Fields
    exposure : Exposure
    cells, areas, sources, targets, dwellings, fn : DataFrame
        Tables for people to read: occupied cells, streets–districts–city, sources with their own PLL, protected targets
        with their individual risk, populated cells near or over a limit, F-N curves of installations and areas.
    totals : dict of theme name → deaths per year over the city's cells
    seconds : dict of stage → seconds
    uncertainty : dict
        ``seed`` and number of ``draws``; ``dropped_pll``: deaths per year in rows that the event table left out.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> result = scored()
    >>> result.areas[["name", "risk_level"]].values.tolist()
    [['西街道', 1], ['东街道', 4], ['东城区', 4], ['北京市', 4]]
    >>> result.sources.loc[result.sources["pll"].idxmax(), "name"]
    '在建住宅楼'
    """

    scenarios: ScenarioSet
    fields: Fields
    exposure: Exposure
    cells: pd.DataFrame
    areas: pd.DataFrame
    sources: pd.DataFrame
    targets: pd.DataFrame
    dwellings: pd.DataFrame
    fn: pd.DataFrame
    totals: dict[str, float]
    seconds: dict[str, float]
    uncertainty: dict[str, float]


class _Clock:
    def __init__(self, progress: Progress | None, stages: int) -> None:
        self.seconds: dict[str, float] = {}
        self._progress, self._stages, self._start, self._name = progress, stages, time.perf_counter(), ""

    def stage(self, name: str) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = round(now - self._start, 3)
        self._start, self._name = now, name
        if self._progress and name:
            self._progress(name, len(self.seconds), self._stages)


def score(inputs: ModelInputs, parameters: Parameters, *, threads: int = 2, progress: Progress | None = None,
          way: Way | None = None, learned: Mapping[str, pd.Series] | None = None,
          allow: Callable[[Estimate], None] | None = None) -> RunResult:
    """Run the whole model.

    Parameters
    ----------
    way : Way, optional
        How the fields' tiles are worked through (cancellation, checkpoints, a cluster); by threads without it.
    learned : mapping of kind to Series, optional
        Factors of approved learned models (:func:`riskmodel.learned.factors_by_kind`).
    allow : callable, optional
        Told what the run needs once its scenarios are known, before the fields are made; raises to refuse it.

    Raises
    ------
    UnknownIdentifier
        If a unit type, substance, medium, venue or equipment type has no match: never zero risk. An industry that the tables
        do not name takes their row “rest”.
    BadParameter
        If frequencies leave the range of the fixed point.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> result = score(town(), parameters(), threads=1)
    >>> result.sources.set_index("id")["level"].loc[["h1", "r1", "v1"]].tolist(), round(result.totals["pll"], 4)
    ([2, 2, 4], 0.012)
    """
    clock = _Clock(progress, 7)
    clock.stage("人口暴露")
    people = exposure(inputs, parameters)
    clock.stage("情景")
    scenarios, factors = build_scenarios(inputs, parameters, people, learned)
    if allow:
        allow(estimate(scenarios, inputs.grid, sum(len(frame) for frame in inputs.frames.values()), threads=threads))
    clock.stage("风险场")
    fields = lay(scenarios, people, inputs.grid, threads=threads, way=way)
    clock.stage("防护目标与社会风险")
    targets = evaluate_targets(inputs, scenarios, parameters)
    dwellings = evaluate_dwellings(inputs, scenarios, parameters, mean_an=fields.ir[Scope.AN], below=NEAR_A_LIMIT)
    events = event_table(inputs, scenarios, people, threads=threads)
    installations = installation_events(inputs, scenarios, events)
    curves = installation_curves(inputs, installations, parameters)
    fn = _fn_table(curves, area_curves(inputs, scenarios, events), inputs)
    clock.stage("风险源")
    lines = pipelines.assess(inputs, people.households, parameters)
    sources = sources_table(inputs, scenarios, fields, factors, parameters, lines)
    clock.stage("不确定性")
    classes = class_fields(inputs, scenarios, fields, people, parameters)
    draws = draw_streets(classes, parameters)
    criteria = criteria_levels(inputs, scenarios, classes, draws, targets, dwellings, curves, installations, parameters)
    clock.stage("分区与分级")
    grades = identification.grade_units(inputs, parameters)
    facts = vetoes(inputs, grades, _with_dangers(inputs, sources), parameters)
    evidence = gather(inputs, targets, dwellings, curves, grades, pipelines.hca_three(inputs, lines), facts, parameters)
    occupied = occupied_cells(inputs, fields, people, _source_cells(inputs))
    found = cell_facts(occupied, inputs, fields, targets, dwellings, np.array(evidence.veto_cells, np.int64), parameters)
    shares = cell_level_shares(occupied, found.fixed, classes, draws, criteria, parameters, inputs.grid.cell_km2)
    del classes  # by cell and class it is large, and nothing below reads it
    cells = cells_table(inputs, fields, people, found, shares, shifted_density(inputs, scenarios, fields), parameters)
    areas = areas_table(inputs, fields, people, cells)
    rezoned = rezoned_density(inputs, fields, parameters)
    judged = judge(areas, evidence, area_draws(areas, inputs, draws.pll, criteria.street, rezoned), parameters)
    areas = counts_by_street(inputs, grades, curves, judged)
    city = areas[areas["level"] == "city"].iloc[0]
    totals = {"pll": float(city["pll"]), **{t.name.lower(): float(city[f"pll_{t.name.lower()}"]) for t in Theme}}
    clock.stage("")
    uncertainty = {"seed": draws.seed, "draws": draws.factors.draws, "dropped_pll": events.lost}
    return RunResult(scenarios, fields, people, cells, areas, sources, targets, dwellings, fn, totals, clock.seconds, uncertainty)


def _with_dangers(inputs: ModelInputs, sources: pd.DataFrame) -> pd.Series:
    """PLL of the enterprises that have a major danger, by their id."""
    dangers = inputs.frames["hidden_danger"]
    named = set(dangers.loc[dangers["major"].fillna(False).astype(bool), "enterprise_id"].dropna())
    return sources[sources["enterprise_id"].isin(named)].groupby("enterprise_id")["pll"].sum()


def _source_cells(inputs: ModelInputs) -> NDArray[np.int64]:
    return np.unique(np.concatenate([
        inputs.frames[kind]["cell"].to_numpy(np.int64) for kind in SOURCE_KINDS if kind != "pipeline"
    ]))


def _fn_table(installations: pd.DataFrame, areas: AreaCurves, inputs: ModelInputs) -> pd.DataFrame:
    """Curves of installations with their zone, of streets, districts and the city without."""
    rows = [
        {"level": "installation", "code": c.id, "name": c.name, "n": n, "f": f, "zone": ZONES[c.zone]}
        for c in installations.itertuples() for n, f in zip(FN_N, c.f, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["level", "code", "name", "n", "f", "zone"])
    city = pd.DataFrame([{"code": inputs.city[0], "name": inputs.city[1]}])
    parts = [_curves_of(level, frame, curves) for level, frame, curves in (
        ("street", inputs.streets, areas.streets), ("district", inputs.districts, areas.districts),
        ("city", city, areas.city[None, :]))]
    return pd.concat([table, *parts], ignore_index=True) if len(table) else pd.concat(parts, ignore_index=True)


def _curves_of(level: str, areas: pd.DataFrame, curves: NDArray[np.float64]) -> pd.DataFrame:
    n = len(FN_N)
    return pd.DataFrame({
        "level": level, "code": np.repeat(areas["code"].to_numpy(object), n),
        "name": np.repeat(areas["name"].to_numpy(object), n),
        "n": np.tile(np.array(FN_N, np.int64), len(areas)), "f": curves.ravel(), "zone": None,
    })
