"""Runs as records: one JSON file per run below ``<home>/runs``, and the lock that lets one run at a time.

A record is written before the work starts and again when it ends. A run that was killed leaves ``running`` behind; as
nobody holds the lock any more, the next look turns it into ``failed``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

from geo.errors import NotFound, RunInProgress
from geo.settings import Settings

State = Literal["running", "succeeded", "failed", "cancelled"]

_RUN_ID = re.compile(r"[0-9A-Za-z-]{1,64}")

#: A reader holds the lock for microseconds when it looks for dead runs; a run that starts waits that out.
_LOCK_TRIES, _LOCK_PAUSE_S = 10, 0.05


@dataclass(frozen=True)
class Run:
    """One scoring run.

    Attributes
    ----------
    id : str
        Local time of the start and a random part; sorts by time.
    state : {'running', 'succeeded', 'failed', 'cancelled'}
    started, finished : str or None
        ISO 8601 with offset, in the zone of the settings.
    pid : int
        Process that does or did the work.
    trigger : str
        Who asked for it: ``manual``, ``schedule`` or ``demo``.
    snapshot : str or None
        Run id of the snapshot that it published.
    counts, totals, cells, streets, times, hashes : dict
        Rows per kind; PLL by theme (deaths/yr); how many cells and streets at each level; seconds per stage; store version,
        parameters and code.
    error : dict or None
        Class, sentence in both languages and remedy of what stopped it.
    """

    id: str
    state: State
    started: str
    pid: int
    trigger: str = "manual"
    finished: str | None = None
    snapshot: str | None = None
    counts: dict[str, Any] = field(default_factory=dict)
    totals: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    streets: dict[str, int] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    hashes: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None


def folder(settings: Settings) -> Path:
    """Folder of the run records."""
    return settings.home / "runs"


def now(settings: Settings) -> datetime:
    """Local time in the zone of the settings, to the second."""
    return datetime.now(ZoneInfo(settings.timezone)).replace(microsecond=0)


def begin(settings: Settings, trigger: str) -> Run:
    """Record the start of a run by this process; call it with the lock held. Ids sort by time: a second has one run at most."""
    started = now(settings)
    while any(folder(settings).glob(f"{started:%Y%m%dT%H%M%S}-*.json")):
        time.sleep(0.05)
        started = now(settings)
    run = Run(f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", "running", started.isoformat(), os.getpid(), trigger)
    write(settings, run)
    return run


def write(settings: Settings, run: Run) -> None:
    """Write a record atomically."""
    target = folder(settings)
    target.mkdir(parents=True, exist_ok=True)
    part = target / f".{run.id}.{os.getpid()}.part"
    part.write_text(json.dumps(asdict(run), ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(target / f"{run.id}.json")


def read(settings: Settings, run_id: str) -> Run:
    """One record.

    Raises
    ------
    NotFound
        If there is none of this id.
    """
    bury_dead(settings)
    if _RUN_ID.fullmatch(run_id):
        with contextlib.suppress(FileNotFoundError):
            return _load(folder(settings) / f"{run_id}.json")
    raise NotFound(f"没有编号为“{run_id}”的计算记录", f"there is no run {run_id!r}",
                   remedy_zh="全部记录见 /api/runs。", remedy_en="All runs are listed at /api/runs.", run=run_id)


def recent(settings: Settings, limit: int = 50) -> list[Run]:
    """The newest records, newest first."""
    bury_dead(settings)
    paths = sorted(folder(settings).glob("[!.]*.json"), reverse=True)
    return [_load(path) for path in paths[:limit]]


def _load(path: Path) -> Run:
    return Run(**json.loads(path.read_text(encoding="utf-8")))


def ended(settings: Settings, run: Run, state: Literal["failed", "cancelled"], *, name: str, zh: str, en: str,
          remedy_zh: str = "", remedy_en: str = "") -> Run:
    """Record that a run ended without a map, and why."""
    last = replace(run, state=state, finished=now(settings).isoformat(),
                   error={"name": name, "zh": zh, "en": en, "remedy_zh": remedy_zh, "remedy_en": remedy_en})
    write(settings, last)
    return last


def cancel(settings: Settings, run_id: str = "") -> Run:
    """Ask the run in progress to stop; it does so before its next stage or tile and keeps the last map.

    The request is a file below home, so it reaches a run in another container or under another user as well.

    Parameters
    ----------
    run_id : str
        Of the run; empty: whichever is in progress.

    Raises
    ------
    NotFound
        If that run is not in progress.
    """
    for run in recent(settings):
        if run.state == "running" and run_id in ("", run.id):
            _request(settings, run.id).touch()
            return run
    which_zh, which_en = (f"计算 {run_id} 不在进行中", f"run {run_id} is not in progress") if run_id else (
        "没有正在进行的计算", "no run is in progress")
    raise NotFound(which_zh, which_en, remedy_zh="用 riskmap runs 查看。", remedy_en="See riskmap runs.")


def is_cancelled(settings: Settings, run_id: str) -> bool:
    """Whether somebody asked this run to stop."""
    return _request(settings, run_id).exists()


def forget_request(settings: Settings, run_id: str) -> None:
    """Remove the request to stop, once the run has ended."""
    _request(settings, run_id).unlink(missing_ok=True)


def _request(settings: Settings, run_id: str) -> Path:
    return folder(settings) / f".{run_id}.cancel"


def bury_dead(settings: Settings, *, locked: bool = False) -> None:
    """Turn records that still say ``running`` into ``failed`` when no process holds the run lock.

    Parameters
    ----------
    locked : bool
        The caller holds the lock itself.
    """
    alive = [path for path in folder(settings).glob("[!.]*.json") if b'"state": "running"' in path.read_bytes()]
    if not alive:
        return
    with contextlib.nullcontext() if locked else _opened(settings, "run.lock") as handle:
        if handle is not None and not _try_lock(handle):
            return  # somebody is at work: the one that runs
        for path in alive:
            run = _load(path)
            if run.state == "running":
                ended(settings, run, "failed", name="Crashed", zh=f"计算进程 {run.pid} 意外终止，旧图保持不变",
                      en=f"the process {run.pid} died; the last map stays",
                      remedy_zh="请重新运行 riskmap score。", remedy_en="Run riskmap score again.")
                forget_request(settings, run.id)


@contextlib.contextmanager
def run_lock(settings: Settings, name: str = "run.lock") -> Iterator[None]:
    """Hold the lock of the whole home; the system gives it back however this process ends.

    Parameters
    ----------
    name : str
        File of the lock below home: ``run.lock`` for runs, another for other work that only one process may do.

    Raises
    ------
    RunInProgress
        If another process holds it.
    """
    with _opened(settings, name) as handle:
        for _ in range(_LOCK_TRIES):
            if _try_lock(handle):
                break
            time.sleep(_LOCK_PAUSE_S)
        else:
            handle.seek(0)
            holder = handle.read().strip() or "?"
            raise RunInProgress(
                f"另一次计算正在进行（进程 {holder}）", f"another run is in progress (process {holder})",
                remedy_zh="请等它结束后再试；进度见 riskmap runs。", remedy_en="Wait until it ends; see riskmap runs.",
                pid=holder,
            )
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _opened(settings: Settings, name: str) -> IO[str]:
    return (settings.home / name).open("a+", encoding="utf-8")


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
