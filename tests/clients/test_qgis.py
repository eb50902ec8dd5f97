"""QGIS (Debian's, without a desktop) reads features and draws vector tiles from our address, without a plug-in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest
from pyproj import Transformer


@pytest.fixture(scope="module")
def found(api: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict:
    base = str(api.base_url).rstrip("/")
    bounds = api.get("/api/manifest").json()["bounds"]
    project = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    corners = [*project.transform(*bounds[:2]), *project.transform(*bounds[2:])]
    picture = tmp_path_factory.mktemp("qgis") / "tiles.png"
    script = Path(__file__).with_name("qgis_reads.py")
    command = ["/usr/bin/python3", str(script), base, *map(str, corners), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(picture.parent)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["enterprise", "venue", "pipeline", "cells", "areas-street"])
def test_layer_is_valid_and_whole(api: httpx.Client, found: dict, name: str) -> None:
    layer = found["layers"][name]
    assert layer["valid"], found
    matched = api.get(f"/api/collections/{name}/items", params={"limit": 1}).json()["numberMatched"]
    assert layer["count"] == layer["read"] == matched > 0
    assert layer["crs"] in ("OGC:CRS84", "EPSG:4326")
    assert "name" in layer["fields"] or "level" in layer["fields"]


def test_vector_tiles_draw(found: dict) -> None:
    assert found["tiles"]["valid"]
    assert found["tiles"]["errors"] == 0
    assert found["tiles"]["colours"] > 1
