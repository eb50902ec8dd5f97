"""Everything between the model's numbers and people's eyes: snapshots, tiles, rasters, legend, viewer, atlas, exports.

A run's result is written once, as an immutable directory (:mod:`layers.snapshot`), and read from there by everybody
(:mod:`layers.reader`). The reading side needs neither pandas nor numba nor a database; names are therefore imported
when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Snapshot": "layers.reader",
    "SnapshotWriter": "layers.snapshot",
    "legend": "layers.style",
    "list_snapshots": "layers.snapshot",
    "make_current": "layers.snapshot",
    "open_current": "layers.snapshot",
    "thin": "layers.snapshot",
    "verify": "layers.snapshot",
    "write_atlas": "layers.atlas",
    "write_rasters": "layers.publish",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'layers' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
