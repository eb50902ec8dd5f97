"""Making the sample directory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from geo.errors import BadParameter, EnvironmentProblem
from geo.grid import to_metres
from geo.sample import dangers, emergency, hazards, pipes, places, population, sources, works
from geo.sample.attached import attach
from geo.sample.enterprises import SECTIONS, make_enterprises, write_enterprises
from geo.sample.ground import Floats, Ground, lay_ground
from geo.sample.shipped import Shipped, read_shipped
from geo.sample.write import SampleWriter

#: Told what is being made, how many steps are done, and of how many.
Progress = Callable[[str, int, int], None]

_STAGES = 11
_LEAST = 200


@dataclass
class SampleSummary:
    """What was made.

    Attributes
    ----------
    folder : Path
    rows : dict
        Rows by kind.
    residents : int
    occupied_cells : int
        Cells with at least one resident.
    pipeline_km : dict
        Kilometres of every generated network.
    seconds : dict
        Time by stage.
    """

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    residents: int = 0
    occupied_cells: int = 0
    pipeline_km: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class _Stages:
    """Reports the stages and times them."""

    def __init__(self, progress: Progress | None, summary: SampleSummary) -> None:
        self.progress, self.summary = progress, summary
        self.done, self.name, self.begun = 0, "", time.perf_counter()

    def next(self, name: str) -> None:
        """End the stage that runs and begin another."""
        now = time.perf_counter()
        if self.name:
            self.summary.seconds[self.name] = now - self.begun
        if self.progress is not None:
            self.progress(name, self.done, _STAGES)
        self.done, self.name, self.begun = self.done + 1, name, now


def generate(
    out: Path, *, enterprises: int = 265_000, seed: int = 20_260_101, progress: Progress | None = None, as_of: date | None = None,
) -> SampleSummary:
    """Write a sample directory of Beijing: one Parquet file per kind, the population raster and a manifest.

    The same arguments give the same bytes.

    Parameters
    ----------
    out : Path
        Folder, made if it does not exist; its files are replaced.
    enterprises : int
        Enterprises; 265,000 is the whole city. Everything that belongs to enterprises shrinks in proportion; streets, people,
        venues and lines stay whole.
    seed : int
        Seed of all random numbers.
    progress : callable, optional
        Called with (what, steps done, steps in all).
    as_of : date, optional
        The day that dates are counted from; default today.

    Raises
    ------
    BadFile
        If a shipped file is missing or broken.
    BadParameter
        If fewer than 200 enterprises are asked for, or the seed is negative.
    EnvironmentProblem
        If the folder cannot be written.
    """
    _check(enterprises, seed)
    summary = SampleSummary(out)
    stages = _Stages(progress, summary)
    stages.next("读取基础数据")
    shipped = read_shipped()
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "manifest.json").unlink(missing_ok=True)
        day = as_of or date.today()
        _write(SampleWriter(out, seed, day), shipped, stages, enterprises, day)
    except OSError as error:
        raise EnvironmentProblem(
            f"样例目录 {out} 无法写入：{error.strerror}", f"the sample folder {out} cannot be written: {error.strerror}",
            remedy_zh="请检查目录权限和磁盘空间。", remedy_en="Check the folder's permissions and the free disk space.",
            folder=str(out),
        ) from error
    stages.next("")
    return summary


def _check(enterprises: int, seed: int) -> None:
    """Refuse a sample that is too small to hold every kind, and a negative seed."""
    if enterprises < _LEAST or seed < 0:
        raise BadParameter(
            f"样例至少要有 {_LEAST} 家单位，种子不能为负（给定 {enterprises}、{seed}）",
            f"a sample needs at least {_LEAST} enterprises and a seed that is not negative (given {enterprises}, {seed})",
            remedy_zh="请修改 RISKMAP_SAMPLE_ENTERPRISES 或 RISKMAP_SAMPLE_SEED。",
            remedy_en="Change RISKMAP_SAMPLE_ENTERPRISES or RISKMAP_SAMPLE_SEED.", enterprises=enterprises, seed=seed,
        )


def _write(writer: SampleWriter, shipped: Shipped, stages: _Stages, count: int, as_of: date) -> None:
    """All kinds in order; each subject has its own random numbers."""
    seed, summary = writer.seed, stages.summary
    scale = count / shipped.marginals["city"]["enterprises"]
    stages.next("划分网格")
    residents = population.residents_by_street(shipped)
    ground = lay_ground(shipped, residents)
    stages.next("人口落格")
    cells = population.raster(ground, population.residents_by_pair(ground, residents))
    writer.population(ground.grid, cells)
    jobs = population.jobs_by_street(ground, shipped, residents, _work_anchors(ground, shipped))
    matrix = population.staff_matrix(ground, shipped, jobs, residents)
    stages.next("行政区与场所")
    places.write_areas(writer, shipped, scale=scale)
    venues = places.gather_venues(ground, shipped)
    places.write_venues(writer, ground, shipped, venues, jobs, seed=seed)
    stages.next("危险化学品单元")
    sites = hazards.make_sites(ground, shipped, residents, venues, scale=scale, seed=seed)
    hazard_units = hazards.site_units(shipped, sites, writer.origin, seed=seed)
    hazard_site = hazard_units.sites
    stages.next("生产经营单位")
    units = make_enterprises(ground, shipped, matrix, sites, count=count, seed=seed)
    write_enterprises(writer, ground, shipped, units, sites, seed=seed)
    attach(hazard_units, ground, shipped, venues, sites, units, scale=scale, seed=seed)
    hazard_units.write(writer, ground)
    population.write_background(writer, ground, shipped, residents, matrix, units.listed(len(matrix)))
    stages.next("安全风险源")
    sources.write_sources(writer, ground, shipped, units, hazard_site, seed=seed)
    stages.next("地下管线")
    summary.pipeline_km = pipes.write_pipelines(writer, ground, shipped, residents, seed=seed)
    stages.next("工地与特种设备")
    works.write_work_sites(writer, ground, shipped, jobs, residents, scale=scale, seed=seed, as_of=as_of)
    industrial = matrix[:, [SECTIONS.index(section) for section in "BCDG"]].sum(axis=1)
    works.write_equipment(writer, ground, shipped, jobs, industrial, residents, scale=scale, seed=seed, as_of=as_of)
    stages.next("隐患、事故与应急资源")
    red = hazards.red_sites(shipped, sites)[1]
    dangers.write_dangers(writer, ground, shipped, units, red, scale=scale, seed=seed, as_of=as_of)
    dangers.write_incidents(writer, ground, shipped, matrix, residents, scale=scale, seed=seed, as_of=as_of)
    emergency.write_emergency(writer, ground, shipped, residents, seed=seed)
    stages.next("清单")
    writer.manifest(as_of=as_of.isoformat(), enterprises=count, expansion=round(1.0 / scale, 6))
    summary.rows = {name: entry["rows"] for name, entry in writer.kinds.items()}
    summary.residents, summary.occupied_cells = int(cells.sum()), int((cells > 0).sum())


def _work_anchors(ground: Ground, shipped: Shipped) -> Floats:
    """Offices, shops, stops, stations and the like in every street, weighted as places of work."""
    weights = shipped.marginals["anchors"]["work"]
    x, y = to_metres(shipped.anchors["lon"].to_numpy(np.float64), shipped.anchors["lat"].to_numpy(np.float64))
    value = shipped.anchors["group"].map({group: entry["weight"] for group, entry in weights.items()}).to_numpy(np.float64)
    sx, sy = to_metres(shipped.stations["lon"].to_numpy(), shipped.stations["lat"].to_numpy())
    at = ground.grid.index(np.concatenate([x, sx]), np.concatenate([y, sy]))
    value = np.concatenate([value, 15.0 * shipped.stations["lines"].to_numpy(np.float64)])
    hits = np.bincount(at[at >= 0], value[at >= 0], ground.grid.size)
    return ground.per_street(hits[ground.cell] * ground.fraction)
