"""MapLibre styles of the vector tiles: the colours, stripes and widths that every other map of the product has."""

from __future__ import annotations

from typing import Any

from layers.style import HATCHED_ZH, LEVELS, STYLES
from layers.vector.features import FEATURE_ZOOM
from layers.vector.tilesets import MIN_ZOOM, VectorTiles

#: From this zoom on the cells are shown instead of the streets, as in the viewer.
CELLS_FROM = 12

_NEUTRAL = "#868E96"


def map_style(tilesets: VectorTiles, style: str, template: str, *, attribution: str) -> dict[str, Any]:
    """A MapLibre style (version 8) with streets from afar, cells from near and features on top.

    Parameters
    ----------
    tilesets : VectorTiles
    style : str
        Name of a colour style (:data:`layers.style.STYLES`).
    template : str
        Address of tiles with ``{name}``, ``{z}``, ``{x}`` and ``{y}``.
    attribution : str
    """
    sources, layers = {}, []
    for name in tilesets.names:
        told = tilesets.describe(name)
        sources[name] = {
            "type": "vector", "tiles": [template.replace("{name}", name)], "minzoom": MIN_ZOOM, "maxzoom": told.max_zoom,
            "attribution": attribution,
        }
        layers += _layers(name, told.geometry, style)
    return {"version": 8, "name": f"区域风险一张图（{STYLES[style].zh}）", "metadata": {"hatched": HATCHED_ZH},
            "sources": sources, "layers": layers}


def level_colour(style: str, field: str) -> list[Any]:
    """MapLibre expression for the colour of a level field; grey where there is none."""
    pairs = [part for level, colour in zip(LEVELS, STYLES[style].colours, strict=True) for part in (level.code, colour)]
    return ["match", ["get", field], *pairs, _NEUTRAL]


def _layers(name: str, geometry: str, style: str) -> list[dict[str, Any]]:
    """Layers of one source, features hidden until they are switched on: all at once nobody could read."""
    common = {"source": name, "source-layer": name}
    if name == "cells":
        return [{"id": name, "type": "fill", **common, "minzoom": CELLS_FROM,
                 "paint": {"fill-color": level_colour(style, "level"), "fill-opacity": _opacity(), "fill-antialias": False}}]
    if name.startswith("areas-"):
        street = name == "areas-street"
        fill = {"id": name, "type": "fill", **common, "maxzoom": CELLS_FROM,
                "paint": {"fill-color": level_colour(style, "risk_level"), "fill-opacity": _opacity()}}
        line = {"id": f"{name}-edge", "type": "line", **common,
                "paint": {"line-color": "#495057", "line-width": 0.6 if street else 1.6}}
        return [fill, line] if street else [line]
    hidden = {"visibility": "none"}
    colour = level_colour(style, "risk_level")
    if geometry == "line":
        return [{"id": name, "type": "line", **common, "layout": hidden, "paint": {"line-color": colour, "line-width": 1.5}}]
    counted = ["interpolate", ["linear"], ["ln", ["max", 1, ["coalesce", ["get", "count"], 1]]], 0, 3.5, 8, 18]
    radius = ["interpolate", ["linear"], ["zoom"], FEATURE_ZOOM - 0.01, counted, FEATURE_ZOOM, 2.5, FEATURE_ZOOM + 4, 6]
    worst_on_top = {"circle-sort-key": ["-", 0, ["coalesce", ["get", "risk_level"], 5]]}
    return [
        {"id": name, "type": "circle", **common, "layout": hidden | worst_on_top,
         "filter": ["==", ["geometry-type"], "Point"],
         "paint": {"circle-color": colour, "circle-radius": radius, "circle-stroke-color": "#FFFFFF",
                   "circle-stroke-width": 0.6}},
        {"id": f"{name}-area", "type": "fill", **common, "layout": hidden, "filter": ["==", ["geometry-type"], "Polygon"],
         "paint": {"fill-color": colour, "fill-opacity": 0.6, "fill-outline-color": "#343A40"}},
    ]


def _opacity() -> list[Any]:
    """Hatched areas and cells are paler: a fill pattern would need an image, which a style alone cannot bring."""
    return ["case", ["boolean", ["get", "hatched"], False], 0.4, 0.75]
