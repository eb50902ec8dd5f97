"""The atlas's maps: streets and borders as SVG, cells as PNG, all of one window in the Albers plane."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.grid import to_metres
from layers.png import encode
from layers.reader import Snapshot
from layers.style import level

#: Width of the drawing in its own units; an outline is thinned to half a unit.
WIDTH = 1000.0
_MARGIN = 0.02


@dataclass(frozen=True)
class Window:
    """The part of the Albers plane that the maps show, m, and its size on paper units."""

    west: float
    south: float
    east: float
    north: float

    @property
    def scale(self) -> float:
        """Drawing units per metre."""
        return WIDTH / (self.east - self.west)

    @property
    def height(self) -> float:
        """Height in drawing units."""
        return (self.north - self.south) * self.scale

    def place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Albers metres (n, 2) to drawing units, y downwards."""
        return np.column_stack([(points[:, 0] - self.west) * self.scale, (self.north - points[:, 1]) * self.scale])


def albers(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Display polygons from degrees to Albers metres."""
    return np.asarray(shapely.transform(shapes, lambda points: np.column_stack(to_metres(points[:, 0], points[:, 1]))), object)


def window(snapshot: Snapshot) -> Window:
    """All areas with a small margin, on whole cells."""
    west, south, east, north = shapely.total_bounds(albers(snapshot.area_shapes))
    margin, cell = _MARGIN * (east - west), snapshot.grid.cell
    low = np.floor((np.array([west, south]) - margin) / cell) * cell
    high = np.ceil((np.array([east, north]) + margin) / cell) * cell
    return Window(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def street_map(snapshot: Snapshot, view: Window) -> str:
    """Streets in their four colours, unstable ones hatched, as SVG."""
    rows = snapshot.area_rows("street")
    shapes = _thin(albers(snapshot.area_shapes[rows]), view, coverage=True)
    levels, hatched = snapshot.areas.numbers("risk_level")[rows], snapshot.areas.numbers("hatched")[rows]
    body = [
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="2.4" height="6" fill="#fff" fill-opacity="0.75"/></pattern></defs>',
    ]
    for shape, code, unstable in zip(shapes, levels.tolist(), hatched.tolist(), strict=True):
        path = _path(shape, view)
        body.append(f'<path d="{path}" fill="{level(code).colour}" fill-rule="evenodd" stroke="#fff" stroke-width="0.6"/>')
        if unstable:
            body.append(f'<path d="{path}" fill="url(#hatch)" fill-rule="evenodd"/>')
    return _svg(view, body)


def border_map(snapshot: Snapshot, view: Window, font: str) -> str:
    """District borders and names with a scale bar, transparent, as SVG."""
    rows = snapshot.area_rows("district")
    body = [f'<path d="{_path(shape, view)}" fill="none" stroke="#212529" stroke-width="1.6" stroke-linejoin="round"/>'
            for shape in _thin(albers(snapshot.area_shapes[rows]), view, coverage=False)]
    lon, lat = snapshot.areas.numbers("lon")[rows], snapshot.areas.numbers("lat")[rows]
    names = np.asarray(snapshot.areas.texts("name"), object)[rows]
    text = f'font-family="{escape(font)}" text-anchor="middle" font-size="17"'
    for (x, y), name in zip(view.place(np.column_stack(to_metres(lon, lat))).tolist(), names, strict=True):
        label = escape(str(name))
        body.append(f'<text x="{x:.1f}" y="{y:.1f}" {text} stroke="#fff" stroke-width="4" stroke-linejoin="round">{label}</text>')
        body.append(f'<text x="{x:.1f}" y="{y:.1f}" {text} fill="#212529">{label}</text>')
    return _svg(view, [*body, _scale_bar(view, text)])


def cell_map(snapshot: Snapshot, view: Window) -> bytes:
    """One pixel per cell in the four colours, unstable ones lighter, as PNG."""
    from layers.palette import LIGHT, palette
    from layers.raster import level_codes

    grid, cells = snapshot.grid, snapshot.cells
    codes = level_codes(grid, cells.numbers("cell"), cells.numbers("level"), cells.numbers("hatched"))
    codes = LIGHT[codes]
    left, top = round((view.west - grid.west) / grid.cell), round((grid.north - view.north) / grid.cell)
    shape = round((view.north - view.south) / grid.cell), round((view.east - view.west) / grid.cell)
    rows, cols = top + np.arange(shape[0]), left + np.arange(shape[1])
    inside = ((rows >= 0) & (rows < grid.ny))[:, None] & ((cols >= 0) & (cols < grid.nx))[None, :]
    pixels = np.where(inside, codes[np.clip(rows, 0, grid.ny - 1)][:, np.clip(cols, 0, grid.nx - 1)], 0)
    return encode(pixels.astype(np.uint8), palette())


def _thin(shapes: NDArray[np.object_], view: Window, *, coverage: bool) -> NDArray[np.object_]:
    tolerance = 0.5 / view.scale
    if not coverage:
        return np.asarray(shapely.simplify(shapes, tolerance), object)
    return np.asarray(shapely.coverage_simplify(shapes, tolerance), object)


def _path(shape: shapely.Geometry, view: Window) -> str:
    rings = []
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            points = view.place(np.asarray(ring.coords, np.float64)[:-1, :2])
            rings.append("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist()) + "Z")
    return "".join(rings)


def _scale_bar(view: Window, text: str) -> str:
    wanted = 0.2 * (view.east - view.west)
    step = 10.0 ** np.floor(np.log10(wanted))
    metres = max(factor * step for factor in (1, 2, 5) if factor * step <= wanted)
    length, x, y = metres * view.scale, 20.0, view.height - 16.0
    label = f"{metres / 1000:g} km"
    return (f'<rect x="{x - 8}" y="{y - 30:.1f}" width="{length + 16:.1f}" height="38" fill="#fff" fill-opacity="0.8"/>'
            f'<path d="M{x},{y - 6:.1f}V{y:.1f}H{x + length:.1f}V{y - 6:.1f}" fill="none" stroke="#212529" stroke-width="1.6"/>'
            f'<text x="{x + length / 2:.1f}" y="{y - 8:.1f}" {text} fill="#212529">{label}</text>')


def _svg(view: Window, body: list[str]) -> str:
    size = f'width="{WIDTH:g}" height="{view.height:.1f}" viewBox="0 0 {WIDTH:g} {view.height:.1f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(body)}</svg>'
