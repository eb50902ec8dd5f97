"""Palettes of the rendered tiles: which index has which colour in each colour style."""

from __future__ import annotations

from functools import cache

import numpy as np

from layers.png import Colour
from layers.style import STANDARD, STYLES, rgb

#: Palette index of each level code on the light part of a stripe: 9–12 for the hatched codes, unchanged for the others.
LIGHT = np.array([0, 1, 9, 3, 10, 5, 11, 7, 12], np.uint8)


@cache
def palette(style: str = STANDARD) -> tuple[Colour, ...]:
    """Colours of palette indices: 0 clear, 1–8 the level codes, 9–12 the light stripes of hatched levels 1–4."""
    levels = [rgb(colour) for colour in STYLES[style].colours]
    solid: list[Colour] = [(*colour, 255) for colour in levels for _ in range(2)]
    light: list[Colour] = [(*(round(255 - 0.3 * (255 - channel)) for channel in colour), 255) for colour in levels]  # type: ignore[misc]
    return ((0, 0, 0, 0), *solid, *light)
