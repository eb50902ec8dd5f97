"""The store: loading and reading the city on SQLite (and PostGIS, if there is a server), against GeoPackage and geopandas."""

from __future__ import annotations

import argparse
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import shapely

from benchmarks.report import Result, best, once, peak_mb, run, say, version
from geo.settings import Settings
from geo.store import Store, open_store

_KIND = "enterprise"
_SERVER = "RISKMAP_TEST_POSTGIS"


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--sample", type=Path, help="sample folder; default: that of RISKMAP_HOME, else one is generated")
    parser.add_argument("--enterprises", type=int, default=265_000, help="size of a generated sample")


def measure(options: argparse.Namespace) -> Result:
    """The enterprises (rows with 30 fields) on every engine, and the whole sample on SQLite."""
    with TemporaryDirectory(prefix="riskmap-bench-") as folder:
        home = Path(folder)
        sample = _sample(options, home)
        from geo.ingest.readers import read_parquet

        frame = read_parquet(sample / f"{_KIND}.parquet")
        polygon = _polygon(frame)
        own, peer, sizes = _city(home, sample)
        say("SQLite")
        mine, hits = _own("sqlite", f"sqlite:///{home / 'one.sqlite'}", frame, polygon)
        own |= {**mine, "peak_mb": peak_mb()}
        say("GeoPackage")
        theirs, their_hits = _geopackage(home / "peer.gpkg", frame, polygon)
        peer |= theirs
        agreement = {"gpkg_same_hits_ratio": float(hits == their_hits)}
        engines = ["SQLite"]
        if os.environ.get(_SERVER):
            engines.append("PostGIS")
            more, their, same = _postgis(os.environ[_SERVER], frame, polygon)
            own, peer = own | more, peer | their
            agreement["postgis_same_hits_ratio"] = float(same)
        sizes |= {"enterprises": len(frame), "fields": len(frame.columns) - 1, "in_polygon": len(hits), "engines": engines}
    return Result(
        sizes,
        "Loads: once, into empty tables, page cache warm, no file flushed by hand; ours checks every value, hashes every row, "
        "builds the spatial index and commits; again_s loads the same rows a second time (nothing changes). Reads: best of 3, "
        "all fields and geometry as a frame." + ("" if len(engines) > 1 else f" PostGIS not measured: {_SERVER} is not set."),
        own,
        f"{version('pyogrio', 'geopandas')}: GeoPackage by write_dataframe and read_dataframe with Arrow (index on, nothing "
        "checked); to_postgis and read_postgis on the same server (index afterwards)",
        peer, _ratios(own, peer), agreement,
    )


def _ratios(own: dict[str, float], peer: dict[str, float]) -> dict[str, float]:
    pairs = [("sqlite", "gpkg"), ("postgis", "geopandas")]
    return {
        f"{mine}_{what}_ratio": peer[f"{theirs}_{what}"] / own[f"{mine}_{what}"]
        for mine, theirs in pairs for what in ("load_s", "read_s", "search_ms")
        if f"{mine}_{what}" in own and f"{theirs}_{what}" in peer
    }


def _sample(options: argparse.Namespace, home: Path) -> Path:
    kept = options.sample or Settings().home / "sample"
    if options.sample or (kept / "manifest.json").is_file():
        return Path(kept)
    from geo.sample import generate

    say(f"generating {options.enterprises} enterprises")
    generate(home / "sample", enterprises=options.enterprises, seed=Settings().sample_seed)
    return home / "sample"


def _polygon(frame: Any) -> Any:
    """A 32-gon around the middle that holds about 1 % of the rows."""
    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    centre = float(np.median(x)), float(np.median(y))
    reach = float(np.quantile(np.hypot(x - centre[0], y - centre[1]), 0.01))
    return shapely.Point(centre).buffer(reach, quad_segs=8)


