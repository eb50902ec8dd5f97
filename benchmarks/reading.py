"""The reading path against TiPg on PostGIS and nginx: tiles, items, deep pages, search, exports, start, many clients."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import shapely

from benchmarks import peers
from benchmarks.readingpeers import KIND, against_nginx, against_tipg, boxes, checked, items, median, postgis
from benchmarks.report import machine, once, say
from benchmarks.snapshots import declare_snapshot, opened
from benchmarks.soak import Ask, memory_mb, soak
from layers.mercator import mercator
from layers.reader import Snapshot
from layers.snapshot import SnapshotWriter

_DEEP = "risk_source"

_PARTS = "tiles,items,exports,soak"

#: What a person's map asks for between two looks at it, and how long the look is, s.
_PAUSE = 1.5


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    declare_snapshot(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--rows", type=int, default=430_000, help="features of the collection that is read")
    parser.add_argument("--deep", type=int, default=1_000_000, help="features of the collection with deep pages")
    parser.add_argument("--items", type=int, default=5_000, help="features of a page")
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--soak", type=int, default=60, help="seconds that many clients ask")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--parts", default=_PARTS, help=f"what is measured, with commas; default: {_PARTS}")
    parser.add_argument("--workers", type=int, default=2, help="processes of our server, of TiPg and of nginx")


def main(argv: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    declare(parser)
    options = parser.parse_args(argv)
    with opened(options.snapshot) as source, TemporaryDirectory(prefix="riskmap-bench-") as folder:
        found = measure(source, Path(folder), options)
    answer = {"benchmark": "reading", "machine": machine(), **_rounded(found)}
    print(json.dumps(answer, ensure_ascii=False) if options.json else _table(answer), flush=True)


def measure(source: Snapshot, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything, on a snapshot whose collections are as large as asked."""
    home = folder / "home"
    say(f"making a snapshot with {options.rows} and {options.deep} features")
    path = enlarged(source, home / "snapshots", {KIND: options.rows, _DEEP: options.deep})
    snapshot = Snapshot(path)
    found: dict[str, Any] = {"conditions": _CONDITIONS.format(o=options), "load_before": os.getloadavg()[0]}
    addresses = tile_addresses(snapshot, options.rows)
    paths = [f"/api/map/tiles/{snapshot.run_id}/{name}/{z}/{x}/{y}.mvt" for name, z, x, y in addresses]
    parts = set(options.parts.split(","))
    if "tiles" in parts:
        found |= _cold(home, folder, paths)
    with _ours(home, folder, options.workers) as (base, pid, start_s):
        found["start_s"] = start_s
        if "tiles" in parts:
            say("our tiles, warm")
            for one in paths:
                peers.fetch(base + one)
            found["tile_rps"] = checked(peers.load(base, paths, folder, seconds=options.seconds))
            found |= against_nginx(found["tile_rps"], snapshot, addresses, folder, options)
        if parts & {"tiles", "items"}:
            with postgis(snapshot, folder, options) as tipg:
                if "tiles" in parts and tipg:
                    found |= against_tipg(base, tipg, snapshot, addresses, folder, options)
                if "items" in parts:
                    found |= items(base, tipg, snapshot, folder, options)
        if "items" in parts:
            found |= _reads(base, snapshot, options)
        if "exports" in parts:
            found |= _exports(base, pid, folder)
        if "soak" in parts:
            found |= _many(base, pid, list(_mixture(snapshot, paths)), folder, options)
    return found


_CONDITIONS = (
    "{o.workers} server processes and the load generator share the machine. Tiles: random from a list of distinct tiles of "
    "enterprises (zoom 13 to 15, most features first) and cells; warm: each asked for once before; cold: a new server process, "
    "each asked for once, one after another. Loads {o.seconds} s by wrk with 32 connections. Items: {o.items} features in a box, "
    "as GeoJSON, median of 9 on a connection of its own, box never the same twice. Items per second: wrk "
    "with four connections, for the same header and the same columns on both sides. Exports: one client, all read. "
    "Soak: {o.clients} clients, each waits for its answer and then 1.5 s on average (exponential) before it asks "
    "again, at random: tiles (8 in 10), places and pages (1 in 10 each), rankings (1 in 100), searches (2 in 100)."
)


# ------------------------------------------------------------------ what is read


