"""Ctrl-C and SIGTERM, so that none is lost.

Python raises ``KeyboardInterrupt`` wherever the main thread happens to be; in a callback of a library it may be swallowed
there. The signal is therefore also remembered, and long work asks :func:`check` at every report of its progress.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_received: list[int] = []
_held: list[bool] = []


def watch() -> None:
    """Take over SIGINT and SIGTERM; a SIGINT that the caller of this process ignores stays ignored."""
    signal.signal(signal.SIGTERM, _on_signal)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _on_signal)


def ignore() -> None:
    """Ignore both from now on."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check() -> None:
    """Raise KeyboardInterrupt if a signal has come, whoever swallowed the first one."""
    if _received:
        raise KeyboardInterrupt


@contextmanager
def held() -> Iterator[Callable[[], None]]:
    """Only remember signals, until the block calls what it is given: that raises KeyboardInterrupt if one has come.

    For steps between which nothing may be lost, like making a record and watching over it.
    """
    _held.append(True)

    def release() -> None:
        _held.clear()
        check()

    try:
        yield release
    finally:
        _held.clear()


def received() -> bool:
    """Whether a signal has come."""
    return bool(_received)


def terminated() -> bool:
    """Whether the signal was SIGTERM."""
    return signal.SIGTERM in _received


def _on_signal(number: int, frame: FrameType | None) -> None:
    del frame
    _received.append(number)
    if not _held:
        raise KeyboardInterrupt
