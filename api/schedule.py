"""The nightly run: cron text, one scheduler per home however many workers serve it, scoring in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import IO, Any

import structlog

from geo.errors import BadParameter
from geo.settings import Settings

_log = structlog.get_logger(__name__)

#: A worker that does not hold the scheduler's lock asks again after this time.
_TAKE_OVER_S = 0.5

#: A run that was missed (machine asleep) is still started when it is at most this late.
_MISFIRE_GRACE_S = 3600

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def trigger(text: str, timezone: str) -> Any:
    """APScheduler trigger of a cron text.

    Parameters
    ----------
    text : str
        ``minute hour day month weekday`` as cron has it (0 and 7 are Sunday); with six fields the first is the second.
    timezone : str
        IANA name of the zone in which it is read.

    Raises
    ------
    BadParameter
        If the text or the zone is not understood.
    """
    from apscheduler.triggers.cron import CronTrigger

    parts = text.split()
    names = ("second", *_FIELDS) if len(parts) == 6 else _FIELDS
    try:
        if len(parts) != len(names):
            raise ValueError("five fields are wanted")
        fields = dict(zip(names, parts, strict=True))
        fields["day_of_week"] = _weekdays(fields["day_of_week"])
        return CronTrigger(timezone=timezone, **fields)
    except (ValueError, LookupError) as error:
        raise BadParameter(
            f"无法识别的定时“{text}”（时区 {timezone}）", f"the schedule {text!r} (zone {timezone}) is not understood",
            remedy_zh="请用五段 cron：分 时 日 月 周，例如 \"0 2 * * *\" 表示每天 2 点。",
            remedy_en='Use five cron fields: minute hour day month weekday, for example "0 2 * * *" for 2 o\'clock every day.',
            schedule=text,
        ) from error


def _weekdays(text: str) -> str:
    """Cron's weekday numbers (0 and 7 are Sunday) as names: APScheduler counts from Monday."""
    days: list[str] = []
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            days.append(part)  # *, names, or nonsense that the trigger refuses
            continue
        ends = range(int(first), int(last if dash else ("6" if slash else first)) + 1, int(step) if slash else 1)
        days += [_WEEKDAYS[day] for day in ends]
    return ",".join(days)


async def score_once(settings: Settings) -> int:
    """Run ``riskmap score`` as a child and wait for it; its exit code is returned and logged."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.cli", "score", "--trigger", "schedule", env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await child.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        await child.wait()
        raise
    code = int(child.returncode or 0)
    last = output.decode("utf-8", "replace").strip().splitlines()[-1:] or [""]
    (_log.info if code == 0 else _log.error)("scheduled run ended", exit_code=code, last_line=last[0])
    return code


def environment(settings: Settings) -> dict[str, str]:
    """Environment of a child process that has the same settings as this one; what is unset here is unset there."""
    values = {f"RISKMAP_{name.upper()}": value for name, value in settings.model_dump().items()}
    inherited = {name: value for name, value in os.environ.items() if name not in values}
    chosen = {name: str(value) for name, value in values.items() if value is not None}
    return inherited | chosen | {"RISKMAP_HOME": str(settings.home.resolve())}


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    """Keep one scheduler alive among all workers of this home while the block lasts; nothing without a schedule."""
    if not settings.schedule:
        yield
        return
    task = asyncio.create_task(_hold(settings))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _hold(settings: Settings) -> None:
    with (settings.home / "schedule.lock").open("a") as handle:
        while not _locked(handle):
            await asyncio.sleep(_TAKE_OVER_S)
        await _tick(settings)


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _tick(settings: Settings) -> None:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    scheduler = AsyncIOScheduler(timezone=settings.timezone)
    running_now: set[asyncio.Task[int]] = set()

    async def job() -> None:
        task = asyncio.create_task(score_once(settings))
        running_now.add(task)
        try:
            await task
        finally:
            running_now.discard(task)

    scheduler.add_job(job, trigger(settings.schedule, settings.timezone), coalesce=True, max_instances=1,
                      misfire_grace_time=_MISFIRE_GRACE_S)
    scheduler.start()
    _log.info("schedule started", schedule=settings.schedule, timezone=settings.timezone)
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
        for task in list(running_now):
            task.cancel()
        await asyncio.gather(*running_now, return_exceptions=True)
