"""Programs that people connect with, against a running server: GDAL's OAPIF driver, OWSLib, and a fuzzer of the description."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas
import httpx
import numpy as np
import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features

from geo.kinds import KINDS
from layers.snapshot import open_current
from tests.api.clients import server


@pytest.fixture(scope="module")
def web(home: Path) -> Iterator[httpx.Client]:
    with server(home) as found:
        yield found


def address(web: httpx.Client) -> str:
    return f"{str(web.base_url).rstrip('/')}/api"


# ---------------------------------------------------------------------- GDAL

def test_gdal_reads_every_layer_whole_through_paging(web: httpx.Client, home: Path) -> None:
    source = f"OAPIF:{address(web)}"
    snapshot = open_current(home / "snapshots")
    layers = dict(pyogrio.list_layers(source).tolist())
    assert set(layers) >= {"areas-street", "cells", "sources", *KINDS}
    for name in ("cells", "venue", "pipeline", "areas", "sources"):
        collection = snapshot.collection(name)
        frame = geopandas.read_file(source, layer=name, PAGE_SIZE=500)
        assert len(frame) == len(collection)
        assert frame.crs is not None
        assert frame.crs.to_epsg() == 4490
        assert set(frame.columns) - {"geometry", "id"} <= set(collection.properties)
        expected = collection.geometry.shapes(np.arange(len(collection)))
        assert shapely.equals_exact(frame.geometry.to_numpy(), expected, 1e-9).all(), "same order, same places"
    cells = geopandas.read_file(source, layer="cells", PAGE_SIZE=1000)
    assert cells["pll"].sum() == pytest.approx(snapshot.cells.numbers("s").sum() * 1e-15)


def test_gdal_passes_boxes_and_conditions_on(web: httpx.Client, home: Path) -> None:
    source = f"OAPIF:{address(web)}"
    snapshot = open_current(home / "snapshots")
    west, south, east, north = snapshot.bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    frame = geopandas.read_file(source, layer="venue", bbox=box)
    assert len(frame) == len(snapshot.collection("venue").geometry.meeting(shapely.box(*box), box)) > 0
    everything = geopandas.read_file(source, layer="venue")
    for condition, expected in (("venue_type = 'school'", everything["venue_type"] == "school"),
                                ("capacity > 50", everything["capacity"] > 50),
                                ("pll >= 0.0001 AND risk_level < 3",
                                 (everything["pll"] >= 1e-4) & (everything["risk_level"] < 3)),
                                ("name LIKE '%2'", everything["name"].str.endswith("2"))):
        assert len(geopandas.read_file(source, layer="venue", where=condition)) == int(expected.sum()) > 0, condition


# ---------------------------------------------------------------------- OWSLib

def test_owslib_reads_and_filters(web: httpx.Client) -> None:
    found = Features(address(web))
    assert found.api()["openapi"].startswith("3.0")
    assert set(KINDS) <= set(found.feature_collections())
    assert found.conformance()["conformsTo"]
    assert found.collection("venue")["itemCount"] == 24
    assert "capacity" in found.collection_queryables("venue")["properties"]
    assert found.collection_items("venue", limit=5)["numberReturned"] == 5
    box = found.collection("venue")["extent"]["spatial"]["bbox"][0]
    assert found.collection_items("venue", bbox=box)["numberMatched"] == 24
    assert found.collection_items("venue", filter="venue_type = 'school'")["numberMatched"] == 1
    first = found.collection_items("venue", sortby=("pll", "desc"), limit=1)["features"][0]
    assert found.collection_item("venue", first["id"])["properties"] == first["properties"]


# ---------------------------------------------------------------------- schemathesis

#: What the standards allow and the checks do not: conditions, places and geometries can be of the right type and still
#: make no sense (400); a limit above the maximum is no error (OGC 17-069r4 /req/core/fc-limit-response-1), so the limit
#: of a page is given here and left to the tests of the standard.
FUZZING = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "404", "413"]

[[operations]]
include-name = "GET /api/collections/{collectionId}/items"
parameters = { "query.limit" = 7 }
"""


def test_the_fuzzer_of_the_description_finds_nothing(web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(FUZZING)
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run([str(program), "--config-file", "schemathesis.toml", "run", f"{address(web)}/openapi.json",
                           "--max-examples", "12",
                           "--seed", "7", "--no-color"], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: " in done.stdout
