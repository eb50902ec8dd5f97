"""What the store is measured beside: ogr2ogr or plain COPY, geopandas, psycopg, OFFSET; each on the same rows in the same run."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import shapely
import sqlalchemy as sa

from benchmarks.report import best, once, version
from geo.kinds import KINDS


def names() -> dict[str, str]:
    """What each peer is."""
    ogr2ogr = shutil.which("ogr2ogr")
    bulk = f"{version('pyogrio')} from Arrow into GeoPackage; psycopg COPY and GiST into PostGIS"
    if ogr2ogr:
        said = subprocess.run([ogr2ogr, "--version"], capture_output=True, text=True, check=True).stdout
        bulk = f"ogr2ogr ({said.split(',')[0]}) from the same CSV into GeoPackage, and into PostGIS by COPY"
    return {
        "load": f"{bulk}; spatial index, nothing checked",
        "read": f"{version('geopandas')}: read_postgis of the same tables, all declared columns, by SQLAlchemy",
        "read_file": f"{version('geopandas', 'pyogrio')}: read_file of one GeoPackage layer per kind, the same rows",
        "polygon": f"{version('pyogrio', 'psycopg')}: read_dataframe with mask; plain SQL, fetchall",
        "pages": "the same SELECT by LIMIT and OFFSET",
    }


def load(engine: str, url: str, home: Path) -> float:
    """Seconds of a bulk load of the CSV file without any check."""
    csv = home / "enterprise.csv"
    if engine == "sqlite":
        return _into_geopackage(csv, home / "peer.gpkg")
    return _into_postgis(csv, url)


_OPTIONS = ("-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat", "-oo", "AUTODETECT_TYPE=YES", "-a_srs", "EPSG:4490")


def _into_geopackage(csv: Path, target: Path) -> float:
    if shutil.which("ogr2ogr"):
        command = ["ogr2ogr", "-f", "GPKG", str(target), str(csv), *_OPTIONS, "-gt", "100000"]
        seconds, _ = once(lambda: subprocess.run(command, check=True, capture_output=True, env=_environment()))
        return seconds

    def work() -> None:
        with pyogrio.open_arrow(csv, use_pyarrow=True, X_POSSIBLE_NAMES="lon", Y_POSSIBLE_NAMES="lat") as (meta, reader):
            pyogrio.write_arrow(reader, target, driver="GPKG", geometry_name=meta["geometry_name"] or "wkb_geometry",
                                geometry_type="Point", crs="EPSG:4490")

    return once(work)[0]


def _environment() -> dict[str, str]:
    """Without what Python's own GDAL may have set, and with COPY for PostgreSQL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}
    return {**kept, "PG_USE_COPY": "YES"}


def _into_postgis(csv: Path, url: str) -> float:
    parsed = sa.make_url(url)
    schema = str(parsed.query["options"]).split("search_path=")[1].split(",")[0]
    if shutil.which("ogr2ogr"):
        target = (f"PG:host={parsed.host} port={parsed.port} dbname={parsed.database} user={parsed.username} "
                  f"password={parsed.password} schemas={schema}")
        command = ["ogr2ogr", "-f", "PostgreSQL", target, str(csv), *_OPTIONS, "-nln", f"{schema}.peer", "-gt", "100000"]
        return once(lambda: subprocess.run(command, check=True, capture_output=True, env=_environment()))[0]
    columns = pd.read_csv(csv, nrows=1).columns
    declared = ", ".join(f'"{name}" {"double precision" if name in ("lon", "lat") else "text"}' for name in columns)
    engine = sa.create_engine(url)

    def work() -> None:
        with engine.begin() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute(f"CREATE TABLE staged ({declared})")
            text = "COPY staged FROM STDIN (FORMAT csv, HEADER)"
            with raw.cursor() as cursor, csv.open("rb") as file, cursor.copy(text) as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            raw.execute("CREATE TABLE peer AS SELECT *, ST_SetSRID(ST_MakePoint(lon, lat), 4490) AS geometry FROM staged")
            raw.execute("CREATE INDEX ON peer USING gist (geometry)")

    seconds, _ = once(work)
    engine.dispose()
    return seconds


def read_city(url: str) -> tuple[float, int]:
    """Seconds (best of 2) in which geopandas.read_postgis reads the same tables, and the rows it got.

    It takes any SQLAlchemy engine, SQLite's too: both hand it WKB.
    """
    server = sa.create_engine(url)
    columns = {kind.name: ", ".join(f'"{field.name}"' for field in kind.all_fields) for kind in KINDS.values()}
    queries = [f'SELECT {columns[kind]}, geometry FROM "{kind}"' for kind in KINDS]
    seconds, frames = best(lambda: [geopandas.read_postgis(query, server, geom_col="geometry", crs=4490) for query in queries], 2)
    server.dispose()
    return seconds, sum(map(len, frames))


def read_file(home: Path, sample: Path) -> tuple[float, int]:
    """Seconds (best of 2) in which geopandas.read_file reads the same rows out of a GeoPackage, and how many it got."""
    path = home / "city.gpkg"
    kinds = [kind for kind in KINDS if (sample / f"{kind}.parquet").is_file()]
    for kind in kinds:
        frame = pd.read_parquet(sample / f"{kind}.parquet")
        shapes = shapely.from_wkb(frame.pop("geometry").to_numpy(object))
        pyogrio.write_dataframe(geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490"), path, layer=kind,
                                use_arrow=True, append=path.exists(), geometry_type="Unknown")
    seconds, frames = best(lambda: [geopandas.read_file(path, layer=kind) for kind in kinds], 2)
    return seconds, sum(map(len, frames))


def polygon(engine: str, url: str, home: Path, shape: Any, kinds: tuple[str, ...]) -> tuple[float, set[str]]:
    """Seconds (best of 5) of the same search, and the ids it found."""
    if engine == "sqlite":
        path = home / "city.gpkg"
        seconds, frames = best(lambda: [pyogrio.read_dataframe(path, layer=kind, mask=shape) for kind in kinds], 5)
        return seconds, {one for frame in frames for one in frame["id"]}
    server = sa.create_engine(url)
    with server.connect() as connection:
        raw: Any = connection.connection.driver_connection
        queries = []
        for kind in kinds:
            columns = ", ".join(f'"{field.name}"' for field in KINDS[kind].all_fields)
            queries.append(f'SELECT {columns}, ST_AsBinary(geometry) FROM "{kind}" '
                           "WHERE ST_Intersects(geometry, ST_GeomFromText(%s, 4490)) ORDER BY id")
        seconds, found = best(lambda: [raw.execute(query, (shape.wkt,)).fetchall() for query in queries], 5)
    server.dispose()
    return seconds, {row[0] for rows in found for row in rows}


def offset_ratio(url: str, pages: int, rows: int) -> float:
    """The page so many on against the first one, by OFFSET."""
    server = sa.create_engine(url)
    with server.connect() as connection:
        def page(number: int) -> float:
            query = f"SELECT * FROM enterprise ORDER BY id LIMIT {rows} OFFSET {(number - 1) * rows}"
            start = time.perf_counter()
            connection.exec_driver_sql(query).all()
            return time.perf_counter() - start

        first, last = (min(page(number) for _ in range(9)) for number in (1, pages))
    server.dispose()
    return last / first