def _city(home: Path, sample: Path) -> tuple[dict[str, float], dict[str, float], dict[str, Any]]:
    """Load and read every kind of the sample on SQLite, and by pyogrio with one GeoPackage layer for each."""
    import pyogrio

    from geo.ingest import load_directory
    from geo.ingest.readers import read_parquet
    from geo.kinds import KINDS

    say("the whole sample on SQLite")
    with open_store(f"sqlite:///{home / 'city.sqlite'}") as store:
        store.init()
        load_s, _ = once(lambda: load_directory(store, sample, Settings(home=home)))
        read_s, _ = best(lambda: [store.read(kind) for kind in KINDS], 2)
        counts = {kind: rows for kind, rows in store.counts().items() if rows}
    say("the whole sample as GeoPackage")
    path = home / "city.gpkg"

    def write() -> None:
        for kind in counts:
            pyogrio.write_dataframe(_geo(read_parquet(sample / f"{kind}.parquet")), path, layer=kind, use_arrow=True,
                                    append=path.exists(), geometry_type="Unknown")

    write_s, _ = once(write)
    back_s, _ = best(lambda: [pyogrio.read_dataframe(path, layer=kind, use_arrow=True) for kind in counts], 2)
    sizes = {"rows": counts, "sqlite_file_mb": round(os.path.getsize(home / "city.sqlite") / 2**20, 1),
             "gpkg_file_mb": round(os.path.getsize(path) / 2**20, 1)}
    return ({"sqlite_city_load_s": load_s, "sqlite_city_read_s": read_s},
            {"gpkg_city_load_s": write_s, "gpkg_city_read_s": back_s}, sizes)


def _geo(frame: Any) -> Any:
    import geopandas

    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    return geopandas.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs="EPSG:4490")


def _own(engine: str, url: str, frame: Any, polygon: Any) -> tuple[dict[str, float], set[str]]:
    with open_store(url) as store:
        store.init()
        load_s, again_s = (_load(store, frame) for _ in range(2))
        read_s, _ = best(lambda: store.read(_KIND), 3)
        search_s, found = best(lambda: store.search(polygon, [_KIND])[_KIND], 5)
    return ({f"{engine}_load_s": load_s, f"{engine}_again_s": again_s, f"{engine}_read_s": read_s,
             f"{engine}_search_ms": search_s * 1e3}, set(found["id"]))


def _load(store: Store, frame: Any) -> float:
    return once(lambda: store.load(_KIND, frame, source="bench", complete=True))[0]


def _geopackage(path: Path, frame: Any, polygon: Any) -> tuple[dict[str, float], set[str]]:
    import pyogrio

    load_s, _ = once(lambda: pyogrio.write_dataframe(_geo(frame), path, use_arrow=True))
    read_s, _ = best(lambda: pyogrio.read_dataframe(path, use_arrow=True), 3)
    search_s, found = best(lambda: pyogrio.read_dataframe(path, mask=polygon, use_arrow=True), 5)
    return {"gpkg_load_s": load_s, "gpkg_read_s": read_s, "gpkg_search_ms": search_s * 1e3}, set(found["id"])


def _postgis(server: str, frame: Any, polygon: Any) -> tuple[dict[str, float], dict[str, float], bool]:
    import geopandas
    import sqlalchemy as sa

    say("PostGIS")
    with _schema(server) as (schema, url):
        own, hits = _own("postgis", url, frame, polygon)
        say("geopandas on PostGIS")
        engine = sa.create_engine(url)
        try:
            load_s, _ = once(lambda: _geo(frame).to_postgis("peer", engine, schema=schema))
            read_s, _ = best(lambda: geopandas.read_postgis("SELECT * FROM peer", engine, geom_col="geometry"), 3)
            where = f"SELECT * FROM peer WHERE ST_Intersects(geometry, ST_GeomFromText('{polygon.wkt}', 4490))"
            search_s, found = best(lambda: geopandas.read_postgis(where, engine, geom_col="geometry"), 5)
        finally:
            engine.dispose()
    peer = {"geopandas_load_s": load_s, "geopandas_read_s": read_s, "geopandas_search_ms": search_s * 1e3}
    return own, peer, hits == set(found["id"])


@contextmanager
def _schema(server: str) -> Iterator[tuple[str, str]]:
    """A schema of its own in the server's database, and its URL; dropped afterwards."""
    import sqlalchemy as sa

    engine, schema = sa.create_engine(server), f"bench_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        yield schema, f"{server}?options=-csearch_path%3D{schema}%2Cpublic"
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        engine.dispose()


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("store", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
