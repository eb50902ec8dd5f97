"""A write that goes on behind the checks of the next rows: the server copies while this process validates.

A connection does one thing at a time. Whoever uses one in whose transaction rows may still be on their way calls :func:`settle`
first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Connection


class _Write(threading.Thread):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(name="write behind", daemon=True)
        self._work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # raised again where somebody waits for it
            self.error = error


_under_way: WeakKeyDictionary[Connection, _Write] = WeakKeyDictionary()


def write_behind(connection: Connection, work: Callable[[], None]) -> None:
    """Begin to write on a connection, after what it writes already.

    Raises
    ------
    Exception
        What the write before raised.
    """
    settle(connection)
    write = _under_way[connection] = _Write(work)
    write.start()


def settle(connection: Connection) -> None:
    """Wait for what a connection writes.

    Raises
    ------
    Exception
        What the write raised.
    """
    write = _under_way.get(connection)
    if write is None:
        return
    write.join()
    del _under_way[connection]
    if write.error is not None:
        raise write.error


def abandon(connection: Connection) -> None:
    """Wait for what a connection writes, whatever becomes of it: the transaction is undone."""
    write = _under_way.pop(connection, None)
    if write is not None:
        write.join()
