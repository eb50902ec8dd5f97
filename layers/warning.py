"""Warnings of a night: tonight's streets against the snapshots of the nights before, written as a table of the snapshot."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.errors import SnapshotError
from layers.snapshot import MANIFEST, list_snapshots
from riskmodel.warning import Night, night_of, standing_warnings

if TYPE_CHECKING:
    from layers.snapshot import SnapshotWriter
    from riskmodel.inputs import ModelInputs
    from riskmodel.parameters import Parameters

_STREETS = ("code", "name", "level", "pll", "risk_level", "codes")
_TYPES = {"level": pa.int64(), "since": pa.date32(), "until": pa.date32(), "calm_since": pa.date32()}
_WRITTEN = ("id", "name", "level", "kind", "area_code", "text", "since", "until", "calm_since")


def write_warnings(writer: SnapshotWriter, inputs: ModelInputs, areas: pd.DataFrame, hashes: dict[str, str],
                   parameters: Parameters) -> dict[str, Any]:
    """Write ``warnings.parquet``; returns what the manifest says of it.

    Parameters
    ----------
    areas : DataFrame
        Tonight's areas with ``lon`` and ``lat``.
    hashes : dict
        ``parameters`` and ``code`` of tonight: other nights are compared only where both are the same.

    Returns
    -------
    dict
        ``warnings``: how many at each level; ``revision``: what differs from the night before (``parameters``, ``code``), if
        anything does.
    """
    day, window = inputs.as_of, int(parameters.number("warnings.pll.window"))
    paths = earlier_nights(writer.directory, day, window)
    nights = [night for night in (_night(path, hashes) for path in paths) if night is not None]
    found = standing_warnings(inputs, night_of(areas, day), nights, _stood(paths[:1]), parameters)
    writer.write_table("warnings", _table(found))
    levels = {f"level_{n}": int((found["level"] == n).sum()) for n in range(1, 5)}
    changed = _changed(paths[:1], hashes)
    return {"warnings": levels, **({"revision": changed} if changed else {})}


def earlier_nights(directory: Path, day: date, window: int) -> list[Path]:
    """Snapshots of the days before, at most `window` back: the last one made of each day, newest first."""
    try:
        kept = list_snapshots(directory)
    except SnapshotError:
        return []  # a broken neighbour must not stop the run; riskmap check names it
    last: dict[str, Path] = {}
    for info in kept:  # newest first
        last.setdefault(info.as_of, info.path)
    first = (day - timedelta(days=window)).isoformat()
    return [last[as_of] for as_of in sorted(last, reverse=True) if first <= as_of < day.isoformat()]


def _manifest(path: Path) -> dict[str, Any]:
    return dict(orjson.loads((path / MANIFEST).read_bytes()))


def _differs(manifest: dict[str, Any], hashes: dict[str, str]) -> list[str]:
    same = {"parameters": manifest.get("parameters_sha256"), "code": manifest.get("code_version")}
    return [name for name, value in same.items() if value != hashes[name]]


def _changed(paths: list[Path], hashes: dict[str, str]) -> dict[str, Any]:
    for path in paths:
        what = _differs(_manifest(path), hashes)
        return {"since": path.name, "what": what} if what else {}
    return {}


def _night(path: Path, hashes: dict[str, str]) -> Night | None:
    try:
        manifest = _manifest(path)
        areas = pq.read_table(path / "areas.parquet", columns=list(_STREETS)).to_pandas()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return night_of(areas, date.fromisoformat(manifest["as_of"]), comparable=not _differs(manifest, hashes))


def _stood(paths: list[Path]) -> list[dict[str, Any]]:
    """Warnings of the night before, dates as text."""
    for path in paths:
        file = path / "warnings.parquet"
        if file.is_file():
            rows = pq.read_table(file, columns=list(_WRITTEN)).to_pylist()
            return [{name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
                    for row in rows]
    return []


def _table(found: pd.DataFrame) -> pa.Table:
    columns = {name: pa.array([_plain(name, value) for value in found[name].tolist()], _TYPES.get(name, pa.string()))
               for name in _WRITTEN}
    places = shapely.points(found["lon"].to_numpy(np.float64), found["lat"].to_numpy(np.float64))
    columns["geometry"] = pa.array(list(shapely.to_wkb(places)), pa.binary())
    return pa.table(columns)


def _plain(name: str, value: Any) -> Any:
    if name in ("since", "until", "calm_since"):
        return None if value is None or value != value else date.fromisoformat(value)
    return value
