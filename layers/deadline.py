"""When the work for a request has to end: set where the request comes in, asked between the pieces of what may take long.

A thread cannot be stopped from outside. So work that nobody waits for any more stops itself, at the next piece.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from geo.errors import Busy

_UNTIL: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what is done inside, and the threads that it starts with its context, so much time, s.

    Examples
    --------
    >>> with within(60):
    ...     in_time()
    """
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def in_time() -> None:
    """Go on if there is time left.

    Raises
    ------
    Busy
        If there is none.
    """
    if time.monotonic() > _UNTIL.get():
        raise Busy("未能按时完成", "it could not be done in time", remedy_zh="请缩小范围或简化条件，或稍后再试。",
                   remedy_en="Ask for less, simplify the filter, or try again later.")
