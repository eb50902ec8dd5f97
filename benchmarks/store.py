"""The store at a city's and a region's size, on SQLite and on PostGIS: load, reload, read, search, page, assess; beside peers."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from benchmarks import storepeers
from benchmarks.report import best, machine, once, say
from geo.kinds import KINDS
from geo.settings import Settings
from geo.store import Store, open_store

_SERVER = "RISKMAP_TEST_POSTGIS"

#: Kinds that together are the 430,000 features of the polygon query.
_SEARCHED = ("enterprise", "risk_source")

Figures = dict[str, Any]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of all engines that are there."""
    with TemporaryDirectory(prefix="riskmap-bench-") as folder:
        home = Path(folder)
        sample = _sample(options, home)
        rows = _csv(sample, home / "enterprise.csv", options.rows)
        sizes: Figures = {"csv_rows": rows, "csv_mb": round((home / "enterprise.csv").stat().st_size / 2**20, 1),
                          "pages": options.pages, "page_rows": options.page_rows, "in_polygon": options.hits}
        engines = {"sqlite": _engine(f"sqlite:///{home / 'store.sqlite'}", home, sample, options, sizes)}
        if os.environ.get(_SERVER):
            with _schema(os.environ[_SERVER]) as url:
                engines["postgis"] = _engine(url, home, sample, options, sizes)
    return {"sizes": sizes, "peers": storepeers.names(), **engines}


def _engine(url: str, home: Path, sample: Path, options: argparse.Namespace, sizes: Figures) -> Figures:
    engine = sa.make_url(url).get_backend_name()
    say(f"{engine}: loading {options.rows} rows from CSV, twice")
    found = _in_own_process(url, sample / "area.parquet", home / "enterprise.csv")
    say(f"{engine}: the peer's bulk load")
    found["load_peer_s"] = storepeers.load(engine, url, home)
    found["load_peer_ratio"] = found["load_1m_s"] / found["load_peer_s"]
    _empty(url)
    with open_store(url) as store:
        say(f"{engine}: the city")
        found |= _city(store, sample, home, engine, url, sizes)
        found |= _polygon(store, engine, url, home, options.hits)
        found |= _pages(store, url, options.pages, options.page_rows)
        found |= _quality(store)
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in found.items()}


# -- load -------------------------------------------------------------------------------------------------------------

def _sample(options: argparse.Namespace, home: Path) -> Path:
    kept = options.sample or Settings().home / "sample"
    if options.sample or (kept / "manifest.json").is_file():
        return Path(kept)
    from geo.sample import generate

    say(f"generating {options.enterprises} enterprises")
    generate(home / "sample", enterprises=options.enterprises, seed=Settings().sample_seed)
    return home / "sample"


def _csv(sample: Path, path: Path, rows: int) -> int:
    """The sample's enterprises again and again, each with its own id and place, without the street: that is to be found."""
    frame = pd.read_parquet(sample / "enterprise.parquet")
    points = shapely.from_wkb(frame.pop("geometry").to_numpy(object))
    frame = frame.drop(columns=["area_code"]).loc[:, lambda table: table.notna().any()]
    frame["lon"], frame["lat"] = shapely.get_x(points), shapely.get_y(points)
    random, written = np.random.default_rng(5), 0
    while written < rows:
        part = frame.iloc[: rows - written]
        aside = random.normal(0, 1e-3, (2, len(part)))
        part = part.assign(id=[f"E{number:08d}" for number in range(written, written + len(part))],
                           lon=part["lon"] + aside[0], lat=part["lat"] + aside[1])
        part.to_csv(path, index=False, mode="a", header=not written)
        written += len(part)
    return written


