"""The whole way in cold processes: sample, load, score and publish, serve; then the one command, first and second start."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.report import Result, run, say

_READY_WITHIN_S = 900.0


@dataclass(frozen=True)
class Ended:
    """One process, from start to end: wall and processor seconds, and its largest memory in use (RSS).

    The memory is that of the largest single process among it and its children.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float

    def figures(self, name: str) -> dict[str, float]:
        """With the step's name in front."""
        return {f"{name}_s": self.wall_s, f"{name}_cpu_s": self.cpu_s, f"{name}_peak_mb": self.peak_mb}


def start(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """``riskmap …`` in a new process whose output nobody reads, but kept in a file in case it fails."""
    log = Path(environment["RISKMAP_HOME"]).with_suffix(".log")
    with log.open("wb") as output:
        return subprocess.Popen([sys.executable, "-m", "api.cli", *arguments], env=environment, stdout=output, stderr=output)


def finish(process: subprocess.Popen[bytes], began: float, environment: dict[str, str], *, stopped: bool = False) -> Ended:
    """Wait for its end; with the resources that it used."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and not stopped:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{_said(environment)}")
    return Ended(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _said(environment: dict[str, str]) -> str:
    """What the commands printed and logged last; the home is removed afterwards."""
    home = Path(environment["RISKMAP_HOME"])
    return "\n".join(path.read_text(encoding="utf-8", errors="replace")[-3000:]
                     for path in (home.with_suffix(".log"), *sorted((home / "logs").glob("*"))))


def step(arguments: Sequence[str], environment: dict[str, str]) -> Ended:
    """Run one command to its end."""
    say(f"riskmap {' '.join(arguments)}")
    began = time.monotonic()
    return finish(start(arguments, environment), began, environment)


def until_ready(arguments: Sequence[str], environment: dict[str, str], name: str) -> dict[str, float]:
    """Start a command that ends up serving; time to the first good answer, memory then, and the peak until it is stopped."""
    say(f"riskmap {' '.join(arguments)}, until ready")
    began = time.monotonic()
    process = start(arguments, environment)
    try:
        where = f"http://127.0.0.1:{environment['RISKMAP_PORT']}/readyz"
        while not _answers(where):
            if process.poll() is not None or time.monotonic() - began > _READY_WITHIN_S:
                raise RuntimeError(f"{process.args!r} is not ready:\n{_said(environment)}")
            time.sleep(0.02)
        ready = time.monotonic() - began
        serving = sum(_proportional_mb(pid) for pid in _tree(process.pid))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            ended = finish(process, began, environment, stopped=True)
    return {f"{name}_ready_s": ready, f"{name}_cpu_s": ended.cpu_s, f"{name}_peak_mb": ended.peak_mb,
            f"{name}_serving_mb": serving}


def _answers(where: str) -> bool:
    try:
        with urlopen(where, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _proportional_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("Pss:"))) / 1024


@contextmanager
def _home(enterprises: int) -> Iterator[dict[str, str]]:
    """Environment of an empty home with a free port; nothing of the caller's settings or caches."""
    with TemporaryDirectory(prefix="riskmap-bench-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("RISKMAP_", "NUMBA_"))}
        yield {**plain, "RISKMAP_HOME": str(Path(folder) / "home"), "RISKMAP_SAMPLE_ENTERPRISES": str(enterprises),
               "RISKMAP_PORT": str(port)}


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--enterprises", type=int, default=265_000)
    parser.add_argument("--steps-only", action="store_true", help="leave out the one command (demo), first and second start")


def measure(options: argparse.Namespace) -> Result:
    """Every step in a process of its own; then, in another empty home, the one command twice."""
    own: dict[str, float] = {}
    with _home(options.enterprises) as environment:
        sample = str(Path(environment["RISKMAP_HOME"]).with_name("sample"))
        own |= step(["sample", "--out", sample], environment).figures("sample")
        own |= step(["ingest", sample], environment).figures("load")
        own |= step(["score"], environment).figures("first_score")
        own |= step(["score"], environment).figures("score")
        own |= until_ready(["serve"], environment, "serve")
        manifest = _manifest(environment)
    own["steps_s"] = sum(own[f"{name}_s"] for name in ("sample", "load", "first_score")) + own["serve_ready_s"]
    if not options.steps_only:
        with _home(options.enterprises) as environment:
            own |= until_ready(["demo"], environment, "demo_first")
            own |= until_ready(["demo"], environment, "demo_second")
    stages = {f"stage_{name}_s": float(seconds) for name, seconds in manifest["times"].items()}
    return Result(
        {"enterprises": options.enterprises, "cells": manifest["grid"]["nx"] * manifest["grid"]["ny"],
         "cells_occupied": manifest["cells"]["occupied"], "streets": sum(manifest["streets"].values()),
         "features": sum(manifest["counts"].values()), "features_by_kind": manifest["counts"]},
        "Cold processes in an empty home, page cache and byte code warm. first_score compiles the kernels, score is the next "
        "night's (kernels kept). serve, demo_first and demo_second: from the start of the process to the first 200 of /readyz. "
        "peak: the largest single process; serving: proportional memory of the server's processes when ready. stage_: inside "
        "the second score.",
        {**own, **stages},
        "no other program scores a city's reported sources, people and pipelines to this map; its parts are measured against "
        "peers in the other benchmarks",
    )


def _manifest(environment: dict[str, str]) -> dict[str, Any]:
    path = Path(environment["RISKMAP_HOME"]) / "snapshots" / "current" / "manifest.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("night", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
