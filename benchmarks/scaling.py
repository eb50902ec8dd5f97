"""Cost against size: the field of individual risk with more sources, more cells and wider footprints, as a table and a chart."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.regions import generate, part
from benchmarks.report import say, timed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: How many times the base of each size; a footprint's area is its radius squared.
FACTORS: tuple[float, ...] = (1.0, 3.0, 10.0)

#: What grows: name in the rows, and in the chart.
GROWS: tuple[tuple[str, str], ...] = (
    ("sources", "源数 sources"), ("cells", "网格数 cells"), ("area", "影响面积 footprint area"),
)

Row = dict[str, Any]


def scaling(options: argparse.Namespace) -> dict[str, Any]:
    """A tenth of the region's sources on a tenth of its cells, and from there each size alone up to ten times."""
    from riskmodel.fields import individual_risk
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    base, side, rows = options.sources // 10, options.side / 10**0.5, []
    for what, _ in GROWS:
        for factor in FACTORS:
            wide = factor**0.5 if what == "area" else 1.0
            region = generate(round(base * (factor if what == "sources" else 1.0)),
                              round(side * (factor**0.5 if what == "cells" else 1.0)), least=300.0 * wide,
                              most=max(300.0, min(1000.0, side * 10)) * wide)
            scenarios = region.scenarios()
            individual_risk(part(scenarios, np.arange(100)), region.grid)
            work = partial(individual_risk, scenarios, region.grid, scopes=(Scope.HC,), way=Way(options.threads))
            _, seconds, _ = timed(work)  # of the processor: others may load the machine
            rows.append({"what": what, "factor": factor, "sources": len(region.x), "cells": region.grid.size,
                         "updates": region.updates, "s": round(seconds, 4),
                         "ns_per_update": round(seconds / region.updates * 1e9, 2)})
    say(table(rows))
    return {"scaling": rows}


def table(rows: Sequence[Row]) -> str:
    """One line per measurement, times relative to the base of its size."""
    lines = [f"{'':8}{'×':>5}{'sources':>12}{'cells':>12}{'updates':>12}{'s':>9}{'s / base':>10}{'ns/update':>11}"]
    for row in rows:
        base = next(r for r in rows if r["what"] == row["what"])
        lines.append(f"{row['what']:8}{row['factor']:5g}{row['sources']:12,}{row['cells']:12,}{row['updates']:12.3g}"
                     f"{row['s']:9.3f}{row['s'] / base['s']:10.2f}{row['ns_per_update']:11.2f}")
    return "\n".join(lines)


def chart(rows: Sequence[Row]) -> str:
    """Time against size, both relative to the base, as SVG; on the dashed line cost is proportional to size."""
    from layers.pictures import picture, sheet  # what is measured must not share its process with the drawing

    @picture
    def drawn() -> Figure:
        figure, (panel,) = sheet(height=3.6)
        panel.plot(FACTORS, FACTORS, color="#777777", linestyle="--", linewidth=1.0, label="成正比 proportional")
        for (what, name), marker in zip(GROWS, "osD", strict=True):
            mine = [row for row in rows if row["what"] == what]
            panel.plot([row["factor"] for row in mine], [row["s"] / mine[0]["s"] for row in mine], marker=marker, label=name)
        panel.set(title="处理器用时与规模 processor time against size", xlabel="规模（倍） size, times the base",
                  ylabel="用时（倍） time, times the base", xlim=(0, 1.05 * max(FACTORS)), ylim=(0, None), xticks=[0, *FACTORS])
        panel.legend(loc="upper left")
        return figure

    return drawn()
