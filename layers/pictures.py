"""Pictures of the documentation, drawn by matplotlib: one style, words as text, the same bytes from the same numbers.

Only the pages that ``make docs`` writes and the benchmarks draw; nothing that serves or computes imports this module.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal, ParamSpec

import matplotlib.style
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike

from geo.errors import EnvironmentProblem
from layers.atlas.document import fonts_folder

P = ParamSpec("P")

#: Curves by their names in the legend.
Curves = Mapping[str, tuple[ArrayLike, ArrayLike]]

#: What measures the words while drawing; a reader without it sees the next of :data:`READERS_FONTS`.
FONT = "Noto Sans SC"

#: Fonts with Chinese, in the order in which readers' systems have them.
READERS_FONTS = "'Noto Sans SC', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', 'WenQuanYi Micro Hei'"

#: Colours that the colour-blind tell apart (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, PURPLE, SKY, GREY = "#0072b2", "#d55e00", "#009e73", "#aa4499", "#56b4e9", "#777777"

# From light to dark in one hue: the order is seen without colour.
_FILLS = ("#fde0c5", "#f5b27a", "#d9731a", "#7f3b08")

_STROKES = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))

_STYLE: Mapping[str, Any] = {
    "font.family": [FONT, "DejaVu Sans"], "font.size": 9.0, "axes.titlesize": 10.0, "axes.labelsize": 9.0,
    "axes.unicode_minus": True, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd",
    "grid.linewidth": 0.6, "axes.axisbelow": True, "lines.linewidth": 1.6, "legend.frameon": False, "legend.fontsize": 8.5,
    "legend.handlelength": 2.6, "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY, GREY])
    + cycler(linestyle=_STROKES), "svg.fonttype": "none", "svg.hashsalt": "riskmap", "figure.constrained_layout.use": True,
}


def picture(draw: Callable[P, Figure]) -> Callable[P, str]:
    """Make what returns a figure return its SVG text, drawn in the style of the documentation whatever the reader's settings."""
    @wraps(draw)
    def drawn(*arguments: P.args, **named: P.kwargs) -> str:
        _know_font()
        with matplotlib.style.context(["default", dict(_STYLE)]):
            text = io.BytesIO()
            canvas: Any = FigureCanvasSVG(draw(*arguments, **named))
            canvas.print_svg(text, metadata={"Date": None, "Creator": None})  # savefig would draw everything twice
        return _tidied(text.getvalue().decode("utf-8"))

    return drawn


def _know_font() -> None:
    """Put the product's own font before any of the same name that the machine may have: another version measures differently."""
    known, file = font_manager.fontManager, fonts_folder() / "NotoSansSC-Regular.ttf"
    if any(entry.fname == str(file) for entry in known.ttflist):
        return
    if not file.is_file():
        raise EnvironmentProblem(f"没有找到字体 {file}，无法画图", f"there is no font {file}, so nothing can be drawn",
                                 remedy_zh="请先运行 make assets。", remedy_en="Run make assets first.")
    known.addfont(file)
    known.ttflist.insert(0, known.ttflist.pop())


def _tidied(text: str) -> str:
    """Hundredths of a point are finer than any screen; the rest would be noise of the machine."""
    short = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text.replace(f"'{FONT}'", READERS_FONTS))
    return "\n".join(line.rstrip() for line in short.splitlines()) + "\n"


