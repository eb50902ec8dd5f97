"""One place over the kept snapshots: read straight from their tables, each once, without opening whole snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from layers import arrow
from layers.snapshot import SnapshotInfo
from layers.tables import S_UNIT

_AREA = ("code", "risk_level", "hatched", "index", "pll", "density")
_CELL = ("cell", "id", "s", "level", "hatched", "index", "density")


def of_area(kept: Iterable[SnapshotInfo], code: str) -> list[dict[str, Any]]:
    """An area in each snapshot that has it, oldest first."""
    found = []
    for info in kept:
        record = _areas(info.path).get(code)
        if record is not None:
            found.append(_when(info) | record)
    return found[::-1]


def of_cell(kept: Iterable[SnapshotInfo], cell_id: str, index: int) -> list[dict[str, Any]]:
    """A cell in each snapshot in which it is occupied, oldest first; `index` is its place in the current grid."""
    found = []
    for info in kept:
        record = _cell(info.path, cell_id, index)
        if record is not None:
            found.append(_when(info) | record)
    return found[::-1]


def _when(info: SnapshotInfo) -> dict[str, Any]:
    return {"run_id": info.run_id, "created": info.created.isoformat(), "as_of": info.as_of}


@lru_cache(maxsize=512)
def _areas(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        with pq.ParquetFile(folder / "areas.parquet", memory_map=True) as file:
            table = file.read(columns=list(_AREA))
    except (OSError, pa.ArrowInvalid):
        return {}  # thinned meanwhile, or of an earlier form
    return {record.pop("code"): {"level": record.pop("risk_level"), **record} for record in table.to_pylist()}


@lru_cache(maxsize=4096)
def _cell(folder: Path, cell_id: str, index: int) -> dict[str, Any] | None:
    """The one row group that can hold the cell is read: they ascend by index as long as the grid stays."""
    try:
        with pq.ParquetFile(folder / "cells.parquet", memory_map=True) as file:
            for group in _groups(file, index):
                table = file.read_row_group(group, columns=list(_CELL))
                ids = arrow.single(table["id"]).cast(pa.string())
                here = arrow.rows_of(pc.equal(ids, arrow.text(cell_id)))
                if len(here):
                    record = table.slice(int(here[0]), 1).to_pylist()[0]
                    shown = {name: record[name] for name in ("level", "hatched", "index", "density")}
                    return shown | {"pll": record["s"] * S_UNIT}
    except (OSError, pa.ArrowInvalid, KeyError):
        return None
    return None


def _groups(file: pq.ParquetFile, index: int) -> list[int]:
    """Row groups, the one whose range holds the index first, as another night may have another grid."""
    column = file.schema_arrow.get_field_index("cell")
    ranges = [file.metadata.row_group(group).column(column).statistics for group in range(file.metadata.num_row_groups)]
    fits = np.array([entry is not None and entry.has_min_max and entry.min <= index <= entry.max for entry in ranges], bool)
    return [*np.flatnonzero(fits).tolist(), *np.flatnonzero(~fits).tolist()]