def _in_own_process(*arguments: object) -> Figures:
    """Figures of the two loads in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.storeload", *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: Figures = json.loads(done.stdout)
    if answer["load_rows"] == 0:
        raise RuntimeError(f"nothing was loaded: {answer}")
    return answer


def _empty(url: str) -> None:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        for file in Path(str(parsed.database)).parent.glob("store.sqlite*"):
            file.unlink()
    else:
        _statements(url, f'DROP SCHEMA "{_schema_of(url)}" CASCADE', f'CREATE SCHEMA "{_schema_of(url)}"')


def _schema_of(url: str) -> str:
    return str(sa.make_url(url).query["options"]).split("search_path=")[1].split(",")[0]


# -- the city ---------------------------------------------------------------------------------------------------------

def _city(store: Store, sample: Path, home: Path, engine: str, url: str, sizes: Figures) -> Figures:
    import geo.scan  # noqa: F401  (a run has compiled code in its process before it reads)
    from geo.ingest import load_directory

    store.init()
    load_s, _ = once(lambda: load_directory(store, sample, Settings(home=home)))
    sizes["city"] = store.counts()
    read_s, _ = best(lambda: [store.read(kind) for kind in KINDS], 3)
    peer_s, rows = storepeers.read_city(url)
    found = {"load_city_s": load_s, "read_city_s": read_s, "read_city_peer_s": peer_s, "read_city_peer_ratio": peer_s / read_s}
    counts = [rows]
    if engine == "sqlite":
        file_s, rows = storepeers.read_file(home, sample)
        found |= {"read_city_file_peer_s": file_s, "read_city_file_peer_ratio": file_s / read_s}
        counts.append(rows)
    if set(counts) != {sum(sizes["city"].values())}:
        raise RuntimeError(f"the peers read {counts} rows, not {sum(sizes['city'].values())}")
    return found


def _polygon(store: Store, engine: str, url: str, home: Path, hits: int) -> Figures:
    """A 32-gon around the middle of all features that holds about so many."""
    shapes = np.concatenate([store.read(kind, columns=["geometry"])["geometry"].to_numpy() for kind in _SEARCHED])
    places = shapely.get_coordinates(shapely.centroid(shapes))
    centre = np.median(places, axis=0)
    reach = float(np.partition(np.hypot(*(places - centre).T), min(hits, len(places) - 1))[min(hits, len(places) - 1)])
    polygon = shapely.Point(centre).buffer(reach, quad_segs=8)
    del shapes, places
    seconds, pages = best(lambda: [store.query(kind, polygon=polygon, limit=100_000) for kind in _SEARCHED], 9)
    peer_s, found = storepeers.polygon(engine, url, home, polygon, _SEARCHED)
    own = {row for page in pages for row in page.table["id"].to_pylist()}
    return {"polygon_ms": seconds * 1e3, "polygon_peer_ms": peer_s * 1e3, "polygon_hits": len(own),
            "polygon_same_hits": own == found}


def _pages(store: Store, url: str, pages: int, rows: int) -> Figures:
    """The first page against the page so many further on, reached as a user reaches it."""
    cursor: str | None = None
    for _ in range(pages - 1):
        following = store.query("enterprise", limit=rows, cursor=cursor, columns=["id"]).cursor
        if following is None:
            break
        cursor = following
    first_s, _ = best(lambda: store.query("enterprise", limit=rows), 25)
    last_s, _ = best(lambda: store.query("enterprise", limit=rows, cursor=cursor), 25)
    return {"page_1_ms": first_s * 1e3, "page_10000_ms": last_s * 1e3, "page_10000_ratio": last_s / first_s,
            "page_10000_offset_ratio": storepeers.offset_ratio(url, pages, rows)}


def _quality(store: Store) -> Figures:
    from geo.quality import assess_store, load_rules

    quality_s, _ = once(lambda: assess_store(store, as_of=date(2026, 1, 1), rules=load_rules()))
    return {"quality_s": quality_s}


# -- servers ----------------------------------------------------------------------------------------------------------

@contextmanager
def _schema(server: str) -> Iterator[str]:
    """URL of a schema of its own in the server's database; dropped afterwards."""
    schema = f"bench_{uuid.uuid4().hex}"
    _statements(server, f"CREATE SCHEMA {schema}")
    try:
        yield f"{server}?options=-csearch_path%3D{schema}%2Cpublic"
    finally:
        _statements(server, f"DROP SCHEMA {schema} CASCADE")


def _statements(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


# -- the answer -------------------------------------------------------------------------------------------------------

_CONDITIONS = (
    "Loads: from CSV into empty tables through `riskmap ingest`'s own path (every value checked, street found, row hashed, "
    "indexes built, committed), once, in a process of its own, whose largest memory it is; the peer checks nothing. Reads: "
    "best of 3, every kind with all fields and geometry as frames, compiled code in the process as in a run. Polygon: best of 9, "
    "all fields. Pages: best of 25. Warm.")


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    from api.scoring import use_kernel_cache

    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--sample", type=Path, help="sample folder; default: that of RISKMAP_HOME, else one is generated")
    parser.add_argument("--enterprises", type=int, default=265_000, help="size of a generated sample")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the CSV file")
    parser.add_argument("--hits", type=int, default=5_000, help="features in the polygon")
    parser.add_argument("--pages", type=int, default=10_000, help="which page is compared with the first")
    parser.add_argument("--page-rows", type=int, default=20, help="rows of a page")
    options = parser.parse_args(argv)
    use_kernel_cache(Settings())
    load, started = os.getloadavg()[0], datetime.now(UTC)
    found = measure(options)
    facts = {**machine(), "load_average_before": round(load, 2), "load_average_after": round(os.getloadavg()[0], 2)}
    answer = {"benchmark": "store", "started": started.isoformat(timespec="seconds"), "machine": facts, "conditions": _CONDITIONS,
              **found}
    print(json.dumps(answer, ensure_ascii=False) if options.json else table(answer), flush=True)


def table(answer: dict[str, Any]) -> str:
    """The same for people: the machine, then the engines side by side."""
    facts, engines = answer["machine"], [name for name in ("sqlite", "postgis") if name in answer]
    where = f"{facts['cores']} cores {facts['cpu']}, {facts['memory_mb']} MB, {facts['system']}"
    loads = f"load {facts['load_average_before']} → {facts['load_average_after']}"
    lines = [f"store · {answer['started']}", f"{where}, {loads}", answer["conditions"], ""]
    lines += [f"peer, {what}: {name}" for what, name in answer["peers"].items()]
    lines += ["", f"  {'':28}" + "".join(f"{name:>14}" for name in engines)]
    for figure in answer[engines[0]]:
        lines.append(f"  {figure:28}" + "".join(f"{answer[name].get(figure, '–')!s:>14}" for name in engines))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
