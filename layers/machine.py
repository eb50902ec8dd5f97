"""What a run asks of the machine: estimated and said first, refused when it is too much, by threads or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geo.errors import EnvironmentProblem, RunCancelled
from layers.checkpoint import TileFolder
from layers.release import code_version
from riskmodel.budget import Estimate, estimate_size, refuse_over
from riskmodel.sweep import Way

if TYPE_CHECKING:
    from geo.settings import Settings
    from riskmodel.inputs import ModelInputs

    Progress = Callable[[str, int, int], None]

#: Runs that take longer than this keep their finished tiles on disk; for shorter ones it would cost more than it saves.
CHECKPOINTS_FROM_S = 120.0


def affordable(inputs: ModelInputs, settings: Settings, progress: Progress | None = None) -> Estimate:
    """Estimate a run from what was read, and refuse it when it is over the settings' limits.

    Raises
    ------
    RunError
        With the estimate, the limit and what to do.
    """
    return affordable_size(inputs.grid.size, sum(len(frame) for frame in inputs.frames.values()), settings, progress)


def affordable_size(cells: int, rows: int, settings: Settings, progress: Progress | None = None) -> Estimate:
    """The same from sizes alone, before anything is read: estimated, said, refused when it is too much.

    Parameters
    ----------
    cells : cells of the grid
    rows : rows of all kinds
    """
    found = estimate_size(cells, rows, threads=settings.threads)
    if progress:
        progress(found.zh if settings.language == "zh" else found.en, 0, 1)
    allowed(found, settings)
    return found


def allowed(found: Estimate, settings: Settings) -> None:
    """Refuse a run that is over the settings' limits.

    Raises
    ------
    RunError
        With the estimate, the limit and what to do.
    """
    refuse_over(found, settings.memory_limit_mb, settings.score_limit_s)


@contextmanager
def way_of(settings: Settings, found: Estimate, progress: Progress | None = None,
           cancelled: Callable[[], bool] | None = None) -> Iterator[Way]:
    """How the run's tiles are worked through: threads or a cluster, with checkpoints for long runs.

    The finished tiles of a run that was cancelled are thrown away; those of one that broke off are kept for the next.

    Raises
    ------
    BadParameter, EnvironmentProblem
        If the cluster's address is wrong or nobody answers there.
    """
    kept = TileFolder(settings.cache / "tiles") if found.seconds > CHECKPOINTS_FROM_S else None
    told = (lambda done, of: progress("风险场", done, of)) if progress else None
    way = Way(settings.threads, told, cancelled, kept.of if kept else None)
    try:
        if settings.cluster:
            from riskmodel.cluster import connected, on_cluster

            with connected(settings.cluster) as client:
                _same_program(client)
                yield replace(way, elsewhere=on_cluster(client))
        else:
            yield way
    except RunCancelled:
        if kept:
            kept.clear()
        raise
    if kept:
        kept.clear()


def _same_program(client: Any) -> None:
    """Equal bits need equal code: refuse workers that run another version, or do not have the program at all."""
    try:
        found = client.run(code_version)
    except ImportError as error:
        raise _other_program(str(error), str(error)) from error
    others = sorted(worker for worker, version in found.items() if version != code_version())
    if others:
        raise _other_program("、".join(others), ", ".join(others))


def _other_program(zh: str, en: str) -> EnvironmentProblem:
    return EnvironmentProblem(f"集群的工作进程没有安装同一版本的程序：{zh}", f"the cluster's workers run another program: {en}",
                              remedy_zh="请在每台机器上安装与本机相同的版本后重启工作进程。",
                              remedy_en="Install this machine's version on every machine and restart the workers.")
