"""Moments that people name on the command line: read with their zone, refused where nothing could be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.console import Console
from geo.errors import BadParameter

if TYPE_CHECKING:
    from geo.settings import Settings
    from geo.store import Store


@dataclass(frozen=True)
class Moment:
    """A moment as of which the store is read.

    Attributes
    ----------
    at : datetime or None
        With its zone; None for now.
    created : str
        The same for files, ISO 8601 with its zone.
    zh, en : str
        The same for people.
    """

    at: datetime | None
    created: str
    zh: str
    en: str


def written(moment: datetime, zone: str) -> str:
    """A moment to the microsecond in a zone, so that it can be typed in again and means the same."""
    return moment.astimezone(ZoneInfo(zone)).isoformat()


def asked_moment(console: Console, settings: Settings, store: Store, text: str) -> Moment:
    """The moment of ``--at``; what was assumed of its zone is said.

    Raises
    ------
    BadParameter
        If it is none, lies in the future, or before anything was loaded.
    """
    zone = ZoneInfo(settings.timezone)
    now = datetime.now(zone)
    if not text:
        return Moment(None, now.isoformat(timespec="seconds"), "现在", "now")
    at = _read(text.strip(), console, zone, now)
    if at > now:
        clock = now.isoformat(timespec="seconds")
        raise BadParameter(f"时刻 {at.isoformat()} 在将来（现在是 {clock}）",
                           f"{at.isoformat()} is in the future (now is {clock})",
                           remedy_zh="请给出已经过去的时刻；看现在的数据不写 --at。",
                           remedy_en="Name a past moment; leave --at out for now.")
    first = store.first_moment()
    if first is None:
        raise BadParameter("数据库里还没有载入过数据，没有可以回看的时刻", "nothing was ever loaded, there is no past to look at",
                           remedy_zh="请先载入：riskmap ingest。", remedy_en="Load something first: riskmap ingest.")
    if at < first:
        earliest = written(first, settings.timezone)
        raise BadParameter(f"时刻 {at.isoformat()} 早于最早可回看的时刻 {earliest}",
                           f"{at.isoformat()} is before the first moment that can be read, {earliest}",
                           remedy_zh=f"请用 {earliest} 或以后的时刻；riskmap history 列出各次载入。",
                           remedy_en=f"Use {earliest} or later; riskmap history lists the loads.", since=earliest)
    return Moment(at, at.isoformat(), f"截至 {at.isoformat()}", f"as of {at.isoformat()}")


def _read(text: str, console: Console, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        if len(text) == 10:
            end = datetime.combine(date.fromisoformat(text), time.max, zone)
            at = now if end.date() == now.date() else end
            console.note(f"--at {text}：按当天结束时（{at.isoformat(timespec='seconds')}，时区 {zone.key}）",
                         f"--at {text}: taken as the end of that day ({at.isoformat(timespec='seconds')}, zone {zone.key})")
            return at
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(f"--at“{text[:40]}”不是时刻", f"--at {text[:40]!r} is no moment",
                           remedy_zh="例如 2026-10-01T12:00+08:00、\"2026-10-01 12:00\" 或 2026-10-01。",
                           remedy_en="For example 2026-10-01T12:00+08:00, \"2026-10-01 12:00\" or 2026-10-01.") from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
        console.note(f"--at {text} 没有时区，按 {zone.key}（{at.isoformat()}）",
                     f"--at {text} has no zone, taken as {zone.key} ({at.isoformat()})")
    return at


def day_named(option: str, text: str) -> date | None:
    """The day of an option; None if it was left out.

    Raises
    ------
    BadParameter
        If it is none.
    """
    try:
        return date.fromisoformat(text.strip()) if text else None
    except ValueError as error:
        raise BadParameter(f"{option}“{text[:40]}”不是日期", f"{option} {text[:40]!r} is no day", remedy_zh="例如 2026-10-01。",
                           remedy_en="For example 2026-10-01.") from error
