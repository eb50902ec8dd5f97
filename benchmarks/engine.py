"""The risk engine at the size of a region and of the city, against the machine's limits, CLIMADA and geopandas."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.city import city, pickled_city
from benchmarks.regions import EACH, Region, generate, part, people
from benchmarks.report import best, machine, once, peak_mb, say, timed
from benchmarks.scaling import chart, scaling

ROOT = Path(__file__).parents[1]

#: Operations on floating-point numbers for one cell of one footprint: distance², knot, interpolation, scaling, sum.
FLOPS = 10

#: What CLIMADA 6.1 needs beside itself; GDAL's Python binding would have to be compiled and only its night lights import it.
CLIMADA = "6.1.0"

#: The order of the parts; each runs in a process of its own, so that its memory is its own.
PARTS: tuple[str, ...] = ("ir", "merged", "climada", "naive", "dask", "scaling", "city")

CONDITIONS = (
    "Every part in a process of its own, warm: best of 3 (2 of the long ones) after a first call that loads the compiled "
    "code. ir: individual risk of the region; its limit is the larger of writing the field at the copy bandwidth and of 10 "
    "operations per cell and source at the rate of multiply-adds from the first-level cache, both measured in the same "
    "process. merged: individual risk and deaths of every scenario, sixteen to a place. climada: the impact calculation "
    "alone (one process, default settings), its hazard matrix (climada_hazard_s) not counted; ours makes the footprints "
    "within its time. naive: buffer, sjoin, groupby of 1 % of the region's sources, scaled. dask: single-threaded workers, "
    "code loaded beforehand, against one worker. city: the second run in its process, frames in, tables out; city_mb with "
    "the frames. naive_city: what geopandas takes to lay 1 % of that city's finished scenarios of every kind (centres in wide "
    "footprints, overlaps of narrow ones and of lines with cells, deaths at the place) and to group them by cell and street, "
    "scaled, its index of the cells counted once, over city_s; the peer is given the scenarios, the people and the streets' "
    "cells and makes no scenarios, targets, curves, draws or levels."
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--parts", default=",".join(PARTS), help="which parts, with commas")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    parser.add_argument("--sources", type=int, default=1_000_000)
    parser.add_argument("--side", type=int, default=4670, help="cells per side of the region")
    parser.add_argument("--changed", type=int, default=10_000, help="sources that an edit changes")
    parser.add_argument("--events", type=int, default=100_000, help="events for CLIMADA")
    parser.add_argument("--event-side", type=int, default=1000, help="cells per side of CLIMADA's region")
    parser.add_argument("--share", type=float, default=0.01, help="share of the sources that geopandas is given")
    parser.add_argument("--workers", type=int, default=4, help="Dask workers")
    parser.add_argument("--enterprises", type=int, default=265_000, help="enterprises of the generated city")
    parser.add_argument("--city", default="", help="pickled inputs of a city; generated without it")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plot", default="", help="SVG of cost against size, written here")


def ir(options: argparse.Namespace) -> dict[str, Any]:
    """The field of individual risk, the machine's limit, and a change of some sources."""
    from riskmodel.fields import individual_risk
    from riskmodel.incremental import change
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    region, way, scopes = generate(options.sources, options.side), Way(options.threads), (Scope.HC,)
    scenarios = region.scenarios()
    some = part(scenarios, np.arange(min(2000, options.sources)))
    first, _ = once(lambda: individual_risk(some, region.grid, scopes=scopes, way=way))
    seconds, cpu, field = timed(lambda: individual_risk(scenarios, region.grid, scopes=scopes, way=way))
    own_mb = peak_mb()
    limit = physical_limit(region, options.threads)
    rows = np.random.default_rng(6).permutation(options.sources)
    gone, kept = np.sort(rows[:options.changed]), np.sort(rows[options.changed:])
    old = part(scenarios, gone)
    new = replace(old, points=replace(old.points, x=old.points.x + 731.0, frequency=old.points.frequency * 1.5))
    nothing = part(scenarios, np.arange(0))
    change(field, None, nothing, part(new, np.arange(10)), None, region.grid, scopes=scopes, way=way)  # loads the code
    change(field, None, part(new, np.arange(10)), nothing, None, region.grid, scopes=scopes, way=way)
    quick, _ = once(lambda: change(field, None, old, new, None, region.grid, scopes=scopes, way=way))
    points = {name: np.concatenate([getattr(scenarios.points, name)[kept], getattr(new.points, name)])
              for name in old.points.__dataclass_fields__}
    full = individual_risk(replace(scenarios, points=type(old.points)(**points)), region.grid, scopes=scopes, way=way)
    return {"ir_s": seconds, "ir_mb": own_mb, "ir_limit_ratio": seconds / limit["limit_s"], "ir_first_s": first, "ir_cpu_s": cpu,
            **limit, "ir_updates": region.updates, "incremental_s": quick, "incremental_equal": bool(np.array_equal(full, field)),
            "incremental_ratio": seconds / quick}


