"""Societal risk: F-N curves from the distribution of deaths, event first, never from mean values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import pdtrc

from geo.grid import Grid
from riskmodel.fields import KernelBank, take_points
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure
from riskmodel.scenarios import FN_N, PointScenarios, ScenarioSet, Scope

ZONES: tuple[str, ...] = ("可接受区", "尽可能降低区", "不可接受区")


def fn_curve(rate: ArrayLike, mean_deaths: ArrayLike) -> NDArray[np.float64]:
    """F(N ≥ n) per year at the values of FN_N for events whose deaths are Poisson around their own mean.

    A staircase: never interpolated. ``F(n) = Σ rate · P(Poisson(mean) ≥ n)``.

    Parameters
    ----------
    rate : (k,) events per year
    mean_deaths : (k,) mean deaths per event
    """
    n = np.asarray(FN_N, np.float64)
    survive = pdtrc(n[None, :] - 1, np.asarray(mean_deaths, np.float64)[:, None])
    return np.asarray(np.asarray(rate, np.float64) @ survive)


def zone(curve: NDArray[np.float64], parameters: Parameters, *, factor: float = 1.0) -> int:
    """Zone of one installation's own curve by GB 36894: 2 above the upper line, 1 between the lines, 0 below.

    The lines are F = upper / N and F = lower / N (slope −1); `factor` multiplies the curve first.
    """
    n = np.asarray(FN_N, np.float64)
    if np.any(curve * factor > parameters.number("levels.criteria.fn_upper") / n):
        return 2
    return int(np.any(curve * factor > parameters.number("levels.criteria.fn_lower") / n))


def installation_curves(inputs: ModelInputs, scenarios: ScenarioSet, exposure: Exposure, parameters: Parameters) -> pd.DataFrame:
    """F-N of every hazardous-chemical installation of the scope of GB 36894.

    All units of one enterprise are one installation (GB/T 37243-2019 clause 4: once one of them needs a quantitative
    assessment, all of them go into it). A row of the event table is scenario × slot of the week × wind sector.

    Returns
    -------
    DataFrame
        id (enterprise, or the unit where it has none), name, area_code, zone (0–2 of :data:`ZONES`), within_decade (within a
        decade below the upper line), f (list: per year at the values of FN_N).
    """
    points = scenarios.points
    chosen = (points.scope == Scope.HC) & (points.kernel >= 0) & (points.kind == scenarios.kinds.index("hazard_source"))
    hc = take_points(points, np.flatnonzero(chosen))
    deaths = _deaths(hc, scenarios, exposure, inputs.grid)
    bank = KernelBank.of(scenarios.kernels)
    sector_p = np.where(bank.has_rose[hc.kernel][:, None], bank.rose[hc.kernel] / 16, np.eye(1, 16))
    rate = hc.frequency[:, None, None] * exposure.probability[None, :, None] * sector_p[:, None, :]
    units = inputs.frames["hazard_source"]
    owner = units["enterprise_id"].where(units["enterprise_id"].notna(), units["id"]).to_numpy(object)[hc.row]
    enterprises = inputs.frames["enterprise"]
    names = dict(zip(enterprises["id"], enterprises["name"], strict=True))
    upper = parameters.number("levels.criteria.fn_upper") / np.asarray(FN_N, np.float64)
    result = []
    for installation in dict.fromkeys(owner):
        mine = owner == installation
        curve = fn_curve(rate[mine].ravel(), deaths[mine].ravel())
        unit = units.iloc[int(hc.row[mine][0])]
        result.append({
            "id": installation, "name": names.get(installation) or unit["name"], "area_code": unit["area_code"],
            "zone": zone(curve, parameters), "within_decade": bool(np.any(curve > upper / 10)), "f": curve.tolist(),
        })
    return pd.DataFrame(result, columns=["id", "name", "area_code", "zone", "within_decade", "f"])


def _deaths(hc: PointScenarios, scenarios: ScenarioSet, exposure: Exposure, grid: Grid) -> NDArray[np.float64]:
    from riskmodel.kernels import footprint

    bank = KernelBank.of(scenarios.kernels)
    outdoors = np.asarray(exposure.outdoors)
    indoors = np.asarray(exposure.indoors)
    deaths = np.zeros((len(hc.x), len(outdoors), 16))
    footprint.deaths_by_slot(
        grid.west, grid.north, float(grid.cell), grid.nx, grid.ny, hc.x, hc.y, hc.kernel, hc.own_cell, hc.own_staff,
        exposure.job_outdoors, exposure.job_indoors,
        bank.radius, bank.out, bank.inside, bank.rose, bank.has_rose, outdoors, indoors, deaths,
    )
    return deaths


def city_curve(scenarios: ScenarioSet) -> NDArray[np.float64]:
    """F-N of all events whose deaths lie at one place (fires, work, crowds); drawn without criterion lines."""
    points = scenarios.points
    curve = np.zeros(len(FN_N))
    n = np.asarray(FN_N, np.float64)
    with_tail = points.tail >= 0
    if with_tail.any():
        weight = np.bincount(points.tail[with_tail], points.frequency[with_tail], minlength=len(scenarios.tails))
        curve += weight @ scenarios.tails
    rest = ~with_tail & (points.deaths_local > 0)
    for deaths in np.unique(points.deaths_local[rest]):
        curve += points.frequency[rest & (points.deaths_local == deaths)].sum() * pdtrc(n - 1, deaths)
    for item in scenarios.background:
        survive = scenarios.tails[item.tail] if item.tail >= 0 else pdtrc(n - 1, item.deaths)
        curve += item.frequency.sum() * survive
    return curve
