"""Reading a published map: tiles, a polygon, explanations, a ranking; against the usual readers of the same files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import shapely

from benchmarks.report import Result, best, once, peak_mb, run, say, version
from benchmarks.snapshots import declare_snapshot, opened
from layers.archive import TileArchive
from layers.features import FeatureTable
from layers.reader import Snapshot

_KIND = "enterprise"
_PEER_TILES = 2000  # its reader parses a directory for every tile


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    declare_snapshot(parser)
    parser.add_argument("--tiles", type=int, default=20_000, help="random tiles to read")
    parser.add_argument("--features", type=int, default=5_000, help="features that the polygon should hold")


def measure(options: argparse.Namespace) -> Result:
    """Everything on one snapshot."""
    with opened(options.snapshot) as snapshot, TemporaryDirectory(prefix="riskmap-bench-") as folder:
        polygon = _polygon(snapshot, options.features)
        own, found, answer = _own(snapshot, polygon, options.tiles)
        own["peak_mb"] = peak_mb()  # before the peers are imported
        peer, their_found = _peer(snapshot, polygon, options.tiles, Path(folder))
        sizes = {
            "snapshot": snapshot.run_id, "cells": len(snapshot.cells), "areas": len(snapshot.areas), "tiles": len(snapshot.tiles),
            "tiles_read": options.tiles, "features": len(snapshot.features(_KIND)), "features_in_polygon": len(found),
            "geojson_bytes": answer,
        }
    same = set(found) == set(their_found)
    faster = ("tiles_per_s", *(name for name in peer if name.endswith("_ms")))
    return Result(
        sizes,
        "cold_ms: opened for the first time in this process (ours reads the whole kind and keeps it, the peer what the bbox "
        "admits), page cache warm; others warm: best of 5. explain_first_ms loads or makes compiled code. Polygon: "
        "features within or touching, as JSON text in *_geojson_ms. The peer's GeoParquet is written beforehand with a bbox "
        "column (not counted).",
        own,
        f"{version('geopandas', 'pmtiles')}: pmtiles Reader on a memory map; read_parquet(bbox) and intersects (polygon_cold), "
        "GeoDataFrame in memory with sindex (polygon); pandas read_parquet and sort (ranking); nobody else explains",
        peer,
        {name.removesuffix("_ms").removesuffix("_per_s") + "_ratio": own[name] / peer[name] if name.endswith("_per_s")
         else peer[name] / own[name] for name in faster if name in own},
        {"same_features_ratio": float(same)},
    )


def _polygon(snapshot: Snapshot, wanted: int) -> Any:
    """A regular 32-gon around the densest place that holds about as many features."""
    table = snapshot.features(_KIND)
    lon, lat = np.median(table.lon), np.median(table.lat)
    far = np.hypot(table.lon - lon, table.lat - lat)
    reach = float(np.partition(far, min(wanted, len(far) - 1))[min(wanted, len(far) - 1)])
    return shapely.Point(float(lon), float(lat)).buffer(reach, quad_segs=8)


def _own(snapshot: Snapshot, polygon: Any, count: int) -> tuple[dict[str, float], list[str], int]:
    import orjson

    from layers.explain import Explainer

    say("own")
    cold_s, table = once(lambda: FeatureTable(_KIND, snapshot.path / "features" / f"{_KIND}.parquet"))
    first_s, _ = once(lambda: table.in_polygon(polygon))
    polygon_s, rows = best(lambda: table.in_polygon(polygon), 5)
    geojson_s, text = best(lambda: orjson.dumps({"type": "FeatureCollection", "features": table.geojson(rows)}), 5)
    open_s, tiles = once(lambda: TileArchive(snapshot.path / "risk.pmtiles"))
    chosen = _addresses(tiles, count)
    tiles_s, _ = best(lambda: sum(len(tiles.tile(*address) or b"") for address in chosen), 5)
    snapshot.ranking(limit=1)
    ranking_s, ranking = best(snapshot.ranking, 5)
    summary_s, _ = best(lambda: snapshot.polygon_summary(polygon), 5)
    explainer_s, explainer = once(lambda: Explainer(snapshot)) if _explained(snapshot) else (0.0, None)
    figures = {
        "tiles_open_ms": open_s * 1e3, "tiles_per_s": count / tiles_s, "polygon_cold_ms": (cold_s + first_s) * 1e3,
        "polygon_ms": polygon_s * 1e3, "polygon_geojson_ms": (polygon_s + geojson_s) * 1e3, "ranking_ms": ranking_s * 1e3,
        "polygon_summary_ms": summary_s * 1e3,
    }
    if explainer is not None:
        worst = str(snapshot.cells.texts("id")[int(np.argmax(snapshot.cells.numbers("s")))])
        street = ranking[0]["code"]
        figures["explain_open_ms"] = explainer_s * 1e3
        figures["explain_first_ms"] = once(lambda: explainer.cell(worst))[0] * 1e3
        figures["explain_cell_ms"] = best(lambda: explainer.cell(worst), 5)[0] * 1e3
        explainer.area(street)
        figures["explain_street_ms"] = best(lambda: explainer.area(street), 5)[0] * 1e3
        figures["explain_city_ms"] = best(lambda: explainer.area(str(snapshot.manifest["city"]["code"])), 3)[0] * 1e3
    return figures, [entry["id"] for entry in table.properties(rows, ["id"])], len(text)


def _explained(snapshot: Snapshot) -> bool:
    return (snapshot.path / "model" / "evidence.npz").is_file()


def _addresses(tiles: TileArchive, count: int) -> list[tuple[int, int, int]]:
    addresses = list(tiles)
    return [addresses[number] for number in np.random.default_rng(1).integers(0, len(addresses), count)]


def _peer(snapshot: Snapshot, polygon: Any, count: int, folder: Path) -> tuple[dict[str, float], list[str]]:
    import geopandas
    import pandas as pd
    from pmtiles.reader import MmapSource, Reader

    say("peers")
    chosen = _addresses(snapshot.tiles, min(count, _PEER_TILES))
    with (snapshot.path / "risk.pmtiles").open("rb") as file:
        reader: Any = Reader(MmapSource(file))  # type: ignore[no-untyped-call]
        tiles_s, _ = best(lambda: sum(len(reader.get(*address) or b"") for address in chosen), 1)
    frame = geopandas.read_parquet(snapshot.path / "features" / f"{_KIND}.parquet")
    covered = folder / "covered.parquet"
    frame.to_parquet(covered, write_covering_bbox=True)
    del frame

    def cold() -> Any:
        part = geopandas.read_parquet(covered, bbox=polygon.bounds)
        return part[part.intersects(polygon)]

    cold_s, _ = best(cold, 5)
    whole = geopandas.read_parquet(covered)
    whole.sindex.query(polygon, predicate="intersects")
    polygon_s, rows = best(lambda: whole.iloc[whole.sindex.query(polygon, predicate="intersects")], 5)
    geojson_s, _ = best(lambda: rows.to_json(default=str), 3)
    areas = snapshot.path / "areas.parquet"

    def ranking() -> str:
        table = pd.read_parquet(areas, columns=[name for name in snapshot.areas.names if name != "geometry"])
        return str(table[table["level"] == "street"].sort_values("density", ascending=False).to_json(orient="records"))

    ranking_s, _ = best(lambda: json.loads(ranking()), 5)
    return {
        "tiles_per_s": len(chosen) / tiles_s, "polygon_cold_ms": cold_s * 1e3, "polygon_ms": polygon_s * 1e3,
        "polygon_geojson_ms": (polygon_s + geojson_s) * 1e3, "ranking_ms": ranking_s * 1e3,
    }, rows["id"].tolist()


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("read", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