def physical_limit(region: Region, threads: int) -> dict[str, float]:
    """The least time that this machine could need: writing the field once, or the arithmetic, whichever is more."""
    from concurrent.futures import ThreadPoolExecutor

    from numba import njit

    one, two = np.ones(20_000_000), np.zeros(20_000_000)
    copy_s, _ = best(lambda: np.copyto(two, one))
    bandwidth = 2 * one.nbytes / copy_s
    rounds = 50_000

    arithmetic: Any = njit(nogil=True)(_multiply_adds)
    arrays = [tuple(np.full(1024, value) for value in (0.0, 0.5, 0.25)) for _ in range(threads)]
    arithmetic(*arrays[0], 10)
    with ThreadPoolExecutor(threads) as pool:
        flops_s, _ = best(lambda: list(pool.map(lambda a: arithmetic(*a, rounds), arrays)))
    rate = threads * rounds * 1024 * 16 / flops_s
    moved = region.grid.size * 8 + len(region.x) * 40
    memory_s, arithmetic_s = moved / bandwidth, region.updates * FLOPS / rate
    return {"limit_s": max(memory_s, arithmetic_s), "limit_memory_s": memory_s, "limit_arithmetic_s": arithmetic_s,
            "copy_gb_per_s": bandwidth / 1e9, "gflop_per_s": rate / 1e9}


def _multiply_adds(a: Any, b: Any, c: Any, rounds: int) -> None:
    for _ in range(rounds):
        for i in range(a.shape[0]):
            x, y, z = a[i], b[i], c[i]
            x = x * y + z
            x = x * y + z
            x = x * y + z
            x = x * y + z
            x = x * y + z
            x = x * y + z
            x = x * y + z
            a[i] = x * y + z