def sheet(columns: int = 1, width: float = 6.6, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """An empty figure of panels side by side, sizes in inches."""
    figure = Figure(figsize=(width, height))
    panels = figure.subplots(1, columns, squeeze=False)
    return figure, list(panels[0])


def curves(panel: Axes, title: str, x_label: str, y_label: str, lines: Curves, x: tuple[float, float], y: tuple[float, float], *,
           log: str = "") -> None:
    """Draw curves in a panel.

    Parameters
    ----------
    lines : mapping
        Places of each curve by its name in the legend.
    x, y : (low, high)
        Ends of the axes.
    log : str
        Names the logarithmic axes: "", "x", "y" or "xy".
    """
    for name, (xs, ys) in lines.items():
        panel.plot(np.asarray(xs, np.float64), np.asarray(ys, np.float64), label=name)
    panel.set(title=title, xlabel=x_label, ylabel=y_label, xlim=x, ylim=y)
    for name, axis in (("x", panel.xaxis), ("y", panel.yaxis)):
        if name in log:
            (panel.set_xscale if name == "x" else panel.set_yscale)("log")
            axis.set_major_locator(LogLocator(numticks=9))
            axis.set_minor_formatter(NullFormatter())
            axis.set_major_formatter(FuncFormatter(lambda value, _: said(value)))


def said(value: float) -> str:
    """A decade in words.

    >>> said(1e-8), said(0.1), said(1000.0), said(1e5)
    ('10⁻⁸', '0.1', '1000', '10⁵')
    """
    if 0.09 < value < 1001:
        return f"{value:g}"
    return "10" + str(round(np.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def thresholds(panel: Axes, marks: Mapping[str, float], *, at: Literal["left", "right"] = "right") -> None:
    """Horizontal lines by their words, which stand above the line at one end."""
    end, inwards = (1.0, -2) if at == "right" else (0.0, 2)
    for words, value in marks.items():
        panel.axhline(value, color="#555555", linewidth=0.8, linestyle=(0, (2, 2)))
        panel.annotate(words, (end, value), (inwards, 2), xycoords=("axes fraction", "data"), textcoords="offset points", ha=at,
                       va="bottom", fontsize=8, color="#333333")


def at_value(panel: Axes, value: float, words: str = "") -> None:
    """A vertical line, its words beside its foot."""
    panel.axvline(value, color="#555555", linewidth=0.8, linestyle=(0, (2, 2)))
    panel.annotate(words, (value, 0.03), (3, 0), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=8,
                   color="#333333")


def valid(panel: Axes, low: float, high: float, words: str) -> None:
    """Shade the range of x where the formula holds; `words` stand in the legend."""
    panel.axvspan(low, high, facecolor="#e9f2e4", edgecolor="none", zorder=0, label=words)


def legend(panel: Axes) -> None:
    """Legend at the right of the panel, where it hides nothing."""
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)


def legend_below(panel: Axes, columns: int) -> None:
    """Legend of all panels of a figure, taken from one of them, below them."""
    figure = panel.get_figure(root=True)
    if figure is not None:
        figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


def plan(panel: Axes, title: str, x: ArrayLike, y: ArrayLike, share: ArrayLike, levels: Mapping[str, float], *,
         direction: str = "风向") -> None:
    """Footprint seen from above, the source at 0, 0 and what drives it towards +x.

    Parameters
    ----------
    x, y : array_like
        Along and across, m, each (n,) or both of the shape of `share`.
    share : array_like
        What is contoured.
    levels : mapping
        At most four rising levels by their words in the legend.
    direction : str
        What the arrow is.
    """
    fills, bounds, values = _FILLS[-len(levels):], list(levels.values()), np.asarray(share, np.float64)
    panel.contourf(np.asarray(x), np.asarray(y), values, levels=[*bounds, max(float(values.max()), bounds[-1]) * 1.01],
                   colors=fills)
    panel.contour(np.asarray(x), np.asarray(y), values, levels=bounds, colors="#4a2a10", linewidths=0.6, linestyles="solid")
    panel.plot([0.0], [0.0], marker="+", color="#000000", markersize=9, linestyle="none")
    panel.annotate("", (0.30, 0.93), (0.14, 0.93), xycoords="axes fraction", arrowprops={"arrowstyle": "-|>", "color": "#000000"})
    panel.annotate(direction, (0.12, 0.93), xycoords="axes fraction", va="center", ha="right", fontsize=8.5)
    panel.set(title=title, xlabel="x（m）", ylabel="y（m）", aspect="equal", xlim=(np.min(x), np.max(x)),
              ylim=(np.min(y), np.max(y)))
    for fill, words in zip(fills, levels, strict=True):
        panel.fill_between([], [], facecolor=fill, edgecolor="#4a2a10", linewidth=0.6, label=words)
