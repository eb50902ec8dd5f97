"""Small charts as SVG text, drawn by hand: the same numbers give the same bytes, labels stay text, nothing to install."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.learned import Reliability

#: Fonts with Chinese, in the order in which systems have them.
FONTS = "'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif"

BLUE, GREY, ORANGE = "#1f5fa8", "#777777", "#d9822b"

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 420, 320, 64, 36, 16, 56


@dataclass
class Chart:
    """Two linear axes from 0 to `x_most` and `y_most`, and marks in their units."""

    title: str
    x_label: str
    y_label: str
    x_most: float
    y_most: float
    marks: list[str] = field(default_factory=list)

    def _x(self, value: float) -> str:
        return f"{_LEFT + value / self.x_most * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def _y(self, value: float) -> str:
        return f"{_HEIGHT - _BOTTOM - value / self.y_most * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    def line(self, x: ArrayLike, y: ArrayLike, colour: str = BLUE, *, dashed: bool = False) -> None:
        """Add a line through places."""
        places = zip(np.asarray(x, np.float64), np.asarray(y, np.float64), strict=True)
        points = " ".join(f"{self._x(float(a))},{self._y(float(b))}" for a, b in places)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.marks.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')

    def dots(self, x: ArrayLike, y: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str = BLUE) -> None:
        """Add dots with intervals."""
        for a, b, c, d in zip(*(np.asarray(v, np.float64) for v in (x, y, low, high)), strict=True):
            at = self._x(float(a))
            top = self._y(min(float(d), self.y_most))
            self.marks.append(f'<line x1="{at}" y1="{self._y(float(c))}" x2="{at}" y2="{top}" stroke="{colour}"/>')
            self.marks.append(f'<circle cx="{at}" cy="{self._y(float(b))}" r="4" fill="{colour}"/>')

    def bar(self, place: float, width: float, height: float, colour: str = BLUE) -> None:
        """Add a bar that stands on the axis."""
        x, right, y = self._x(place), self._x(place + width), self._y(min(height, self.y_most))
        size = f'width="{float(right) - float(x):.1f}" height="{float(self._y(0.0)) - float(y):.1f}"'
        self.marks.append(f'<rect x="{x}" y="{y}" {size} fill="{colour}"/>')

    def text(self, x: float, y: float, words: str, colour: str = "#222222", anchor: str = "middle") -> None:
        """Add words."""
        place = f'x="{self._x(x)}" y="{self._y(y)}"'
        self.marks.append(f'<text {place} text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>')

    def svg(self, x_ticks: Sequence[float] | None = None, *, percent: bool = False) -> str:
        """The whole picture."""
        def said(value: float) -> str:
            return f"{value:.0%}" if percent else f"{value:.3g}"

        base, left, right = _HEIGHT - _BOTTOM, _LEFT, _WIDTH - _RIGHT
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'font-family="{FONTS}" font-size="12">', f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            f'<text x="{left}" y="20" font-size="14" fill="#222222">{escape(self.title)}</text>',
            f'<path d="M{left} {_TOP}V{base}H{right}" fill="none" stroke="#444444"/>',
            f'<text x="{(left + right) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle" fill="#222222">'
            f'{escape(self.x_label)}</text>',
            f'<text transform="translate(16 {(_TOP + base) / 2:.0f}) rotate(-90)" text-anchor="middle" fill="#222222">'
            f'{escape(self.y_label)}</text>',
        ]
        for tick in x_ticks if x_ticks is not None else np.linspace(0, self.x_most, 5):
            parts.append(f'<text x="{self._x(float(tick))}" y="{base + 16}" text-anchor="middle" fill="#444444">'
                         f'{said(float(tick))}</text>')
        for tick in np.linspace(0, self.y_most, 5):
            parts.append(f'<text x="{left - 6}" y="{float(self._y(float(tick))) + 4:.1f}" text-anchor="end" fill="#444444">'
                         f'{said(float(tick))}</text>')
        return "\n".join([*parts, *self.marks, "</svg>"]) + "\n"


def _round_above(value: float) -> float:
    """The least end of an axis above a value whose quarters are round.

    >>> _round_above(0.29), _round_above(0.17), _round_above(4.4)
    (0.4, 0.2, 8.0)
    """
    size = 10.0 ** np.floor(np.log10(value))
    return float(next(round(step * size, 12) for step in (1.0, 2.0, 4.0, 8.0, 10.0) if step * size >= value))


def reliability_chart(found: Reliability, title: str, unit: str) -> str:
    """Observed against predicted with 90 % intervals; on the dashed line a model is calibrated."""
    most = _round_above(1.05 * max(float(found.predicted.max()), float(found.observed.max())))
    chart = Chart(title, f"预测 {unit}", f"实际 {unit}", most, most)
    chart.line([0, most], [0, most], GREY, dashed=True)
    chart.dots(found.predicted, found.observed, found.low, found.high)
    return chart.svg()


def gain_chart(curve: tuple[ArrayLike, ArrayLike], title: str, exposure: str, events: str) -> str:
    """Share of the events against share of the exposure, the highest predictions first; the dashed line is chance."""
    chart = Chart(title, exposure, events, 1.0, 1.0)
    chart.line([0, 1], [0, 1], GREY, dashed=True)
    chart.line(*curve)
    return chart.svg(percent=True)


def bar_chart(names: Sequence[str], groups: dict[str, Sequence[float]], title: str, y_label: str) -> str:
    """Bars side by side for each name, one colour per group, with the groups named in the top row."""
    values = np.array([list(v) for v in groups.values()], np.float64)
    chart = Chart(title, "", y_label, float(len(names)), _round_above(1.1 * float(values.max())))
    width = 0.8 / len(groups)
    for g, (group, row) in enumerate(groups.items()):
        colour = (BLUE, ORANGE, GREY)[g % 3]
        for i, value in enumerate(row):
            chart.bar(i + 0.1 + g * width, width * 0.92, float(value), colour)
        chart.text(0.1 + g * len(names) / len(groups), chart.y_most * 0.95, f"■ {group}", colour, "start")
    for i, name in enumerate(names):
        chart.text(i + 0.5, -0.07 * chart.y_most, name)
    return chart.svg(())


def tornado_chart(names: Sequence[str], low: ArrayLike, high: ArrayLike, base: float, unit: str) -> str:
    """Bars from low to high about the base, one row each, the first on top."""
    lows, highs = np.asarray(low, np.float64), np.asarray(high, np.float64)
    left, step, width = 190, 24, 620
    least, most = min(float(lows.min()), base), max(float(highs.max()), base)
    span = (most - least) or 1.0
    height = step * len(names) + 70

    def at(value: float) -> float:
        return left + 50 + (value - least) / span * (width - left - 110)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             f'font-family="{FONTS}" font-size="12">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             f'<text x="12" y="20" font-size="14" fill="#222222">{escape(unit)}，基准 {base:.4g}</text>']
    for i, (name, a, b) in enumerate(zip(names, lows, highs, strict=True)):
        y = 36 + i * step
        parts.append(f'<text x="{left}" y="{y + 13}" text-anchor="end" fill="#222222">{escape(name)}</text>')
        for start, end, colour in ((a, base, BLUE), (base, b, ORANGE)):
            size = f'width="{at(end) - at(start):.1f}" height="{step - 7}"'
            parts.append(f'<rect x="{at(start):.1f}" y="{y}" {size} fill="{colour}"/>')
        parts.append(f'<text x="{at(a) - 4:.1f}" y="{y + 13}" text-anchor="end" fill="#444444">{a:.4g}</text>')
        parts.append(f'<text x="{at(b) + 4:.1f}" y="{y + 13}" fill="#444444">{b:.4g}</text>')
    parts.append(f'<path d="M{at(base):.1f} 30V{height - 30}" stroke="#444444" stroke-dasharray="4 3"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"
