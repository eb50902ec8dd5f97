"""Snapshots and clients that misbehave, against real server processes: one worker and several."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
import pytest

from api.schedule import environment as settings_environment
from geo.settings import Settings
from layers.snapshot import make_current
from tests.api.clients import riskmap, server, wait_for
from tests.api.conftest import FIRST, SECOND


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def workers_of(client: httpx.Client, count: int) -> None:
    """Ask until several connections have been answered, so that each worker has opened the snapshot."""
    for _ in range(count * 8):
        httpx.get(f"{client.base_url}/readyz").raise_for_status()


def test_several_workers_switch_within_a_second_and_mix_nothing(home: Path) -> None:
    with server(home, workers=2) as client:
        workers_of(client, 2)
        stop, seen, failures = threading.Event(), list[tuple[float, str]](), list[str]()

        def ask() -> None:
            while not stop.is_set():
                body = httpx.get(f"{client.base_url}/api/collections/sources/items?limit=50", timeout=10).json()
                pll = sum(feature["properties"]["pll"] for feature in body["features"])
                seen.append((time.monotonic(), body["run_id"]))
                sums[body["run_id"]].add(round(pll, 12))
                if {link["rel"] for link in body["links"]} < {"self", "alternate"}:
                    failures.append(str(body["links"]))

        sums: dict[str, set[float]] = {FIRST: set(), SECOND: set()}
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        make_current(home / "snapshots", SECOND)
        switched = time.monotonic()
        time.sleep(2.5)
        make_current(home / "snapshots", FIRST)  # rolled back by the same step
        back = time.monotonic()
        time.sleep(2)
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert all(len(values) == 1 for values in sums.values()), "an answer has the numbers of its own run only"
    assert {run for moment, run in seen if switched + 1 < moment < back} == {SECOND}
    assert {run for moment, run in seen if moment > back + 1} == {FIRST}


def test_one_command_rolls_back(home: Path) -> None:
    make_current(home / "snapshots", SECOND)
    with server(home) as client:
        assert client.get("/readyz").json()["run_id"] == SECOND
        assert riskmap(home, "publish", "--run", FIRST).returncode == 0
        assert client.get("/readyz").json()["run_id"] == FIRST


@pytest.mark.parametrize("name", ["features/venue.parquet", "areas.parquet", "risk.pmtiles", "fn.parquet", "level.tif"])
def test_a_snapshot_with_one_bit_flipped_is_refused_and_the_last_one_stays(home: Path, name: str) -> None:
    with server(home) as client:
        before = client.get("/api/collections/venue/items?limit=100").content
        flip(home / "snapshots" / SECOND / name)
        make_current(home / "snapshots", SECOND)
        assert client.get("/readyz").json()["run_id"] == FIRST
        assert client.get("/api/collections/venue/items?limit=100").content == before
        asked = client.get(f"/api/collections/venue/items?as-of={SECOND}")
        assert asked.status_code == 503, "nor is it given to those who ask for it by name"
        assert str(home) not in asked.text


def test_the_current_snapshot_deleted_under_a_running_server(home: Path) -> None:
    with server(home, workers=2) as client:
        workers_of(client, 2)
        first = client.get("/api/collections/venue/items?limit=5").json()
        client.get("/api/map/tiles/current/8/210/96.png")
        shutil.rmtree(home / "snapshots" / FIRST)
        answered = Counter()
        for _ in range(10):
            for path in ("/readyz", "/api/collections/venue/items?limit=5", "/api/risk/areas/110000", "/api/risk/ranking",
                         "/api/manifest"):
                answered[httpx.get(f"{client.base_url}{path}").status_code] += 1
        # What was read stays readable; what was never read before it went may be missing, and says so.
        assert set(answered) <= {200, 503}
        assert answered[200] >= 20
        url = f"{client.base_url}/api/collections/venue/items?limit=5"  # one of the workers has read it
        again = next(answer for _ in range(100) if (answer := httpx.get(url)).status_code == 200)
        assert again.json()["features"] == first["features"]
        make_current(home / "snapshots", SECOND)
        wait_for(lambda: client.get("/readyz").json()["run_id"] == SECOND, 5, what="the snapshot that is left")


def test_a_snapshot_copied_elsewhere_serves_without_a_store(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other-machine"
    (other / "snapshots").mkdir(parents=True)
    shutil.copytree(home / "snapshots" / SECOND, other / "snapshots" / SECOND)
    make_current(other / "snapshots", SECOND)
    with server(home) as here, server(other, store="postgresql+psycopg://nobody@127.0.0.1:1/none") as there:
        make_current(home / "snapshots", SECOND)
        for path in ("/api/collections/cells/items?limit=2000&sortby=-pll", "/api/risk/areas/110101",
                     "/api/map/tiles/current/8/210/96.png",
                     "/api/collections/venue/export?f=parquet"):
            one, two = here.get(path), there.get(path)
            assert one.status_code == two.status_code
            body = two.content.replace(str(there.base_url).encode(), str(here.base_url).encode())
            assert body == one.content, path
    assert not (other / "store" / "riskmap.sqlite").exists()


def resident_mb(client: httpx.Client) -> float:
    """Memory of the server's process, from its own numbers or the system's."""
    port = str(client.base_url.port)
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            if b"api.cli" in line and port.encode() in line:
                status = (entry / "status").read_text()
                total += int(status.split("VmRSS:")[1].split()[0]) / 1024
                for child in (entry / "task" / entry.name / "children").read_text().split():
                    total += int(Path(f"/proc/{child}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
        except (OSError, IndexError):
            continue
    return total


def settled_mb(client: httpx.Client) -> float:
    """The same once the server has prepared what it prepares behind its first answers."""
    before, now = -1e9, resident_mb(client)
    for _ in range(60):
        if abs(now - before) < 2:
            break
        time.sleep(1)
        before, now = now, resident_mb(client)
    return now


def test_slow_readers_and_those_who_leave_cost_nothing(home: Path) -> None:
    """Forty clients ask for an endless export: half read a little and stop, half leave in the middle."""
    request = b"GET /api/collections/cells/export?f=json HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n"
    with server(home, time_limit_s=3) as client:
        for path in ("/api/collections/cells/items?limit=10", "/api/collections/cells/export?f=json"):
            client.get(path)
        before = settled_mb(client)
        stuck = []
        for number in range(40):
            connection = socket.create_connection(("127.0.0.1", client.base_url.port or 0))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(request)
            connection.recv(1000)
            if number % 2:
                connection.close()
            else:
                stuck.append(connection)
        begin = time.monotonic()
        assert client.get("/healthz").status_code == 200
        assert client.get("/api/collections/venue/items?limit=5").status_code == 200
        assert time.monotonic() - begin < 5, "others are served meanwhile"
        grown = resident_mb(client) - before
        for connection in stuck:
            connection.close()
        assert grown < 400, f"{grown:.0f} MB"  # a few blocks each, and what the allocator keeps; whole exports would be gigabytes
        assert client.get("/readyz").status_code == 200


def test_exports_that_nobody_waits_for_leave_no_files(home: Path) -> None:
    spool = home / "cache" / "spool"
    with server(home) as client:
        for _ in range(6):
            connection = socket.create_connection(("127.0.0.1", client.base_url.port or 0))
            connection.sendall(b"GET /api/collections/cells/export?f=gpkg HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            connection.close()
        wait_for(lambda: client.get("/api/collections/venue/export?f=gpkg").status_code == 200, 30, what="room in the spool")
        wait_for(lambda: not list(spool.glob("*")), 10, what="the files to go")


def test_too_many_exports_at_once_are_asked_to_come_back(home: Path) -> None:
    answers: list[httpx.Response] = []
    with server(home) as client:
        address = f"{client.base_url}/api/collections/cells/export?f=gpkg"
        threads = [threading.Thread(target=lambda: answers.append(httpx.get(address, timeout=60))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 503}
    assert statuses[200] >= 4
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"]
            assert answer.json()["type"] == "/docs#busy"
    good = {answer.content for answer in answers if answer.status_code == 200}
    assert len(good) == 1


def test_a_random_walk_of_hostile_requests_over_the_wire(home: Path) -> None:
    rng = np.random.default_rng(3)
    with server(home) as client:
        port = client.base_url.port or 0
        for _ in range(60):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.settimeout(2)
                junk = bytes(rng.integers(0, 256, int(rng.integers(1, 400)), dtype=np.uint8))
                head = [b"GET /api/collections/venue/items?filter=",
                        b"POST /api/search HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b""][int(rng.integers(3))]
                try:
                    connection.sendall(head + junk + b"\r\n\r\n")
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1000)
                except OSError:
                    continue
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.settimeout(10)
            try:
                connection.sendall(b"GET /api/x?" + b"a" * 10_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                answered = connection.recv(200)
                assert b" 4" in answered.split(b"\r\n")[0]
            except ConnectionError:
                pass  # closed on us in the middle of the address: as good
        assert client.get("/healthz").status_code == 200


def test_workers_count_together(home: Path) -> None:
    with server(home, workers=2) as client:
        for _ in range(30):
            httpx.get(f"{client.base_url}/api/conformance")
        line = next(line for line in client.get("/metrics").text.splitlines() if 'route="/api/conformance"' in line
                    and "requests_total" in line)
        assert float(line.split()[-1]) == 30


def test_settings_of_the_server_reach_its_workers(settings: Settings) -> None:
    chosen = settings.model_copy(update={"workers": 3, "cors_origins": "https://a.example", "proxies": "10.0.0.0/8"})
    made = settings_environment(chosen)
    assert (made["RISKMAP_WORKERS"], made["RISKMAP_CORS_ORIGINS"], made["RISKMAP_PROXIES"]) == ("3", "https://a.example",
                                                                                                "10.0.0.0/8")