def merged(options: argparse.Namespace) -> dict[str, Any]:
    """Individual risk and deaths of all scenarios, sixteen to a place."""
    from riskmodel.rings import risk_and_deaths
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    region = generate(options.sources, options.side, places=max(1, options.sources // EACH))
    scenarios, crowd = region.scenarios(), people(region.grid)
    run = _deaths(risk_and_deaths, region, crowd, Scope.HC, Way(options.threads))
    run(part(scenarios, np.arange(100)))
    seconds, cpu, _ = timed(lambda: run(scenarios), 2)
    return {"merged_s": seconds, "merged_cpu_s": cpu, "merged_mb": peak_mb(), "merged_updates": region.updates}


def _deaths(work: Callable[..., Any], region: Region, crowd: Any, scope: Any, way: Any) -> Callable[[Any], Any]:
    return lambda scenarios: work(scenarios, crowd, region.grid, scopes=(scope,), way=way)


def climada(options: argparse.Namespace) -> dict[str, Any]:
    """The same events, cells and people by CLIMADA's impact calculation."""
    from riskmodel.rings import risk_and_deaths
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    most = min(3000.0, options.event_side * 100 / 8)
    region = generate(options.events, options.event_side, places=max(1, options.events // EACH), least=800.0,
                      most=max(800.0, most), steep=3.0, seed=4)  # wide and smooth: one value per cell, as CLIMADA has it
    scenarios, crowd = region.scenarios(), people(region.grid)
    run = _deaths(risk_and_deaths, region, crowd, Scope.HC, Way(options.threads))
    run(part(scenarios, np.arange(100)))
    seconds, (field, deaths) = best(lambda: run(scenarios))
    with tempfile.TemporaryDirectory() as folder:
        found = _climada(region, crowd.everybody, Path(folder))
    known = found["at_event"] > 0
    error = np.abs(deaths[known] / found["at_event"][known] - 1).max()
    by_cell = field[0] * 1e-18 * crowd.everybody
    clear = found["by_cell"] > found["by_cell"].max() * 1e-6
    calculation, hazard = float(found["calculation_s"]), float(found["hazard_s"])
    return {"climada_ratio": calculation / seconds, "climada_max_rel_error": float(error), "climada_own_s": seconds,
            "climada_s": calculation, "climada_hazard_s": hazard, "climada_with_hazard_ratio": (calculation + hazard) / seconds,
            "climada_cell_max_rel_error": float(np.abs(by_cell[clear] / found["by_cell"][clear] - 1).max()),
            "climada_entries": int(found["entries"]), "climada_mb": float(found["peak_mb"]), "climada_version": CLIMADA}


def _climada(region: Region, everybody: Any, folder: Path) -> dict[str, Any]:
    """Run the peer in its own environment; OpenBLAS chooses for itself there."""
    first = np.flatnonzero(np.concatenate([[True], np.diff(region.place) > 0, [True]]))
    grid = region.grid
    np.savez(folder / "events.npz", side=grid.nx, cell=float(grid.cell), x=region.x - grid.west, y=grid.north - region.y,
             radius=region.radius, table=region.table, tables=region.tables, frequency=region.frequency, people=everybody,
             first=first)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_", "PYTHON"))}
    say(f"CLIMADA {CLIMADA}")
    subprocess.run([str(climada_environment()), str(ROOT / "benchmarks" / "peer_climada.py"), str(folder / "events.npz"),
                    str(folder / "result.npz")], check=True, env=environment, stdout=sys.stderr)
    with np.load(folder / "result.npz") as file:
        return {name: file[name] for name in file.files}


def climada_environment() -> Path:
    """Python of an environment of CLIMADA's own below ``.peers``, made on first use.

    Its dependency GDAL is left out (no wheel, needs a compiler and libgdal): an empty module stands for its binding, which only
    the night lights of another part of CLIMADA use.
    """
    folder = ROOT / ".peers" / f"climada-{CLIMADA}"
    python = folder / "bin" / "python"
    if (folder / "complete").is_file():
        return python
    uv = str(ROOT / ".tools" / "bin" / "uv")
    say(f"making the environment of CLIMADA {CLIMADA}")
    install = [uv, "pip", "install", "-q", "--python", str(python)]
    subprocess.run([uv, "venv", "-q", "--clear", "--python", str(ROOT / ".venv" / "bin" / "python"), str(folder)], check=True)
    subprocess.run([*install, "--no-deps", f"climada=={CLIMADA}"], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    listed = (site / f"climada-{CLIMADA}.dist-info" / "METADATA").read_text(encoding="utf-8").splitlines()
    needs = [line.removeprefix("Requires-Dist: ") for line in listed if line.startswith("Requires-Dist: ")]
    wanted = [name for name in needs if name != "gdal" and "extra ==" not in name]
    subprocess.run([*install, "--only-binary", ":all:", *wanted, "numpy<2.3", "pandas<3"], check=True)
    (site / "osgeo").mkdir(exist_ok=True)
    for name in ("__init__.py", "gdal.py"):
        (site / "osgeo" / name).write_text('"""Stands for GDAL, which is not installed here."""\n')
    (folder / "complete").touch()
    return python


def naive(options: argparse.Namespace) -> dict[str, Any]:
    """Buffers of a share of the region's sources joined to cell centres and grouped, scaled to all."""
    import geopandas
    import shapely

    from benchmarks.fields import make_cells
    from riskmodel.fields import individual_risk
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    region = generate(options.sources, options.side)
    scenarios = region.scenarios()
    individual_risk(part(scenarios, np.arange(100)), region.grid)
    seconds, _ = best(lambda: individual_risk(scenarios, region.grid, scopes=(Scope.HC,), way=Way(options.threads)), 2)
    say("geopandas, a share of the sources")
    count = max(1, round(options.share * options.sources))
    chosen = np.sort(np.random.default_rng(5).choice(options.sources, count, replace=False))
    fixed, cells = once(lambda: make_cells(region.grid))
    start = time.perf_counter()
    discs = shapely.buffer(shapely.points(region.x[chosen], region.y[chosen]), region.radius[chosen])
    pairs = geopandas.sjoin(geopandas.GeoDataFrame(geometry=discs), cells.frame, predicate="contains")
    source, cell = chosen[pairs.index.to_numpy()], pairs["index_right"].to_numpy()
    u = ((cells.x[cell] - region.x[source]) ** 2 + (cells.y[cell] - region.y[source]) ** 2) / region.radius[source] ** 2
    spot = np.minimum(u, 1.0) * (region.tables.shape[1] - 1)
    lethal = region.tables[region.table[source], np.rint(spot).astype(int)]
    pairs.assign(risk=region.frequency[source] * lethal).groupby("index_right")["risk"].sum()
    taken = time.perf_counter() - start
    scaled = fixed + taken * options.sources / len(chosen)
    return {"naive_ratio": scaled / seconds, "naive_scaled_s": scaled, "naive_sample_s": taken, "naive_pairs": len(pairs),
            "naive_own_s": seconds}


def dask(options: argparse.Namespace) -> dict[str, Any]:
    """Warm workers on this machine against one of them."""
    from riskmodel.cluster import connected, on_cluster, warm
    from riskmodel.fields import individual_risk
    from riskmodel.scenarios import Scope
    from riskmodel.sweep import Way

    region = generate(options.sources, options.side)
    scenarios = region.scenarios()
    alone = individual_risk(scenarios, region.grid, scopes=(Scope.HC,), way=Way(options.threads))
    answer: dict[str, Any] = {}
    for workers in (1, options.workers):
        with connected(f"local:{workers}") as client:
            warm(client)
            way = Way(elsewhere=on_cluster(client))
            individual_risk(part(scenarios, np.arange(1000)), region.grid, scopes=(Scope.HC,), way=way)
            seconds, field = best(partial(individual_risk, scenarios, region.grid, scopes=(Scope.HC,), way=way), 2)
        answer |= {f"dask_{'one' if workers == 1 else 'many'}_s": seconds}
        answer["dask_equal"] = bool(answer.get("dask_equal", True) and np.array_equal(alone, field))
    cores = min(machine()["cores"], options.workers)
    answer["dask_overhead"] = answer["dask_many_s"] * cores / answer["dask_one_s"] - 1
    return answer | {"dask_workers": options.workers, "dask_cores": cores}


WORK: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "ir": ir, "merged": merged, "climada": climada, "naive": naive, "dask": dask, "scaling": scaling, "city": city,
}


def run_parts(options: argparse.Namespace, arguments: Sequence[str]) -> dict[str, Any]:
    """Every wanted part in a process of its own."""
    from geo.settings import Settings

    load = os.getloadavg()[0]
    sizes = {name: getattr(options, name) for name in ("sources", "side", "changed", "events", "workers")}
    answer: dict[str, Any] = {"benchmark": "engine", "started": datetime.now(UTC).isoformat(timespec="seconds"),
                              "machine": machine(), "conditions": CONDITIONS, "sizes": sizes}
    environment = {"NUMBA_CACHE_DIR": str((Settings().cache / "numba").resolve()), **os.environ}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.parts.split(","):
            extra = []
            if name == "city" and not options.city:
                extra = ["--city", str(pickled_city(options, Path(folder)))]
            say(name)
            done = subprocess.run([sys.executable, "-m", "benchmarks.engine", *arguments, *extra, "--part", name], cwd=ROOT,
                                  env=environment, check=True, stdout=subprocess.PIPE, text=True)
            answer |= json.loads(done.stdout.splitlines()[-1])
    answer["machine"] |= {"load_average_before": round(load, 2), "load_average_after": round(os.getloadavg()[0], 2)}
    return answer


def rounded(answer: dict[str, Any]) -> dict[str, Any]:
    """Four digits are enough."""
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in answer.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    declare(parser)
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts.split(",") if name not in WORK]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.part:
        print(json.dumps(WORK[options.part](options)), flush=True)
        return
    answer = rounded(run_parts(options, [a for a in arguments if a != "--json"]))
    if options.plot and "scaling" in answer:
        Path(options.plot).write_text(chart(answer["scaling"]), encoding="utf-8")
    if options.json:
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    else:
        print("\n".join(f"{name:28} {value}" for name, value in answer.items()), flush=True)


if __name__ == "__main__":
    main()
