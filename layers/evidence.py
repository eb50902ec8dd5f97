"""What a snapshot keeps so that any place can be explained later: the model's scenarios as plain arrays."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from geo.errors import NotFound, SnapshotError
from geo.grid import Grid
from riskmodel.explain import Evidence, gather, labels
from riskmodel.fields import KernelBank
from riskmodel.scenarios import LineScenarios, PointScenarios
from riskmodel.shares import Shares, shares

if TYPE_CHECKING:
    from layers.snapshot import SnapshotWriter
    from riskmodel.inputs import ModelInputs
    from riskmodel.run import RunResult

ARRAYS = "model/evidence.npz"
NAMES = "model/evidence.json"
SHARES = "model/shares.npz"
_PLAIN = ("point_cell", "cells", "people_out", "people_in", "per_job", "background_s", "background_theme", "background_label",
          "coverage_start", "coverage_cell", "coverage_fraction")


def write_evidence(writer: SnapshotWriter, inputs: ModelInputs, result: RunResult) -> None:
    """Write the evidence into a snapshot under construction."""
    evidence = gather(inputs.grid, inputs.coverage, result.scenarios, result.fields, result.exposure)
    arrays: dict[str, NDArray[Any]] = {name: getattr(evidence, name) for name in _PLAIN}
    tables: dict[str, Any] = {"point": evidence.points, "line": evidence.lines, "bank": evidence.bank}
    for prefix, table in tables.items():
        arrays |= {f"{prefix}.{f.name}": getattr(table, f.name) for f in fields(table)}
    np.savez(writer.path(ARRAYS), **arrays)  # type: ignore[arg-type]
    made = shares(inputs, result.scenarios, result.fields, result.exposure, labels(result.scenarios))
    np.savez(writer.path(SHARES), **{f.name: getattr(made, f.name) for f in fields(made)})
    starts = np.cumsum([0, *(len(inputs.frames[kind]) for kind in result.scenarios.kinds)])
    writer.write_bytes(NAMES, orjson.dumps({
        "kinds": result.scenarios.kinds, "starts": starts.tolist(), "labels": labels(result.scenarios),
        "streets": inputs.streets["code"].tolist(),
        "areas": [*inputs.streets["code"], *inputs.districts["code"], inputs.city[0]],
    }))


def read_evidence(folder: Path, grid: Grid) -> tuple[Evidence, dict[str, Any]]:
    """Evidence and names of a published snapshot.

    Raises
    ------
    NotFound
        If the snapshot was published without.
    SnapshotError
        If the files are incomplete or broken.
    """
    if not (folder / "model").is_dir():
        raise NotFound("这份快照没有可供解释的依据", "this snapshot holds no evidence to explain from",
                       remedy_zh="请重新计算：riskmap score。", remedy_en="Make a new one: riskmap score.")
    try:
        with np.load(folder / ARRAYS, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        names = orjson.loads((folder / NAMES).read_bytes())
        evidence = Evidence(
            grid=grid, points=_table(PointScenarios, "point", arrays), lines=_table(LineScenarios, "line", arrays),
            bank=_table(KernelBank, "bank", arrays), **{name: arrays[name] for name in _PLAIN},
        )
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(folder, error) from error
    return evidence, names


def read_shares(folder: Path) -> Shares:
    """Sources of every area of a published snapshot.

    Raises
    ------
    SnapshotError
        If the file is missing or broken.
    """
    try:
        with np.load(folder / SHARES, allow_pickle=False) as stored:
            return Shares(**{name: stored[name] for name in stored.files})
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: Exception) -> SnapshotError:
    return SnapshotError(f"快照 {folder.name} 的归因数据无法读取", f"the evidence of {folder.name} cannot be read: {error}",
                         remedy_zh="请运行 riskmap check。", remedy_en="Run riskmap check.", folder=str(folder))


def _table(kind: type[Any], prefix: str, arrays: dict[str, NDArray[Any]]) -> Any:
    return kind(**{f.name: arrays[f"{prefix}.{f.name}"] for f in fields(kind)})
