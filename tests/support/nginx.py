"""Debian's nginx as a process of the test, with the example configuration of the documents."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.api.clients import free_port

EXAMPLE = Path(__file__).parents[2] / "docs" / "nginx" / "riskmap-static.conf"

_AROUND = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {server}
}}
"""


@contextmanager
def nginx(site: Path, folder: Path) -> Iterator[str]:
    """Address of `site`, served with the example as it stands but for port and root; `folder` takes nginx's own files."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port()
    example = EXAMPLE.read_text("utf-8")
    server = example.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("root /srv/riskmap;", f"root {site};")
    assert str(site) in server
    assert str(port) in server
    configuration = folder / "nginx.conf"
    configuration.write_text(_AROUND.format(folder=folder, server=server))
    subprocess.run([program, "-t", "-q", "-c", str(configuration)], check=True, capture_output=True)
    running = subprocess.Popen([program, "-c", str(configuration)])
    try:
        base = f"http://127.0.0.1:{port}/"
        for _ in range(100):
            try:
                httpx.get(base)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield base
    finally:
        running.terminate()
        running.wait(10)
