from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api import schedule
from geo.errors import BadParameter
from geo.settings import Settings

BEIJING = ZoneInfo("Asia/Shanghai")
SUNDAY = datetime(2026, 3, 1, 12, 0, tzinfo=BEIJING)


@pytest.mark.parametrize(("text", "expected"), [
    ("0 2 * * *", datetime(2026, 3, 2, 2, 0, tzinfo=BEIJING)),
    ("*/15 * * * *", datetime(2026, 3, 1, 12, 15, tzinfo=BEIJING)),
    ("30 1 * * 0", datetime(2026, 3, 8, 1, 30, tzinfo=BEIJING)),  # cron's Sunday is 0
    ("30 1 * * 7", datetime(2026, 3, 8, 1, 30, tzinfo=BEIJING)),  # and 7
    ("30 1 * * 1", datetime(2026, 3, 2, 1, 30, tzinfo=BEIJING)),
    ("30 1 * * 1-5", datetime(2026, 3, 2, 1, 30, tzinfo=BEIJING)),
    ("30 1 * * mon,fri", datetime(2026, 3, 2, 1, 30, tzinfo=BEIJING)),
    ("30 1 * * 3/2", datetime(2026, 3, 4, 1, 30, tzinfo=BEIJING)),
    ("0 0 1 4 *", datetime(2026, 4, 1, 0, 0, tzinfo=BEIJING)),
    ("*/10 * * * * *", datetime(2026, 3, 1, 12, 0, 10, tzinfo=BEIJING)),
])
def test_cron_text_fires_when_cron_would(text: str, expected: datetime) -> None:
    found = schedule.trigger(text, "Asia/Shanghai").get_next_fire_time(None, SUNDAY + timedelta(microseconds=1))
    assert found == expected


@pytest.mark.parametrize("text", [
    "", "hello", "* * *", "99 2 * * *", "0 2 * * * * *", "0 2 * * 9", "0 2 * * 1-x", "@daily", "0 2 * * 5-1",
])
def test_bad_cron_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadParameter) as caught:
        schedule.trigger(text, "Asia/Shanghai")
    assert "0 2 * * *" in caught.value.remedy_zh
    assert "0 2 * * *" in caught.value.remedy_en


def test_bad_zone_is_refused() -> None:
    with pytest.raises(BadParameter):
        schedule.trigger("0 2 * * *", "Mars/Olympus")


def test_one_of_several_workers_ticks_and_another_takes_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking: list[str] = []

    async def tick(_: Settings) -> None:
        ticking.append("x")
        await asyncio.Event().wait()

    monkeypatch.setattr(schedule, "_tick", tick)
    monkeypatch.setattr(schedule, "_TAKE_OVER_S", 0.01)
    chosen = settings.model_copy(update={"schedule": "0 2 * * *"})

    async def two_workers() -> None:
        async with schedule.running(chosen):
            second = schedule.running(chosen)
            await second.__aenter__()
            await asyncio.sleep(0.1)
            assert len(ticking) == 1
        await asyncio.sleep(0.1)
        assert len(ticking) == 2
        await second.__aexit__(None, None, None)

    asyncio.run(two_workers())


def test_without_a_schedule_nothing_runs(settings: Settings) -> None:
    async def once() -> None:
        async with schedule.running(settings):
            assert not (settings.home / "schedule.lock").exists()

    asyncio.run(once())


def test_a_child_has_the_same_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = settings.model_copy(update={"home": settings.home.resolve(), "threads": 7, "schedule": "0 2 * * *"})
    assert wanted.quality_rules is None
    monkeypatch.setenv("RISKMAP_QUALITY_RULES", "of-the-parent.toml")
    made = schedule.environment(wanted)
    for name in [name for name in os.environ if name.startswith("RISKMAP_")]:
        monkeypatch.delenv(name)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    assert Settings() == wanted
