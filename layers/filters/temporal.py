"""Temporal predicates: instants and intervals, whole columns at a time, in Allen's relations as CQL2 names them.

Dates alone are compared as days. As soon as a date-time takes part, a date is the whole day in UTC. A missing instant is
unknown; a missing end of an interval made of two properties is open (a unit without an end of validity exists still).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers import arrow
from layers.filters.guard import fault
from layers.filters.values import Operand, read_instant, value

if TYPE_CHECKING:
    from layers.filters.evaluate import Evaluation

_DAY_US = 86_400_000_000
_OPEN = np.iinfo(np.int64).max // 4
_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Span:
    """Begin and end of every row (or of one literal), in days or microseconds since 1970; `unknown` where there is none."""

    begin: _Numbers
    end: _Numbers
    unknown: NDArray[np.bool_]
    days: bool
    instant: bool

    def in_microseconds(self) -> Span:
        """The same with days as whole days."""
        if not self.days:
            return self
        begin = np.where(np.abs(self.begin) >= _OPEN, self.begin, self.begin * _DAY_US)
        end = np.where(np.abs(self.end) >= _OPEN, self.end, self.end * _DAY_US + _DAY_US - 1)
        return Span(begin, end, self.unknown, False, False)


_Relation = Callable[[Span, Span], NDArray[np.bool_]]

#: Name → relation of the first to the second.
PREDICATES: Mapping[str, _Relation] = {
    "t_after": lambda a, b: a.begin > b.end,
    "t_before": lambda a, b: a.end < b.begin,
    "t_contains": lambda a, b: (a.begin < b.begin) & (a.end > b.end),
    "t_disjoint": lambda a, b: (a.begin > b.end) | (a.end < b.begin),
    "t_during": lambda a, b: (a.begin > b.begin) & (a.end < b.end),
    "t_equals": lambda a, b: (a.begin == b.begin) & (a.end == b.end),
    "t_finishedby": lambda a, b: (a.begin < b.begin) & (a.end == b.end),
    "t_finishes": lambda a, b: (a.begin > b.begin) & (a.end == b.end),
    "t_intersects": lambda a, b: (a.begin <= b.end) & (a.end >= b.begin),
    "t_meets": lambda a, b: a.end == b.begin,
    "t_metby": lambda a, b: a.begin == b.end,
    "t_overlappedby": lambda a, b: (a.begin > b.begin) & (a.begin < b.end) & (a.end > b.end),
    "t_overlaps": lambda a, b: (a.begin < b.begin) & (a.end > b.begin) & (a.end < b.end),
    "t_startedby": lambda a, b: (a.begin == b.begin) & (a.end > b.end),
    "t_starts": lambda a, b: (a.begin == b.begin) & (a.end < b.end),
}


def relate(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """Two instants or intervals."""
    one, other = (_span(run, part, f"{at}.args[{place}]") for place, part in enumerate(run.arity(op, args, 2, at)))
    if one.days != other.days:
        one, other = one.in_microseconds(), other.in_microseconds()
    found = np.broadcast_to(PREDICATES[op](one, other), (max(len(one.begin), len(other.begin)),))
    unknown = np.broadcast_to(one.unknown | other.unknown, found.shape)
    answer = arrow.numbers(np.ascontiguousarray(found), np.ascontiguousarray(unknown) if unknown.any() else None)
    return answer[0] if len(answer) == 1 and len(run.subject) != 1 else answer


def _span(run: Evaluation, node: Any, at: str) -> Span:
    if isinstance(node, dict) and "interval" in node:
        ends = node["interval"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise fault("INTERVAL 需要两端", "INTERVAL takes two ends", run.filter.place("INTERVAL"), where=at)
        return _interval(run, ends, at)
    found = _instant(run, node, at)
    return Span(found[0], found[0], found[1], found[2], True)


def _interval(run: Evaluation, ends: list[Any], at: str) -> Span:
    begin, no_begin, days_a = _end(run, ends[0], -1, at)
    end, no_end, days_b = _end(run, ends[1], 1, at)
    if days_a is None or days_b is None:
        days = bool(days_a or days_b)
    elif days_a == days_b:
        days = days_a
    else:
        raise fault("INTERVAL 两端应同为日期或同为时刻", "both ends of INTERVAL must be dates, or both date-times",
                    run.filter.place("INTERVAL"), where=at)
    begin, end = np.broadcast_arrays(np.where(no_begin, -_OPEN, begin), np.where(no_end, _OPEN, end))
    if len(begin) == 1 and begin[0] > end[0]:
        raise fault("INTERVAL 的终点早于起点", "INTERVAL ends before it begins", run.filter.place("INTERVAL"), where=at)
    return Span(begin, end, np.zeros(1, bool), days, False)


def _end(run: Evaluation, node: Any, sign: int, at: str) -> tuple[_Numbers, NDArray[np.bool_], bool | None]:
    if node == "..":
        return np.array([sign * _OPEN]), np.zeros(1, bool), None
    if isinstance(node, str):
        read = read_instant(node)
        if read is None:
            raise fault(f"“{node[:40]}”不是日期或时刻", f"{node[:40]!r} is no date or date-time", run.filter.place("INTERVAL"),
                        where=at)
        return np.array([read[1]]), np.zeros(1, bool), read[0] == "date"
    return _instant(run, node, at)


def _instant(run: Evaluation, node: Any, at: str) -> tuple[_Numbers, NDArray[np.bool_], bool]:
    found: Operand = value(run, node, at)
    if found.type not in ("date", "timestamp"):
        name = node.get("property") if isinstance(node, dict) else None
        raise fault("这里应为日期或时刻", "a date or date-time is wanted here", run.filter.place(str(name)) if name else None,
                    where=at)
    if found.scalar:
        return np.array([found.data.value], np.int64), np.zeros(1, bool), found.type == "date"
    data: pa.Array = found.data
    width = np.dtype(np.int32 if found.type == "date" else np.int64)
    numbers = np.frombuffer(data.buffers()[1], width, len(data), data.offset * width.itemsize).astype(np.int64)
    missing = np.zeros(len(data), bool)
    if data.null_count:
        missing[arrow.rows_of(data.is_null())] = True
    return numbers, missing, found.type == "date"
