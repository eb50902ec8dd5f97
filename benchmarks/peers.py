"""Programs of others that the reading benchmark runs beside ours: TiPg on PostGIS, Debian's nginx, wrk as the load."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Version of TiPg that is measured; it lives in an environment of its own and is never a dependency.
TIPG = "1.6.1"

#: wrk asks for random lines of a file; non-2xx answers are counted, for they are quick and say nothing.
_LUA = """
local paths, headers = {}, { ["Accept-Encoding"] = os.getenv("RISKMAP_ENCODING") }
for line in io.lines(os.getenv("RISKMAP_PATHS")) do paths[#paths + 1] = line end
local seed = tonumber(os.getenv("RISKMAP_SEED"))
init = function(args) math.randomseed(seed + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000) end
request = function() return wrk.format("GET", paths[math.random(#paths)], headers) end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration,
                         e.connect + e.read + e.write + e.timeout, e.status))
end
"""


@contextmanager
def process(command: Sequence[str], port: int, log: Path, seconds: float = 60, **environment: str) -> Iterator[int]:
    """A server as a process of its own; its process id once it listens, stopped at the end."""
    with log.open("w") as output:
        running = subprocess.Popen(list(command), stdout=output, stderr=output, env={**os.environ, **environment})
    try:
        end = time.monotonic() + seconds
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if running.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-800:]}")
            time.sleep(0.02)
        yield running.pid
    finally:
        running.terminate()
        running.wait(20)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """Path of a program of Debian's; a RuntimeError says which package has it."""
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if found is None:
        raise RuntimeError(f"{name} is missing: apt-get install {package}")
    return found


def fetch(url: str, *, gzip: bool = True) -> bytes:
    """Body of a GET; raises for an error status."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"} if gzip else {})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())


def size(url: str, encoding: str) -> int:
    """Bytes of a body as they travel."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": encoding}), timeout=120) as answer:
        return len(answer.read())


def load(base: str, paths: Sequence[str], folder: Path, *, seconds: int = 8, connections: int = 32,
         encoding: str = "gzip") -> dict[str, float]:
    """Requests per second over random paths with one ``Accept-Encoding``, and how many were no success."""
    script, listed = folder / "random.lua", folder / "paths.txt"
    script.write_text(_LUA)
    listed.write_text("\n".join(paths) + "\n")
    done = subprocess.run(
        [program("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), base],
        capture_output=True, text=True, check=True,
        env={**os.environ, "RISKMAP_PATHS": str(listed), "RISKMAP_SEED": "7", "RISKMAP_ENCODING": encoding},
    )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    requests, microseconds, broken, refused = map(int, found.groups())
    return {"rps": requests / (microseconds / 1e6), "errors": float(broken + refused), "requests": float(requests)}


@contextmanager
def tipg(database: str, schema: str, folder: Path, *, workers: int = 2) -> Iterator[str]:
    """TiPg from PyPI on a schema of a PostGIS database, `workers` processes; its address."""
    python = _tipg_environment()
    port = free_port()
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--host", "127.0.0.1", "--port", str(port),
               "--workers", str(workers), "--log-level", "warning"]
    plain = database.replace("postgresql+psycopg://", "postgresql://")
    with process(command, port, folder / "tipg.log", DATABASE_URL=plain, TIPG_DB_SCHEMAS=json.dumps([schema]),
                 TIPG_MAX_FEATURES_PER_TILE="100000", TIPG_MAX_FEATURES_PER_QUERY="100000", TIPG_CATALOG_TTL="100000"):
        base = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while True:  # it listens before it knows its tables
            try:
                fetch(f"{base}/collections")
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        yield base


def _tipg_environment() -> Path:
    folder = ROOT / ".peers" / f"tipg-{TIPG}"
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        uv = str(ROOT / ".tools" / "bin" / "uv")
        subprocess.run([uv, "venv", "-q", "--clear", "--python", str(ROOT / ".venv" / "bin" / "python"), str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), f"tipg=={TIPG}", "uvicorn", "uvloop", "httptools"],
                       check=True)
        (folder / "complete").touch()
    return python


@contextmanager
def nginx(root: Path, folder: Path, *, workers: int = 2) -> Iterator[str]:
    """nginx on a folder of gzipped tiles, served as they lie there; its address."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; open_file_cache max=20000; keepalive_requests 1000000; default_type application/octet-stream;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; add_header Content-Encoding gzip; }} }}""")
    with process([program("nginx", "nginx-light"), "-c", str(configuration)], port, folder / "nginx.out"):
        yield f"http://127.0.0.1:{port}"