def enlarged(source: Snapshot, snapshots: Path, rows: dict[str, int]) -> Path:
    """A copy of a snapshot whose kinds have as many rows as asked: drawn again, moved by up to 200 m, with ids of their own."""
    import pyarrow.parquet as pq

    with SnapshotWriter(snapshots, "20260101T000000-bench") as writer:
        for path in source.path.rglob("*"):
            name = path.relative_to(source.path).as_posix()
            kind = path.stem if path.parent.name == "features" else ""
            if path.is_file() and name != "manifest.json" and kind not in rows:
                writer.write_bytes(name, path.read_bytes())
        for kind, count in rows.items():
            frame = pq.read_table(source.path / "features" / f"{kind}.parquet").to_pandas()
            rng = np.random.default_rng(len(kind))
            frame = frame.iloc[np.sort(rng.integers(0, len(frame), count))].reset_index(drop=True)
            lon = frame["lon"].to_numpy() + rng.uniform(-0.002, 0.002, count)
            lat = frame["lat"].to_numpy() + rng.uniform(-0.002, 0.002, count)
            frame["id"] = [f"B{number:07d}" for number in range(count)]
            frame = frame.drop(columns=["lon", "lat", "minx", "miny", "maxx", "maxy"])
            frame["geometry"] = shapely.points(lon, lat)
            writer.write_features(kind, frame)
        manifest = {name: value for name, value in source.manifest.items() if name not in ("files", "run_id")}
        return writer.publish(manifest | {"created": datetime.now().astimezone().isoformat()})


