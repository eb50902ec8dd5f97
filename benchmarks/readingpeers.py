"""What the reading benchmark measures beside others: TiPg on PostGIS with the same features, nginx on the same tiles."""

from __future__ import annotations

import argparse
import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.report import once, say
from layers.reader import Snapshot
from layers.vector.tilesets import VectorTiles

_SERVER = "RISKMAP_TEST_POSTGIS"

#: The collection that is read.
KIND = "enterprise"

#: The columns of it that a map shows.
SHOWN = ("id", "name", "industry", "staff_at_place", "area_code", "synthetic")


@contextmanager
def postgis(snapshot: Snapshot, folder: Path, options: argparse.Namespace) -> Iterator[str | None]:
    """TiPg on a schema with the same enterprises; None without a PostGIS server."""
    server = os.environ.get(_SERVER)
    if not server:
        say(f"no TiPg: {_SERVER} is not set")
        yield None
        return
    import geopandas
    import sqlalchemy as sa

    schema = f"bench_{uuid.uuid4().hex[:8]}"
    engine = sa.create_engine(server)
    say("the same enterprises in PostGIS")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        frame = geopandas.read_parquet(snapshot.path / "features" / f"{KIND}.parquet").to_crs(4326)
        # TiPg puts all columns of a table into its tiles, we the few that a map shows: a table for tiles and one for items
        every = [name for name in snapshot.collection(KIND).properties if name in frame.columns]
        for table, keep in ((KIND, SHOWN), (f"{KIND}_whole", every)):
            frame[[*keep, frame.geometry.name]].to_postgis(table, engine, schema=schema, chunksize=50_000)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER TABLE {schema}.{table} ADD PRIMARY KEY (id)")
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"ANALYZE {schema}.{table}")
        with peers.tipg(server, schema, folder, workers=options.workers) as base:
            yield f"{base}/collections/{schema}.{KIND}"
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        engine.dispose()


