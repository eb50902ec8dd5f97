"""A PostgreSQL cluster of a test's own, that it may stop, starve and start again without harm to the shared one."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa

#: The account that runs it: ourselves, or `postgres` when we are root (PostgreSQL refuses to run as root).
_OWNER = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def binaries() -> Path:
    """Folder of the newest installed PostgreSQL that has PostGIS."""
    found = sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    assert found, "PostGIS is not installed: run scripts/postgis.sh once"
    return Path("/usr/lib/postgresql") / found[-1].parts[4] / "bin"


class Cluster:
    """Made on construction in a temporary folder, running after :meth:`start`, gone after :meth:`remove`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="riskmap-cluster-"))
        self.password = secrets.token_hex(8)
        (self.folder / "password").write_text(self.password)
        if _OWNER:
            for path in (self.folder, self.folder / "password"):
                shutil.chown(path, "postgres")
        self._run("initdb", "-D", self.folder / "data", "-U", "riskmap", f"--pwfile={self.folder / 'password'}",
                  "--auth=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run([*_OWNER, str(binaries() / program), *map(str, arguments)], cwd="/", capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "start", "-o",
                  f"-p {self.port} -h 127.0.0.1 -c unix_socket_directories='' -c shared_buffers=32MB")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def database(self, name: str) -> str:
        """URL of a new database."""
        server = f"postgresql+psycopg://riskmap:{self.password}@127.0.0.1:{self.port}"
        engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return f"{server}/{name}"

    def remove(self) -> None:
        subprocess.run([*_OWNER, str(binaries() / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop"],
                       cwd="/", capture_output=True, timeout=60, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
