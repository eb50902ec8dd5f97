"""Formats that have to be written whole before the first byte can leave, by :mod:`layers.formats.worker`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from geo.errors import EnvironmentProblem
from layers import arrow
from layers.formats.kinds import Format
from layers.formats.selection import Part, Selection, record_batches
from layers.style import SYNTHETIC_ZH

_GEOMETRY_TYPES = {"point": "Point", "line": "LineString"}
_ROOT = Path(__file__).resolve().parents[2]


def write_file(selection: Selection, form: Format, path: Path, *, seconds: float = 300.0) -> int:
    """Write a selection to a file of its own.

    Parameters
    ----------
    selection : Selection
    form : Format
        Made as ``file``. GeoPackage and XLSX have a layer or sheet per collection, FlatGeobuf one of their common columns.
    path : Path
        Does not exist yet; ends with the format's ending.
    seconds : float
        The process is ended after this time.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    EnvironmentProblem
        If it cannot be written, or not in time.
    """
    pieces = [selection] if form.name == "fgb" else [replace(selection, parts=(part,)) for part in selection.parts]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "TMPDIR": str(path.parent)}
    process = subprocess.Popen([sys.executable, "-m", "layers.formats.worker"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, env=environment, cwd=path.parent)
    watch = threading.Timer(seconds, process.kill)
    watch.start()
    try:
        assert process.stdin is not None  # noqa: S101  (a pipe was asked for)
        with suppress(BrokenPipeError, OSError):  # it ended: its own words follow
            process.stdin.write(json.dumps(_job(pieces, form, path)).encode() + b"\n")
            for piece in pieces:
                _send(piece, form, process.stdin)
        _, faults = process.communicate()
    finally:
        watch.cancel()
        process.kill()
        process.wait()
    if process.returncode or not path.is_file():
        raise EnvironmentProblem(
            f"无法写出 {form.zh}", f"{form.name} could not be written: {faults.decode(errors='replace')[-400:]}",
            remedy_zh="请缩小范围，或改用 GeoJSON、CSV、GeoParquet。",
            remedy_en="Ask for less, or use GeoJSON, CSV or GeoParquet.",
            format=form.name,
        )
    return path.stat().st_size


def _job(pieces: list[Selection], form: Format, path: Path) -> dict[str, Any]:
    snapshot = pieces[0].snapshot
    layers = [{"name": piece.title, "title": piece.parts[0].collection.title if len(piece.parts) == 1 else "要素",
               "geometry_type": _geometry_type(piece.parts)} for piece in pieces]
    return {"format": form.name, "path": str(path), "layers": layers, "epsg": pieces[0].crs.epsg,
            "note": SYNTHETIC_ZH if snapshot.synthetic else "", "created": f"{str(snapshot.manifest.get('created', ''))[:19]}Z"}


def _geometry_type(parts: tuple[Part, ...]) -> str:
    kinds = {part.collection.geometry_kind for part in parts}
    return _GEOMETRY_TYPES.get(next(iter(kinds)), "Unknown") if len(kinds) == 1 else "Unknown"


def _send(piece: Selection, form: Format, sink: Any) -> None:
    schema, batches = _table(piece) if form.name == "xlsx" else record_batches(piece)
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _table(piece: Selection) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Rows for a sheet: positions in place of geometries."""
    schema, batches = record_batches(piece)
    names = [name for name in schema.names if name != "geometry"]
    places = [axis for axis in ("lon", "lat") if axis not in names]
    wanted = pa.schema([*(schema.field(name) for name in names), *(pa.field(axis, pa.float64()) for axis in places)])

    def rows() -> Iterator[pa.RecordBatch]:
        for batch, (part, block) in zip(batches, piece.blocks(), strict=True):
            position = dict(zip(("lon", "lat"), piece.places(part, block), strict=True))
            columns = [batch.column(name) for name in names] + [arrow.numbers(position[axis]) for axis in places]
            yield pa.RecordBatch.from_arrays(columns, schema=wanted)

    return wanted, rows()
