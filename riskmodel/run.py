"""One run of the model: frames and rasters in, tables and fields out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel import crowd, fire, gas_use, identification, likelihood, pipelines, precedence, quantified, semi, work
from riskmodel.aggregate import areas_table, cells_table
from riskmodel.fields import Fields, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure, exposure, leave_out_own_staff
from riskmodel.scenarios import FN_N, ScenarioBuilder, ScenarioSet, Theme
from riskmodel.societal import ZONES, city_curve, installation_curves
from riskmodel.sources import sources_table
from riskmodel.streets import counts_by_street, gather, judge
from riskmodel.targets import evaluate_dwellings, evaluate_targets

Progress = Callable[[str, int, int], None]

#: Kinds that become scenarios, in the order of their source rows.
SOURCE_KINDS: tuple[str, ...] = ("hazard_source", "pipeline", "venue", "risk_source", "work_site", "equipment", "enterprise")


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
        with their individual risk, populated cells over a limit, F-N curves of installations and the city.
    totals : dict of theme name → deaths per year over the city's cells
    seconds : dict of stage → seconds
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


def build_scenarios(inputs: ModelInputs, parameters: Parameters, people: Exposure) -> tuple[ScenarioSet, pd.Series]:
    """All sources as scenarios, and the management factor of each enterprise."""
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = precedence.resolve(builder, inputs)
    factors = likelihood.management_factors(inputs, parameters)
    quantified.add(builder, inputs, parameters, factors)
    pipelines.add(builder, inputs, parameters)
    for module in (semi, fire, crowd, work, gas_use):
        module.add(builder, inputs, parameters, factors, people, counted)
    return leave_out_own_staff(builder.finish(), inputs), factors


def score(inputs: ModelInputs, parameters: Parameters, *, threads: int = 2, progress: Progress | None = None) -> RunResult:
    """Run the whole model.

    Raises
    ------
    UnknownIdentifier
        If a unit type, substance, medium, venue or equipment type has no match: never zero risk. An industry that the tables
        do not name takes their row “rest”.
    BadParameter
        If frequencies leave the range of the fixed point.
    """
    clock = _Clock(progress, 6)
    clock.stage("人口暴露")
    people = exposure(inputs, parameters)
    clock.stage("情景")
    scenarios, factors = build_scenarios(inputs, parameters, people)
    clock.stage("风险场")
    fields = lay(scenarios, people, inputs.grid, threads=threads)
    clock.stage("防护目标与社会风险")
    targets = evaluate_targets(inputs, scenarios, parameters)
    dwellings = evaluate_dwellings(inputs, scenarios, parameters)
    curves = installation_curves(inputs, scenarios, people, parameters)
    grades = identification.grade_units(inputs, parameters)
    clock.stage("风险源")
    sources = sources_table(inputs, scenarios, fields, factors, parameters)
    clock.stage("分区与分级")
    hca = pipelines.hca_three(inputs)
    evidence = gather(inputs, targets, dwellings, curves, grades, hca, _by_enterprise(sources), parameters)
    vetoes = np.array(evidence.veto_cells, np.int64)
    cells = cells_table(inputs, fields, people, targets, dwellings, vetoes, _source_cells(inputs), parameters)
    areas = counts_by_street(inputs, grades, judge(areas_table(inputs, fields, people, cells), evidence, parameters))
    fn = _fn_table(curves, scenarios, inputs)
    city = areas[areas["level"] == "city"].iloc[0]
    totals = {"pll": float(city["pll"]), **{t.name.lower(): float(city[f"pll_{t.name.lower()}"]) for t in Theme}}
    clock.stage("")
    return RunResult(scenarios, fields, people, cells, areas, sources, targets, dwellings, fn, totals, clock.seconds)


def _by_enterprise(sources: pd.DataFrame) -> pd.Series:
    return sources.groupby("enterprise_id")["pll"].sum()


def _source_cells(inputs: ModelInputs) -> NDArray[np.int64]:
    return np.unique(np.concatenate([
        inputs.frames[kind]["cell"].to_numpy(np.int64) for kind in SOURCE_KINDS if kind != "pipeline"
    ]))


def _fn_table(curves: pd.DataFrame, scenarios: ScenarioSet, inputs: ModelInputs) -> pd.DataFrame:
    rows = [
        {"level": "installation", "code": c.id, "name": c.name, "n": n, "f": f, "zone": ZONES[c.zone]}
        for c in curves.itertuples() for n, f in zip(FN_N, c.f, strict=True)
    ]
    rows += [
        {"level": "city", "code": inputs.city[0], "name": inputs.city[1], "n": n, "f": float(f), "zone": None}
        for n, f in zip(FN_N, city_curve(scenarios), strict=True)
    ]
    return pd.DataFrame(rows, columns=["level", "code", "name", "n", "f", "zone"])
