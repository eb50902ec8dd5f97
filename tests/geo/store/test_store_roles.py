"""The reading role of PostgreSQL, the pool and its waits, large reads by their own driver, snapshots."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.errors import BadParameter, StoreError
from geo.settings import Settings
from geo.store import Store, bulkreads, open_store
from geo.store.engine import Waits, parse_url

EnterpriseMaker = Callable[..., pd.DataFrame]


@pytest.fixture
def role(store_url: str) -> Iterator[str]:
    """Name of a role that is gone afterwards."""
    name = f"reader_{uuid.uuid4().hex[:12]}"
    yield name
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        if connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).scalar():
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
            connection.exec_driver_sql(f"DROP ROLE {name}")
    engine.dispose()


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_the_reader_reads_everything_and_writes_nothing(
        store: Store, store_url: str, role: str, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(30, staff_at_place=[-1, *range(29)]), source="a")
    assert store.grant_reader(role, "s3cret'") is True
    assert store.grant_reader(role) is False
    url = sa.make_url(store_url).set(username=role, password="s3cret'").render_as_string(hide_password=False)
    with open_store(url) as reader:  # not even opened for reading: the server refuses
        pd.testing.assert_frame_equal(reader.read("enterprise"), store.read("enterprise"))
        assert len(reader.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 29
        assert reader.query("enterprise", limit=3, count=True).matched == 29
        assert (reader.counts(), reader.loads(), reader.version()) == (store.counts(), store.loads(), store.version())
        assert len(reader.history("enterprise", "E00003")) == 1
        assert len(reader.quarantine()) == 1
        assert reader.runs() == []
        reader.init()  # nothing to bring up to date: commands that look first may be the reader's
        for write in (lambda: reader.load("enterprise", enterprises(3), source="b"),
                      lambda: reader.retire("enterprise", ["E00003"], by=""), lambda: reader.record_run({"run_id": "x"})):
            with pytest.raises(StoreError, match=r"只读|拒绝"):
                write()
        with pytest.raises(StoreError), reader._reading() as connection:
            connection.exec_driver_sql("SET transaction_read_only = off; DELETE FROM enterprise")
    assert store.counts()["enterprise"] == 29


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_names_that_are_no_roles(store: Store) -> None:
    for name in ("", "Upper", "a b", 'x"; DROP TABLE enterprise; --', "1a", "a" * 64):
        with pytest.raises(BadParameter, match="角色"):
            store.grant_reader(name)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sqlite_has_no_roles(store: Store) -> None:
    with pytest.raises(BadParameter, match="SQLite"):
        store.grant_reader("reader")


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_the_pool_has_its_size_and_says_when_it_is_used_up(store: Store, store_url: str) -> None:
    with Store(parse_url(store_url), waits=Waits(pool=1, free=0.2)) as small:
        ready, done = threading.Barrier(4), threading.Event()

        def hold() -> None:
            with small.snapshot():
                small.counts()
                ready.wait()
                done.wait()

        holders = [threading.Thread(target=hold) for _ in range(3)]  # one in the pool, two beyond it
        for holder in holders:
            holder.start()
        ready.wait()
        with pytest.raises(StoreError, match="都在使用中") as caught:
            small.counts()
        assert "RISKMAP_STORE_POOL" in caught.value.remedy("en")
        done.set()
        for holder in holders:
            holder.join()
        assert small.counts()["enterprise"] == 0


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_a_read_that_takes_too_long_is_broken_off(store: Store, store_url: str) -> None:
    settings = Settings(store=store_url, store_statement_s=0.2, store_pool=2, home=Path("unused"))
    with open_store(settings) as limited:
        with pytest.raises(StoreError, match="超时"), limited._reading() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        with limited._writing() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.4)")  # loads may take longer
        assert limited.counts()["venue"] == 0


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_large_reads_equal_small_ones(store: Store, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = enterprises(300, name=['a,b"\n\\N%s', "", None] * 100, position_accuracy_m=[None, 1 / 3, 2.0] * 100)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.02)
    store.load("enterprise", frame, source="a")
    store.edit("enterprise", "E00003", {"extra": '{"x": "<%s>"}'}, by="")
    polygon = shapely.box(116, 40, 117, 41)
    small = store.read("enterprise"), store.search(polygon, ["enterprise"])["enterprise"]
    monkeypatch.setattr(bulkreads, "LARGE", 1)
    large = store.read("enterprise"), store.search(polygon, ["enterprise"])["enterprise"]
    for one, two in zip(small, large, strict=True):
        pd.testing.assert_frame_equal(one, two)
    with store.transaction(keep=False):
        store.retire("enterprise", ["E00003"], by="")
        assert len(store.read("enterprise")) == 299  # inside, what is not committed yet


@pytest.mark.parametrize("large", [False, True])
def test_a_snapshot_sees_one_state(store: Store, store_url: str, enterprises: EnterpriseMaker, large: bool,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(bulkreads, "LARGE", 1)
    store.load("enterprise", enterprises(10), source="a")
    with open_store(store_url) as other, other.snapshot():
        assert other.counts()["enterprise"] == 10
        store.load("enterprise", enterprises(25), source="a")
        with other.snapshot():
            assert len(other.read("enterprise")) == 10
        assert other.query("enterprise", count=True).matched == 10
        with pytest.raises(StoreError, match="事务"):
            other.load("enterprise", enterprises(1), source="a")
    with open_store(store_url) as other:
        assert len(other.read("enterprise")) == 25