def tile_addresses(snapshot: Snapshot, rows: int) -> list[tuple[str, int, int, int]]:
    """Distinct tiles with something in them: of the enterprises at three zooms and of the cells at two."""
    table, wanted = snapshot.features(KIND), max(40, min(1500, rows // 200))
    chance = np.random.default_rng(4)
    found: dict[tuple[str, int, int, int], None] = {}
    for name, lon, lat, zooms in ((KIND, table.lon, table.lat, (13, 14, 15)),
                                  ("cells", snapshot.cells.numbers("lon"), snapshot.cells.numbers("lat"), (12, 13))):
        for z in zooms:
            x, y = mercator(lon, lat, z)
            rank = chance.permutation(len(x))[:wanted]
            found |= dict.fromkeys((name, z, int(a), int(b)) for a, b in zip(x[rank], y[rank], strict=True))
    return list(found)


# ------------------------------------------------------------------ our server


@contextmanager
def _ours(home: Path, folder: Path, workers: int) -> Iterator[tuple[str, int, float]]:
    """Our server; its address, process id, and seconds from the command to the first tile."""
    port = peers.free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    tile = next(iter(Snapshot(home / "snapshots" / "current").tiles))
    start = time.perf_counter()
    with peers.process(command, port, folder / "ours.log", RISKMAP_HOME=str(home), RISKMAP_WORKERS=str(workers)) as pid:
        base = f"http://127.0.0.1:{port}"
        peers.fetch(f"{base}/api/map/tiles/current/{'/'.join(map(str, tile))}.png")
        yield base, pid, time.perf_counter() - start


def _cold(home: Path, folder: Path, paths: list[str]) -> dict[str, float]:
    say("our tiles, cold")
    with _ours(home, folder, 1) as (base, _, _):
        times = [once(lambda one=path: peers.fetch(base + one))[0] for path in paths]  # type: ignore[misc]
    return {"tile_cold_p50_ms": 1e3 * float(np.median(times)), "tile_cold_p95_ms": 1e3 * float(np.quantile(times, 0.95))}


# ------------------------------------------------------------------ single questions


def _reads(base: str, snapshot: Snapshot, options: argparse.Namespace) -> dict[str, float]:
    say("items, pages, search")
    places = iter(boxes(snapshot, options.items, 10))
    item_url = f"{base}/api/collections/{KIND}/items?limit={options.items}&bbox="
    peers.fetch(item_url + ",".join(map(str, next(places))), gzip=False)
    items = median(lambda: peers.fetch(item_url + ",".join(map(str, next(places))), gzip=False), 9)
    page = f"{base}/api/collections/{_DEEP}/items?limit=100"
    far = max(0, len(snapshot.features(_DEEP)) * 9 // 10)
    peers.fetch(f"{page}&offset={far}", gzip=False)
    deep = _next(peers.fetch(f"{page}&offset={far}", gzip=False), base)
    first = _next(peers.fetch(page, gzip=False), base)
    shapes = snapshot.area_shapes[snapshot.area_rows("street")]
    polygons = [json.dumps({"polygon": shapely.geometry.mapping(shape)}).encode() for shape in shapes[:40]]
    asked = iter(polygons)
    _post(f"{base}/api/search", polygons[-1])
    repeats = min(15, len(polygons) - 1)
    return {
        "items_ms": 1e3 * items, "page_first_ms": 1e3 * median(lambda: peers.fetch(first), 15),
        "page_deep_ms": 1e3 * median(lambda: peers.fetch(deep), 15),
        "search_ms": 1e3 * median(lambda: _post(f"{base}/api/search", next(asked)), repeats),
    } | _deep_ratio(first, deep)


def _deep_ratio(first: str, deep: str) -> dict[str, float]:
    """Both pages in turn, so that whatever else the machine does falls on both."""
    times = [(once(lambda: peers.fetch(first))[0], once(lambda: peers.fetch(deep))[0]) for _ in range(25)]
    near, far = np.median(np.array(times), axis=0)
    return {"page_deep_ratio": float(far / near)}


def _next(answer: bytes, base: str) -> str:
    links = json.loads(answer)["links"]
    href = next(link["href"] for link in links if link["rel"] == "next")
    return str(href) if href.startswith("http") else base + str(href)


def _exports(base: str, pid: int, folder: Path) -> dict[str, float]:
    """Everything of the collection in three formats; the server's memory at its largest less that before."""
    found: dict[str, float] = {}
    _at_rest(pid)
    for name, form in (("geoparquet", "parquet"), ("gpkg", "gpkg"), ("geojson", "json"), ("fgb", "fgb")):
        say(f"export as {name}")
        before, samples, start = memory_mb(pid), [], time.perf_counter()
        command = ["curl", "-sf", "-o", str(folder / f"out.{form}"), f"{base}/api/collections/{KIND}/export?f={form}"]
        with subprocess.Popen(command) as client:
            while client.poll() is None:
                samples.append(memory_mb(pid))
                time.sleep(0.02)
        if client.returncode:
            raise RuntimeError(f"export as {name} failed: curl {client.returncode}")
        found[f"export_{name}_s"] = time.perf_counter() - start
        # a child is for a moment a copy of its parent, before it becomes another program: two neighbouring samples
        found[f"export_{name}_mb"] = max((min(pair) for pair in pairwise(samples)), default=before) - before
    return found | {"export_mb": max(found[f"export_{name}_mb"] for name in ("geoparquet", "gpkg", "geojson"))}


def _many(base: str, pid: int, asks: list[Ask], folder: Path, options: argparse.Namespace) -> dict[str, float]:
    for method, path, _ in asks:
        if method == "GET":
            peers.fetch(base + path)
    _at_rest(pid)
    say(f"{options.clients} clients for {options.soak} s")
    many = soak(base, asks, pid, folder, clients=options.clients, seconds=options.soak, pause=_PAUSE)
    return {f"soak_{name}": value for name, value in asdict(many).items()}


def _at_rest(pid: int) -> None:
    """Wait until the workers have prepared their explanations: their memory has stood still for three seconds."""
    say("waiting for the server to come to rest")
    history = [memory_mb(pid)]
    while len(history) < 90 and (len(history) < 4 or max(history[-4:]) - min(history[-4:]) > 5):
        time.sleep(1)
        history.append(memory_mb(pid))


def _mixture(snapshot: Snapshot, paths: list[str]) -> Iterator[Ask]:
    """What a room of officers asks for: mostly tiles, then places, pages, rankings, now and then a search."""
    chance = random.Random(5)
    table = snapshot.features(KIND)
    yield from (("GET", path, "") for path in chance.sample(paths, min(len(paths), 160)))
    for row in chance.sample(range(len(table)), 20):
        lon, lat = float(table.lon[row]), float(table.lat[row])
        yield "GET", f"/api/risk/at?lon={lon:.6f}&lat={lat:.6f}", ""
        box = ",".join(f"{value:.5f}" for value in (lon - 0.002, lat - 0.002, lon + 0.002, lat + 0.002))
        yield "GET", f"/api/collections/{KIND}/items?bbox={box}&limit=100", ""
    yield from (("GET", f"/api/risk/ranking?level=street&limit={limit}", "") for limit in (20, 50))
    shapes = snapshot.area_shapes[snapshot.area_rows("street")]
    yield from (("POST", "/api/search", json.dumps({"polygon": shapely.geometry.mapping(shape.centroid.buffer(0.005))}))
                for shape in shapes[:4])


def _post(url: str, body: bytes) -> bytes:
    import urllib.request

    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in found.items()}


def _table(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name:22} {value}" for name, value in answer.items())


if __name__ == "__main__":
    main()
