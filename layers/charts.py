"""Charts of the model card, of the sensitivities and of the notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from layers.pictures import BLUE, GREY, ORANGE, Curves, curves, legend, picture, sheet
from riskmodel.learned import Reliability


@picture
def reliability_chart(found: Reliability, title: str, unit: str) -> Figure:
    """Observed against predicted with 90 % intervals; on the dashed line a model is calibrated."""
    most = 1.05 * max(float(found.predicted.max()), float(found.high.max()))
    figure, (panel,) = sheet(width=4.2, height=3.4)
    panel.plot([0, most], [0, most], color=GREY, linestyle="--", linewidth=1.0, label="预测 = 实际")
    around = np.stack([found.observed - found.low, found.high - found.observed])
    panel.errorbar(found.predicted, found.observed, yerr=np.maximum(around, 0.0), color=BLUE, linestyle="none", marker="o",
                   markersize=4.5, elinewidth=1.0, capsize=2.5, label="实际，90 % 区间")
    panel.set(title=title, xlabel=f"预测（{unit}）", ylabel=f"实际（{unit}）", xlim=(0, most), ylim=(0, most))
    panel.legend(loc="upper left")
    return figure


@picture
def gain_chart(curve: tuple[ArrayLike, ArrayLike], title: str, exposure: str, events: str) -> Figure:
    """Share of the events against share of the exposure, the highest predictions first; the dashed line is chance."""
    figure, (panel,) = sheet(width=4.2, height=3.4)
    panel.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.0, label="随机")
    panel.plot(*(np.asarray(values) for values in curve), color=BLUE, linestyle="-", label="模型")
    panel.set(title=title, xlabel=exposure, ylabel=events, xlim=(0, 1), ylim=(0, 1))
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    panel.legend(loc="lower right")
    return figure


@picture
def curve_chart(title: str, x_label: str, y_label: str, lines: Curves, x: tuple[float, float], y: tuple[float, float], *,
                log: str = "") -> Figure:
    """Curves by name, as :func:`layers.pictures.curves` draws them, with their legend."""
    figure, (panel,) = sheet()
    curves(panel, title, x_label, y_label, lines, x, y, log=log)
    legend(panel)
    return figure


@picture
def bar_chart(names: Sequence[str], groups: Mapping[str, Sequence[float]], title: str, y_label: str) -> Figure:
    """Bars side by side, one of each group over every name."""
    figure, (panel,) = sheet(width=4.6, height=3.0)
    width = 0.8 / len(groups)
    for i, ((label, values), hatch) in enumerate(zip(groups.items(), ("", "//", ".."), strict=False)):
        at = np.arange(len(names)) + (i - (len(groups) - 1) / 2) * width
        bars = panel.bar(at, values, width=width, label=label, hatch=hatch, edgecolor="#ffffff")
        panel.bar_label(bars, fmt="%.3g", fontsize=8)
    panel.set_xticks(np.arange(len(names)), list(names))
    panel.set(title=title, ylabel=y_label)
    panel.grid(visible=False, axis="x")
    panel.legend()
    return figure


@picture
def tornado_chart(names: Sequence[str], low: ArrayLike, high: ArrayLike, base: float, unit: str) -> Figure:
    """Bars from low to high about the base, one row each, the first on top."""
    lows, highs, rows = np.asarray(low, np.float64), np.asarray(high, np.float64), np.arange(len(names))
    figure, (panel,) = sheet(width=6.6, height=0.28 * len(names) + 1.1)
    for values, side, align, colour, hatch in ((lows, -1, "right", BLUE, ""), (highs, 1, "left", ORANGE, "//")):
        panel.barh(rows, values - base, left=base, height=0.66, color=colour, hatch=hatch, edgecolor="#ffffff")
        for row, value in zip(rows, values, strict=True):
            panel.annotate(f"{value:.4g}", (value, row), (4 * side, 0), textcoords="offset points", va="center", ha=align,
                           fontsize=8)
    panel.axvline(base, color="#333333", linewidth=1.0)
    panel.set_yticks(rows, list(names))
    panel.invert_yaxis()
    panel.margins(x=0.12)
    panel.grid(visible=False, axis="y")
    panel.set(title=f"{unit}，基准 {base:.4g}", xlabel=unit)
    return figure
