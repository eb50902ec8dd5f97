"""One night: store → model → snapshot. The whole way from rows to a coloured map, published in one step or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely

from geo.grid import ALBERS
from layers.evidence import write_evidence
from layers.inputs import read_inputs
from layers.learnedmodels import in_use
from layers.machine import affordable, affordable_size, allowed, way_of
from layers.publish import write_rasters
from layers.quality import NightlyQuality, beside
from layers.release import code_version
from layers.snapshot import SnapshotWriter, current_run_id, thin
from layers.style import ATTRIBUTION
from layers.tables import S_UNIT
from layers.warning import write_warnings
from riskmodel.learned import factors_by_kind
from riskmodel.levels import CELL_CODES, CODE_ZH
from riskmodel.parameters import load_parameters
from riskmodel.run import score
from riskmodel.scenarios import Scope
from riskmodel.sweep import stop_if

if TYPE_CHECKING:
    from geo.settings import Settings
    from geo.store import Store
    from riskmodel.inputs import ModelInputs
    from riskmodel.parameters import Parameters
    from riskmodel.run import RunResult

Progress = Callable[[str, int, int], None]

#: Street outlines are simplified to this for display.
_DISPLAY_DEGREES = 1e-4


@dataclass(frozen=True)
class Night:
    """What a finished run leaves behind.

    Attributes
    ----------
    run_id, path : str, Path
        The snapshot.
    as_of : date
        The day that it describes.
    counts : rows by kind
    totals : deaths per year by theme, and ``pll``
    cells, streets : how many at each level
    times : seconds by stage
    hashes : store version, parameters, code
    """

    run_id: str
    path: Path
    as_of: date
    counts: dict[str, int]
    totals: dict[str, float]
    cells: dict[str, int]
    streets: dict[str, int]
    times: dict[str, float]
    hashes: dict[str, str] = field(default_factory=dict)


def run_night(store: Store, settings: Settings, progress: Progress | None = None, *, as_of: date | None = None,
              run_id: str | None = None, cancelled: Callable[[], bool] | None = None) -> Night:
    """Score the store's state of one day and publish it as the current snapshot.

    Parameters
    ----------
    as_of : date, optional
        The day to describe; today in the settings' time zone by default.
    run_id : str, optional
        Name of the snapshot; made from the local time by default.
    cancelled : callable, optional
        Asked before every stage and tile; true stops the run, and nothing of it stays.

    Raises
    ------
    RunCancelled
        If `cancelled` says so.
    """
    progress = _stoppable(progress, cancelled)
    now = datetime.now(ZoneInfo(settings.timezone)).replace(microsecond=0)
    day = as_of or now.date()
    name = run_id or f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    parameters, models = load_parameters(), in_use(settings.learned_models)
    times: dict[str, float] = {}
    with SnapshotWriter(settings.snapshots, name) as writer, beside(store, settings, day) as quality:
        start = time.perf_counter()
        with store.snapshot():  # one state of the store, whatever is loaded meanwhile
            version = store.version()
            inputs = read_inputs(store, day, rasters=settings.rasters, progress=progress, each=_each(writer, quality),
                                 before=lambda cells, rows: affordable_size(cells, rows, settings, progress))
        times["read"] = _since(start)
        start = time.perf_counter()
        found = affordable(inputs, settings)
        learned = factors_by_kind(models.models, inputs)
        with way_of(settings, found, progress, cancelled) as way:
            result = score(inputs, parameters, threads=settings.threads, progress=progress, way=way, learned=learned,
                           allow=lambda needed: allowed(needed, settings))
        times["score"] = _since(start)
        start = time.perf_counter()
        hashes = {"store": version, "parameters": parameters.digest, "code": code_version()}
        if progress:
            progress("写出快照", 0, 1)
        write_evidence(writer, inputs, result)  # the largest, so before the tables have left anything in memory
        fields, areas = _write_tables(writer, result, store, day)
        warned = write_warnings(writer, inputs, areas, hashes, parameters)
        assessed = quality.write(writer, result.sources) if quality else None
        manifest = _manifest(inputs, result, parameters, hashes, times, settings, now, day)
        manifest |= warned | {"learned_models": models.records}
        manifest["estimate"] = {"memory_mb": round(found.memory_mb), "seconds": round(found.seconds, 1)}
        grid, cells, totals = inputs.grid, result.cells, result.totals
        del inputs, result, areas, learned  # the images need none of it, and most of the memory is theirs
        write_rasters(writer, grid, fields, cells, synthetic=manifest["synthetic"], threads=settings.threads,
                      progress=_percent(progress))
        times["publish"] = _since(start)
        manifest["times"] = times | manifest["times"]
        path = writer.publish(manifest | ({"quality": assessed} if assessed else {}))
    thin(settings.snapshots, settings.keep_days, now)
    return Night(name, path, day, manifest["counts"], totals, manifest["cells"], manifest["streets"], times, hashes)


def _stoppable(progress: Progress | None, cancelled: Callable[[], bool] | None) -> Progress | None:
    """Ask `cancelled` at every report of the progress."""
    if cancelled is None:
        return progress

    def told(what: str, done: int, of: int) -> None:
        stop_if(cancelled)
        if progress:
            progress(what, done, of)
    return told


def _each(writer: SnapshotWriter, quality: NightlyQuality | None) -> Callable[[str, pd.DataFrame], None]:
    def each(kind: str, frame: pd.DataFrame) -> None:
        writer.write_features(kind, frame)
        if quality:
            quality.take(kind, frame)
    return each


def _percent(progress: Progress | None) -> Callable[[float], None] | None:
    return (lambda share: progress("渲染地图", round(100 * share), 100)) if progress else None


def _any_synthetic(inputs: ModelInputs) -> bool:
    return any(bool(frame["synthetic"].any()) for frame in inputs.frames.values())


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)


def _write_tables(writer: SnapshotWriter, result: RunResult, store: Store, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    total = result.fields.total
    busy = np.flatnonzero((total != 0) | (result.fields.ir != 0).any(axis=0))
    fields = pd.DataFrame({
        "cell": busy.astype(np.int64),
        **{f"ir_{scope.name.lower()}": result.fields.ir[scope, busy] for scope in (Scope.HC, Scope.AN, Scope.SEMI)},
        "s": total[busy],
    })
    writer.write_table("fields", fields)
    writer.write_table("cells", result.cells)
    areas = _with_shapes(result.areas, store.read("area", as_of=day))
    writer.write_table("areas", areas)
    writer.write_table("sources", result.sources)
    writer.write_table("fn", result.fn)
    return fields, areas


def _with_shapes(areas: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    shapes = pd.Series(rows["geometry"].to_numpy(), index=rows["code"].to_numpy())
    table = areas.copy()
    geometry = np.array(table["code"].map(shapes).tolist(), object)
    streets = (table["level"] == "street").to_numpy()
    display = np.array(geometry, object)
    display[streets] = shapely.coverage_simplify(geometry[streets], _DISPLAY_DEGREES)
    display[~streets] = shapely.simplify(geometry[~streets], 3 * _DISPLAY_DEGREES)
    label = shapely.point_on_surface(geometry)
    table["lon"], table["lat"] = shapely.get_x(label), shapely.get_y(label)
    table["geometry"] = shapely.to_wkb(shapely.transform(display, lambda xy: np.round(xy, 6)))
    return table


def _manifest(inputs: ModelInputs, result: RunResult, parameters: Parameters, hashes: dict[str, str], times: dict[str, float],
              settings: Settings, now: datetime, day: date) -> dict[str, Any]:
    grid, cells = inputs.grid, result.cells
    streets = result.areas[result.areas["level"] == "street"]
    synthetic = {kind: int(frame["synthetic"].sum()) for kind, frame in inputs.frames.items()}
    return {
        "created": now.isoformat(), "as_of": day.isoformat(), "city": {"code": inputs.city[0], "name": inputs.city[1]},
        "store_version": hashes["store"], "parameters_sha256": parameters.digest, "code_version": hashes["code"],
        "grid": {"west": grid.west, "north": grid.north, "nx": grid.nx, "ny": grid.ny, "cell": grid.cell, "crs": ALBERS},
        "counts": {kind: len(frame) for kind, frame in inputs.frames.items()}, "counts_synthetic": synthetic,
        "cells": {"occupied": len(cells), **_levels(cells["level"])}, "streets": _levels(streets["risk_level"]),
        "totals": {**result.totals, "residents": int(inputs.residents.sum())},
        "outside_grid": result.fields.outside, "outside_city_pll": _outside(result),
        "cell_codes": [{"code": code, "zh": CODE_ZH[code]} for code in CELL_CODES],
        "uncertainty": result.uncertainty, "not_modelled": len(result.scenarios.refused),
        "superseded": len(result.scenarios.superseded),
        "times": {**times, **{f"score.{k}": v for k, v in result.seconds.items()}},
        "attribution": ATTRIBUTION.split("; "), "synthetic": _any_synthetic(inputs), "parent": current_run_id(settings.snapshots),
    }


def _outside(result: RunResult) -> float:
    """Deaths per year outside the city."""
    return float(result.fields.total.sum() * S_UNIT - result.totals["pll"])


def _levels(levels: pd.Series) -> dict[str, int]:
    return {f"level_{n}": int((levels == n).sum()) for n in range(1, 5)}
