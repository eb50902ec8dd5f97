"""Line plots as SVG text: several curves, linear or logarithmic axes, a legend that is text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layers.charts import FONTS

Array = NDArray[np.float64]
Curves = Mapping[str, tuple[ArrayLike, ArrayLike]]

_COLOURS = ("#1f5fa8", "#d9822b", "#2e8b57", "#b03060", "#6a5acd", "#777777")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 560, 340, 70, 36, 150, 52


class Axis:
    """Places values of one quantity on a length in pixels; `low` and `high` are its ends."""

    def __init__(self, low: float, high: float, start: float, end: float, *, log: bool = False) -> None:
        self.low, self.high, self.start, self.end, self.log = low, high, start, end, log

    def at(self, values: ArrayLike) -> Array:
        """Pixels of values; outside ones go to the ends."""
        v = np.clip(np.asarray(values, np.float64), self.low, self.high)
        share = np.log(v / self.low) / np.log(self.high / self.low) if self.log else (v - self.low) / (self.high - self.low)
        return np.asarray(self.start + share * (self.end - self.start))

    def ticks(self) -> list[float]:
        """Decades of a logarithmic axis, fifths of a linear one."""
        if not self.log:
            return [float(v) for v in np.linspace(self.low, self.high, 6)]
        first, last = int(np.ceil(np.log10(self.low) - 1e-9)), int(np.floor(np.log10(self.high) + 1e-9))
        step = max(1, (last - first) // 6 + 1)
        return [10.0**k for k in range(first, last + 1, step)]


def said(value: float) -> str:
    """A tick's words."""
    if value and (abs(value) < 1e-3 or abs(value) >= 1e5):
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.4g}"


def plot(title: str, x_label: str, y_label: str, curves: Curves, x: tuple[float, float], y: tuple[float, float], *,
         log: str = "", marks: Mapping[str, float] | None = None, dashed: Sequence[str] = ()) -> str:
    """Curves by name.

    Parameters
    ----------
    x, y : (low, high)
        Ends of the axes; what lies outside is left out.
    log : str
        Names the logarithmic axes: "", "x", "y" or "xy".
    marks : mapping, optional
        Horizontal lines by their words.
    dashed : names of curves to draw dashed
    """
    right, base = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    across = Axis(*x, _LEFT, right, log="x" in log)
    up = Axis(*y, base, _TOP, log="y" in log)
    parts = [*_frame(title, x_label, y_label), *_ticks(across, up)]
    for words, value in (marks or {}).items():
        level = f"{float(up.at(value)):.1f}"
        parts.append(f'<path d="M{_LEFT} {level}H{right}" stroke="#999999" stroke-dasharray="3 3"/>'
                     f'<text x="{right - 4}" y="{float(level) - 3:.1f}" text-anchor="end" fill="#666666">{escape(words)}</text>')
    for i, (name, (xs, ys)) in enumerate(curves.items()):
        colour, a, b = _COLOURS[i % len(_COLOURS)], np.asarray(xs, np.float64), np.asarray(ys, np.float64)
        inside = (a >= x[0]) & (a <= x[1]) & (b >= y[0]) & (b <= y[1] * (1 + 1e-9))
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in zip(across.at(a[inside]), up.at(b[inside]), strict=True))
        dash = ' stroke-dasharray="6 4"' if name in dashed else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        row = _TOP + 12 + 20 * i
        parts.append(f'<path d="M{right + 10} {row - 4}h18" stroke="{colour}" stroke-width="2"{dash}/>'
                     f'<text x="{right + 32}" y="{row}" fill="#222222">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(title: str, x_label: str, y_label: str) -> list[str]:
    right, base = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="{FONTS}" font-size="12">', f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" fill="#222222">{escape(title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{base}H{right}" fill="none" stroke="#444444"/>',
        f'<text x="{(_LEFT + right) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle" fill="#222222">{escape(x_label)}</text>',
        f'<text transform="translate(16 {(_TOP + base) / 2:.0f}) rotate(-90)" text-anchor="middle" fill="#222222">'
        f'{escape(y_label)}</text>',
    ]


def _ticks(across: Axis, up: Axis) -> list[str]:
    base = _HEIGHT - _BOTTOM
    return [
        *(f'<text x="{float(across.at(v)):.1f}" y="{base + 16}" text-anchor="middle" fill="#444444">{said(v)}</text>'
          for v in across.ticks()),
        *(f'<text x="{_LEFT - 6}" y="{float(up.at(v)) + 4:.1f}" text-anchor="end" fill="#444444">{said(v)}</text>'
          for v in up.ticks()),
    ]
