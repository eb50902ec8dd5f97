"""One run from the store to the published map: under the lock, on record, and never half done."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from api import interrupts, runs
from geo.errors import RiskMapError, RunCancelled, RunError
from geo.settings import Settings

if TYPE_CHECKING:
    from api.console import Report

_log = structlog.get_logger(__name__)


def use_kernel_cache(settings: Settings) -> None:
    """Let numba keep its compiled kernels below home; must happen before numba is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str((settings.cache / "numba").resolve()))


def score(settings: Settings, report: Report | None = None, *, trigger: str = "manual") -> runs.Run:
    """Score the store's present state and publish the snapshot.

    Parameters
    ----------
    report : callable, optional
        Told of the progress.
    trigger : str
        Who asked for the run; stands in its record.

    Raises
    ------
    RunInProgress
        If another process is at it.
    RiskMapError
        Whatever stopped the run; the last map stays and the record says why.
    """
    settings.prepare_home()
    use_kernel_cache(settings)
    with runs.run_lock(settings), interrupts.held() as release:
        runs.bury_dead(settings, locked=True)
        return _recorded(settings, runs.begin(settings, trigger), report, release)


def _recorded(settings: Settings, run: runs.Run, report: Report | None, release: Callable[[], None]) -> runs.Run:
    """Do the work of a run that has begun; however it ends stands in its record."""
    try:
        release()
        _log.info("run started", run=run.id, trigger=run.trigger)
        return _work(settings, run, report)
    except RunCancelled as error:
        runs.ended(settings, run, "cancelled", name="RunCancelled", zh=error.zh, en=error.en)
        _log.warning("run cancelled", run=run.id)
        raise
    except RiskMapError as error:
        _failed(settings, run, type(error).__name__, error)
        raise
    except KeyboardInterrupt:
        _interrupted(settings, run)
        raise
    except MemoryError as error:
        problem = RunError("内存不足，计算未完成", "out of memory", remedy_zh="请关闭其他程序或换用内存更大的机器。",
                           remedy_en="Close other programs or use a machine with more memory.")
        _failed(settings, run, "MemoryError", problem)
        raise problem from error
    except Exception as error:
        if interrupts.received():  # compiled code that is being loaded turns the signal into an error of its own
            _interrupted(settings, run)
            raise KeyboardInterrupt from error
        problem = RunError("计算因程序错误而失败，旧图保持不变", "a fault of the program stopped the run; the last map stays",
                           remedy_zh=f"详情在日志 {settings.logs} 中，请反馈。", remedy_en=f"See the log in {settings.logs}.")
        _log.exception("run failed", run=run.id)
        _failed(settings, run, type(error).__name__, problem)
        raise problem from error
    finally:
        runs.forget_request(settings, run.id)


def _interrupted(settings: Settings, run: runs.Run) -> None:
    runs.ended(settings, run, "cancelled", name="Interrupted", zh="计算被中断，旧图保持不变",
               en="interrupted; the last map stays")
    _log.warning("run interrupted", run=run.id)


def _work(settings: Settings, run: runs.Run, report: Report | None) -> runs.Run:
    from geo.store import open_store
    from layers.night import run_night

    with open_store(settings) as store, _rare_collection():
        store.init()
        night = run_night(store, settings, report, run_id=run.id, cancelled=lambda: runs.is_cancelled(settings, run.id))
    ended = replace(
        run, state="succeeded", finished=runs.now(settings).isoformat(), snapshot=night.run_id, counts=dict(night.counts),
        totals=dict(night.totals), cells=dict(night.cells), streets=dict(night.streets), times=dict(night.times),
        hashes=dict(night.hashes),
    )
    runs.write(settings, ended)
    _log.info("run succeeded", run=run.id, times=ended.times, totals=ended.totals)
    return ended


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Look for dead cycles rarely: columns of text are millions of objects and no cycles (15.7 s → 13.8 s for a city)."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _failed(settings: Settings, run: runs.Run, name: str, error: RiskMapError) -> None:
    runs.ended(settings, run, "failed", name=name, zh=error.zh, en=error.en, remedy_zh=error.remedy_zh, remedy_en=error.remedy_en)
    _log.error("run failed", run=run.id, error=name, detail=error.en)
