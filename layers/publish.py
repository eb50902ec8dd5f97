"""From a run's tables to every raster of its snapshot, in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from geo.grid import Grid
from layers.style import ATTRIBUTION, SYNTHETIC_ZH, THEMES
from layers.tables import IR_UNIT, S_UNIT
from riskmodel.parameters.load import load_parameters

if TYPE_CHECKING:
    import pandas as pd

    from layers.snapshot import SnapshotWriter


def write_rasters(writer: SnapshotWriter, grid: Grid, fields: pd.DataFrame, cells: pd.DataFrame, *, synthetic: bool,
                  threads: int = 2, progress: Callable[[float], None] | None = None) -> int:
    """Write ``risk.tif``, ``level.tif``, ``risk.pmtiles`` and ``themes/<theme>.pmtiles`` from ``fields`` and ``cells``.

    Parameters
    ----------
    writer : SnapshotWriter
        Open.
    grid : Grid
    fields, cells : DataFrame
        As declared in :mod:`layers.tables`.
    synthetic : bool
        Marks the files.
    threads : int
    progress : callable or None
        Told the share done, 0 to 1.

    Returns
    -------
    int
        Number of tiles of the pyramid of all themes together.
    """
    from layers.cog import write_fields, write_levels
    from layers.raster import level_codes, scatter, theme_codes
    from layers.tiles import THEME_ZOOM, write_pyramid

    tags = {"RUN_ID": writer.run_id, "ATTRIBUTION": ATTRIBUTION, **({"SYNTHETIC": SYNTHETIC_ZH} if synthetic else {})}
    at, cell = fields["cell"].to_numpy(), cells["cell"].to_numpy()
    bands = {"density": scatter(grid, cell, cells["density"].to_numpy())}
    bands |= {name: scatter(grid, at, fields[name].to_numpy(), IR_UNIT) for name in ("ir_hc", "ir_an", "ir_semi")}
    write_fields(writer.path("risk.tif"), grid, bands, tags={**tags, "UNITS": "density: deaths/(km2 yr); ir_*: 1/yr"})
    codes = level_codes(grid, cell, cells["level"].to_numpy(), cells["hatched"].to_numpy(bool))
    write_levels(writer.path("level.tif"), grid, codes, tags=tags)
    metadata = {"run_id": writer.run_id, "attribution": ATTRIBUTION, "synthetic": synthetic}
    thresholds = load_parameters().array("levels.cell.density")
    for number, (theme, zh) in enumerate(THEMES):
        density = cells[f"s_{theme}"].to_numpy() * (S_UNIT / grid.cell_km2)
        write_pyramid(writer.path(f"themes/{theme}.pmtiles"), grid, theme_codes(grid, cell, density, thresholds),
                      max_zoom=THEME_ZOOM, metadata={**metadata, "theme": theme, "theme_zh": zh}, threads=threads)
        if progress is not None:
            progress(0.5 * (number + 1) / len(THEMES))
    rest = None if progress is None else (lambda share: progress(0.5 + 0.5 * share))
    return write_pyramid(writer.path("risk.pmtiles"), grid, codes, metadata=metadata, threads=threads, progress=rest)
