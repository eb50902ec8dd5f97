"""The atlas of a run: a PDF to print and a bundle that opens in QGIS, both made from one snapshot and nothing else."""

from __future__ import annotations

from layers.atlas.bundle import write_atlas

__all__ = ["write_atlas"]
