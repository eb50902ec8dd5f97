"""Residents: census by district, shared over streets and cells; and the background row of every street."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kinds import INDUSTRIES
from geo.sample.ground import Floats, Ground, Ints, largest_remainder
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, points


def residents_by_street(shipped: Shipped) -> Ints:
    """Residents per street: estimates scaled so that every district meets its census exactly."""
    district = shipped.streets["district_code"].to_numpy(str)
    estimate = shipped.estimates.set_index("code")["estimate"].loc[shipped.streets["code"]].to_numpy(np.float64)
    residents = np.zeros(len(district), np.int64)
    for code, total in zip(shipped.census["district_code"], shipped.census["residents"], strict=True):
        mine = district == code
        residents[mine] = largest_remainder(estimate[mine], int(total))
    return residents


def residents_by_pair(ground: Ground, by_street: Ints) -> Ints:
    """Residents per (cell, street): each street's total over its cells by weight, by largest remainder."""
    result = np.zeros(len(ground.cell), np.int64)
    for row, total in enumerate(by_street.tolist()):
        mine = slice(ground.start[row], ground.start[row + 1])
        result[mine] = largest_remainder(ground.home[mine], total)
    return result


def raster(ground: Ground, pairs: Ints) -> NDArray[np.int32]:
    """Residents per cell."""
    return np.bincount(ground.cell, pairs, ground.grid.size).astype(np.int32)


def jobs_by_street(ground: Ground, shipped: Shipped, residents: Ints, anchors: Floats) -> Floats:
    """Jobs per street (builders on sites left out): the district's jobs, shared by anchors of work and by residents.

    Parameters
    ----------
    anchors : (streets,) float64
        Amount of offices, shops, stations … in each street.
    """
    industries = shipped.marginals["industry"].values()
    total = 1000.0 * sum(entry["jobs"] for entry in industries)
    district = ground.streets["district_code"].to_numpy(str)
    pull = (anchors + anchors.mean() * 0.05) ** 0.7 * np.maximum(residents, 1).astype(np.float64) ** 0.3
    jobs = np.zeros(len(pull))
    for code, thousands in shipped.marginals["jobs_by_district"].items():
        mine = district == code
        jobs[mine] = thousands * pull[mine] / pull[mine].sum()
    return np.asarray(jobs * (total / jobs.sum()))


def staff_matrix(ground: Ground, shipped: Shipped, jobs: Floats, residents: Ints) -> Floats:
    """Jobs by street and industry: both margins are met (iterative proportional fitting from a centre–outskirts mixture)."""
    density = residents / ground.streets["area_km2"].to_numpy()
    outer = jobs * np.clip(3000.0 / np.maximum(density, 300.0), 0.05, 3.0)
    seed = np.empty((len(jobs), len(INDUSTRIES)))
    for column, industry in enumerate(INDUSTRIES):
        centre = shipped.marginals["industry"][industry]["centre"]
        seed[:, column] = centre * jobs / jobs.sum() + (1.0 - centre) * outer / outer.sum()
    wanted = 1000.0 * np.array([shipped.marginals["industry"][industry]["jobs"] for industry in INDUSTRIES])
    for _ in range(50):
        seed *= (jobs / seed.sum(axis=1))[:, None]
        seed *= wanted / seed.sum(axis=0)
    return seed


def write_background(
    writer: SampleWriter, ground: Ground, shipped: Shipped, residents: Ints, matrix: Floats, listed: Floats,
) -> None:
    """One row per street: residents, households and everybody employed there by industry.

    Parameters
    ----------
    matrix : (streets, industries) float64
        Jobs wanted by street and industry.
    listed : (streets, industries) float64
        Staff of the generated enterprises. What is left of an industry's total is spread like `matrix`, so that no
        street has fewer people employed than its enterprises report.
    """
    rest = np.maximum(matrix.sum(axis=0) - listed.sum(axis=0), 0.0)
    staff = listed.copy()
    for column in range(matrix.shape[1]):
        staff[:, column] += largest_remainder(matrix[:, column], round(rest[column]))
    size = shipped.marginals["city"]["household_size"]
    names = list(INDUSTRIES)
    columns: dict[str, Any] = {
        "id": ground.streets["code"].to_numpy(object), "name": ground.streets["name"].to_numpy(object),
        "area_code": ground.streets["code"].to_numpy(object), "residents": residents,
        "households": np.round(residents / size, 1), "position_accuracy_m": 0.0,
        "staff": np.array([json.dumps({n: int(v) for n, v in zip(names, row, strict=True)}) for row in staff], object),
        "assumed": json.dumps(["residents", "households", "staff"]),
    }
    writer.kind("background", points(ground.streets["x"].to_numpy(), ground.streets["y"].to_numpy()), columns)
