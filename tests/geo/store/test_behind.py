"""Writes that go on behind the checks."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from geo.store.behind import abandon, settle, write_behind


@pytest.fixture
def connection() -> sa.Connection:
    return sa.create_engine("sqlite://").connect()


def test_writes_follow_one_another_and_are_waited_for(connection: sa.Connection) -> None:
    done: list[int] = []
    go = threading.Event()
    write_behind(connection, lambda: (go.wait(), done.append(1)))
    assert done == []
    go.set()
    write_behind(connection, lambda: done.append(2))
    settle(connection)
    settle(connection)
    assert done == [1, 2]


def test_what_a_write_raises_is_raised_where_it_is_waited_for_and_once(connection: sa.Connection) -> None:
    write_behind(connection, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        settle(connection)
    settle(connection)
    write_behind(connection, lambda: 1 // 0)
    abandon(connection)
    settle(connection)
