"""The server as a process: what it imports, what it serves, how it switches, starts and stops."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import shapely

from layers.snapshot import make_current, open_current
from tests.api.clients import environment, free_port, server, wait_for
from tests.api.conftest import FIRST, SECOND

READS = """
import sys
from pathlib import Path
from geo.settings import Settings
from api.app import create_app
from tests.api.clients import LocalClient
client = LocalClient(create_app(Settings(home=Path(sys.argv[1]))))
bounds = client.get("/api/manifest").raise_for_status().json()["bounds"]
lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
corners = [[bounds[0], bounds[1]], [bounds[2], bounds[1]], [bounds[2], bounds[3]], [bounds[0], bounds[1]]]
for path in ("/", "/docs", "/healthz", "/readyz", "/api", "/api/openapi.json", "/api/runs", "/api/collections",
             f"/api/risk/at?lon={lon}&lat={lat}", "/api/risk/ranking", "/api/risk/areas/110000",
             "/api/collections/venue/items?bbox=116,39,117,41", "/api/collections/areas/items",
             "/api/map/tiles/current/5/26/12.png"):
    client.get(path).raise_for_status()
for kind in ("json", "geojson", "csv"):
    client.post("/api/search", json={"polygon": {"type": "Polygon", "coordinates": [corners]}, "format": kind}).raise_for_status()
client.close()
heavy = ("pandas", "numba", "sqlalchemy", "geopandas", "scipy", "sklearn", "folium", "rasterio", "pyogrio", "alembic",
         "matplotlib")
print([name for name in heavy if name in sys.modules])
"""


def test_serving_imports_nothing_heavy(home: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", READS, str(home)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_server_switches_by_itself_and_serves_no_stale_tile(home: Path) -> None:
    place = "/".join(map(str, max(open_current(home / "snapshots").tiles)))
    with server(home) as client:
        assert client.get("/readyz").json()["run_id"] == FIRST
        before = client.get(f"/api/map/tiles/current/{place}.png")
        same = client.get(f"/api/map/tiles/{FIRST}/{place}.png", headers={"if-none-match": before.headers["etag"]})
        assert same.status_code == 304
        make_current(home / "snapshots", SECOND)
        after = client.get(f"/api/map/tiles/current/{place}.png", headers={"if-none-match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.content != before.content
        assert client.get("/api/manifest").json()["run_id"] == SECOND


def test_page_has_a_strict_policy_and_answers_are_packed(home: Path) -> None:
    with server(home) as client:
        page = client.get("/")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        for path in ("/", "/api/manifest", "/docs", "/static/none"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in headers["content-security-policy"]
        for name in ("gzip", "br", "zstd"):
            answer = client.get("/api/collections/areas/items", headers={"accept-encoding": name})
            assert answer.headers["content-encoding"] == name
            assert "accept-encoding" in answer.headers["vary"].lower()
            assert len(answer.json()["features"]) == 7
        plain = client.get("/api/collections/areas/items", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert client.head("/api/manifest").content == b""


def test_docs_call_nobody(home: Path) -> None:
    with server(home) as client:
        text = client.get("/docs").text
        assert "http://" not in text
        assert "https://" not in text
        assert "<script" not in text
        for path in client.get("/api/openapi.json").json()["paths"]:
            assert path in text


def test_hostile_addresses_over_the_wire(home: Path) -> None:
    with server(home) as client:
        for path in ("/api/risk/areas/%ff", "/%00", "/static/..%2f..%2fgeo%2fkinds.py", "/static/%2e%2e/%2e%2e/geo/kinds.py",
                     "/api/map/tiles/%ff/1/1/1.png", "/api/collections/venue/items?bbox=%ff", "/api//manifest"):
            answer = client.get(path)
            assert answer.status_code in (400, 404), path
            assert answer.headers["content-type"] == "application/problem+json", path
        assert client.get("/healthz").status_code == 200


def test_a_hung_client_does_not_stop_the_others(home: Path) -> None:
    whole = shapely.geometry.mapping(shapely.box(*open_current(home / "snapshots").bounds))
    with server(home) as client:
        client.post("/api/search", json={"polygon": whole})
        with client.stream("POST", "/api/search", json={"polygon": whole, "format": "csv"}):
            assert client.get("/healthz").status_code == 200


def test_start_to_first_answer_is_quick_and_stop_is_clean(home: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "serve", "--port", str(port)], env=environment(home),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert str(port) in process.stdout.readline()
    process.send_signal(2)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "已停止" in output


def test_a_killed_parent_takes_its_worker_along(home: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "serve", "--port", str(port)], env=environment(home),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: children.read_text().split(), 10, what="the worker")
    (worker,) = children.read_text().split()
    time.sleep(2.5)
    process.kill()
    process.wait(10)
    process.stdout.close()
    wait_for(lambda: _gone(worker), 15, what="the worker to end")


def _gone(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
