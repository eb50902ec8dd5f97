"""How fast a published map is read, and the way to the benchmarks of the source tree that measure against peers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import shapely

from geo.errors import BadParameter
from geo.settings import Settings
from layers.collections import Query, rows_of
from layers.formats.jsontext import feature_texts, text_bytes
from layers.reader import Snapshot

#: Calls per measurement.
_TILES, _POINTS = 20_000, 2000

#: Benchmarks of the source tree in the order of ``all``: the short ones first.
BENCHMARKS: tuple[str, ...] = ("areas", "tiles", "read", "fields", "store", "engine", "night")


def run_benchmarks(settings: Settings, name: str, *, json: bool = False) -> int:
    """Run one benchmark of the source tree or ``all``, each in a process of its own that prints its result.

    Returns
    -------
    int
        0 if all ended well, else the exit code of the first that did not.

    Raises
    ------
    BadParameter
        If there is none of this name, or the program runs without its source tree.
    """
    root = Path(__file__).resolve().parents[1]
    wanted = BENCHMARKS if name == "all" else (name,)
    for one in wanted:
        if one not in BENCHMARKS or not (root / "benchmarks" / f"{one}.py").is_file():
            raise BadParameter(
                f"没有名为“{one}”的测量", f"there is no benchmark {one!r}",
                remedy_zh=f"在源代码目录中可用：all、{'、'.join(BENCHMARKS)}。",
                remedy_en=f"In the source tree: all, {', '.join(BENCHMARKS)}.", name=one,
            )
    environment = {**os.environ, "RISKMAP_HOME": str(settings.home.resolve())}
    flags = ["--json"] if json else []
    codes = [subprocess.run([sys.executable, "-m", f"benchmarks.{one}", *flags], cwd=root, env=environment,
                            check=False).returncode for one in wanted]
    return next((code for code in codes if code), 0)


def measure(snapshot: Snapshot) -> Iterator[str]:
    """Measure one thing after another; yields a line about each."""
    yield _line("open", 1, lambda: len(Snapshot(snapshot.path).cells))
    addresses = list(snapshot.tiles)
    rng = np.random.default_rng(1)
    if addresses:
        chosen = [addresses[number] for number in rng.integers(0, len(addresses), _TILES)]
        yield _line("tile", _TILES, lambda: sum(len(snapshot.tiles.tile(*address) or b"") for address in chosen))
    west, south, east, north = snapshot.bounds
    lon, lat = rng.uniform(west, east, _POINTS), rng.uniform(south, north, _POINTS)
    snapshot.street_at(lon[0], lat[0])
    yield _line("street at a point", _POINTS, lambda: [snapshot.street_at(x, y) for x, y in zip(lon, lat, strict=True)])
    centre = shapely.Point((west + east) / 2, (south + north) / 2).buffer((east - west) / 20)
    kind = "enterprise"
    if kind in snapshot.kinds:
        collection = snapshot.collection(kind)
        text_bytes(feature_texts(collection, rows_of(collection, Query())[:10]), b",")
        yield _line("5,000 enterprises in a polygon as GeoJSON", 1,
                    lambda: text_bytes(feature_texts(collection, rows_of(collection, Query(polygon=centre))[:5000]), b","))
    yield _line("summary of a polygon", 1, lambda: snapshot.polygon_summary(centre))
    yield from _explanations(snapshot)


def _explanations(snapshot: Snapshot) -> Iterator[str]:
    from layers.explain import Explainer

    explainer = Explainer(snapshot)
    street = snapshot.ranking(limit=1)[0]["code"]
    cell = str(snapshot.cells.texts("id")[int(np.argmax(snapshot.cells.numbers("s")))])
    explainer.cell(cell)
    explainer.area(street)
    yield _line("explanation of the worst cell", 1, lambda: explainer.cell(cell))
    yield _line("explanation of the worst street", 1, lambda: explainer.area(street))


def _line(what: str, calls: int, work: Callable[[], object]) -> str:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    rate = f", {calls / seconds:,.0f}/s" if calls > 1 else ""
    return f"{what}: {seconds / calls * 1e3:.3f} ms{rate}"