def against_tipg(base: str, tipg: str, snapshot: Snapshot, addresses: list[tuple[str, int, int, int]], folder: Path,
                  options: argparse.Namespace) -> dict[str, Any]:
    """Tiles of the same columns at the same addresses, and its deep pages."""
    same = [(z, x, y) for name, z, x, y in addresses if name == KIND]
    ours = [f"/api/map/tiles/{snapshot.run_id}/{KIND}/{z}/{x}/{y}.mvt" for z, x, y in same]
    host, _, collection = tipg.partition("/collections")
    theirs = [f"/collections{collection}/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in same]
    say("TiPg's tiles")
    own_tiles = checked(peers.load(base, ours, folder, seconds=options.seconds))
    their_tiles = checked(peers.load(host, theirs, folder, seconds=options.seconds))
    sample = random.Random(2).sample(theirs, min(60, len(theirs)))
    times = [once(lambda one=path: peers.fetch(host + one))[0] for path in sample]  # type: ignore[misc]
    deep = f"/collections{collection}/items?limit=100&offset="
    last = max(0, options.rows - 200)
    first_s, deep_s = (median(lambda at=at: peers.fetch(f"{host}{deep}{at}"), 3) for at in (0, last))
    return {
        "tile_same_rps": own_tiles, "tipg_tile_rps": their_tiles, "tile_tipg_ratio": own_tiles / their_tiles,
        "tipg_tile_p95_ms": 1e3 * float(np.quantile(times, 0.95)), "tipg_page_deep_ratio": deep_s / first_s,
        "tipg_version": peers.TIPG,
    }


def items(base: str, tipg: str | None, snapshot: Snapshot, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The same features with the same properties from both: packed as each packs for the same header, unpacked, and a few."""
    query = [f"limit={options.items}&bbox={','.join(map(str, box))}" for box in boxes(snapshot, options.items, 40)]
    own = [f"{base}/api/collections/{KIND}/items?{one}" for one in query]
    theirs = [f"{tipg}_whole/items?{one}" for one in query]
    for one in own[:8]:  # large pages are cut out of a file that the first of them begins
        peers.fetch(one)
        time.sleep(1 if options.rows > 10_000 else 0)
    found: dict[str, Any] = {}
    few = [f"{one}&properties={','.join(SHOWN)}" for one in own], [one.replace("_whole/", "/") for one in theirs]
    for encoding, name, pair in (("gzip", "items", (own, theirs)), ("zstd", "items_zstd", (own, theirs)),
                                 ("identity", "items_plain", (own, theirs)), ("gzip", "items_few", few)):
        for server, paths in zip(("", "tipg_") if tipg else ("",), pair, strict=False):
            say(f"items, {encoding}, {server or 'ours'}")
            host = "/".join(paths[0].split("/")[:3])
            rps = checked(peers.load(host, [path.removeprefix(host) for path in paths], folder, seconds=options.seconds,
                                      connections=4, encoding=encoding))
            found |= {f"{server}{name}_rps": rps, f"{server}{name}_mb": peers.size(paths[0], encoding) / 1e6}
        found[f"{name}_tipg_ratio"] = found[f"{name}_rps"] / found[f"tipg_{name}_rps"] if tipg else None
    if tipg:
        _same_features(own[0], theirs[0])
        _same_features(few[0][0], few[1][0])
    return found


def _same_features(ours: str, theirs: str) -> None:
    """Raise a RuntimeError unless both answers hold as many features with the same properties (``kind`` is only ours)."""
    told = [json.loads(peers.fetch(url, gzip=False))["features"] for url in (ours, theirs)]
    names = [sorted(set(features[0]["properties"]) - {"kind"}) for features in told]
    if len(told[0]) != len(told[1]) or names[0] != names[1]:
        raise RuntimeError(f"not the same items: {len(told[0])} and {len(told[1])}, {names[0]} and {names[1]}")


def against_nginx(own: float, snapshot: Snapshot, addresses: list[tuple[str, int, int, int]], folder: Path,
                   options: argparse.Namespace) -> dict[str, float]:
    """The same tiles as files of nginx."""
    say("nginx on the same tiles")
    from api.tilestore import vector_tiles

    tilesets: VectorTiles = vector_tiles(snapshot)
    root = folder / "tiles"
    paths = []
    for name, z, x, y in addresses:
        data = tilesets.tile(name, z, x, y)
        if data:
            path = root / name / str(z) / str(x) / f"{y}.mvt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            paths.append("/" + path.relative_to(root).as_posix())
    for path in (folder, root):
        path.chmod(0o755)
    with peers.nginx(root, folder, workers=options.workers) as base:
        limit = checked(peers.load(base, paths, folder, seconds=options.seconds))
    return {"nginx_tile_rps": limit, "tile_nginx_ratio": own / limit}


def boxes(snapshot: Snapshot, features: int, count: int) -> list[tuple[float, ...]]:
    """Boxes around dense places, each with about so many enterprises (at least as many as a page holds)."""
    table = snapshot.features(KIND)
    chance = np.random.default_rng(9)
    boxes = []
    for row in chance.integers(0, len(table), count):
        distance = np.maximum(np.abs(table.lon - table.lon[row]), 1.3 * np.abs(table.lat - table.lat[row]))
        reach = float(np.partition(distance, min(features, len(table) - 1))[min(features, len(table) - 1)])
        lon, lat = float(table.lon[row]), float(table.lat[row])
        boxes.append(tuple(round(value, 6) for value in (lon - reach, lat - reach / 1.3, lon + reach, lat + reach / 1.3)))
    return boxes


def median(work: Any, repeats: int) -> float:
    """Median time of a call, s."""
    return float(np.median([once(work)[0] for _ in range(repeats)]))


def checked(result: dict[str, float]) -> float:
    """Requests per second of a load without a fault; a RuntimeError otherwise."""
    if result["errors"]:
        raise RuntimeError(f"{result['errors']:.0f} of {result['requests']:.0f} requests failed")
    return result["rps"]
