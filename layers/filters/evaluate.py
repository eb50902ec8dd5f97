"""A filter evaluated over the columns of a collection, whole columns at a time; only what is listed here is possible.

Truth has three values as in SQL: a comparison with a missing value is unknown, ``NOT`` leaves it unknown, and a row is
taken only if the whole filter is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers import arrow
from layers.deadline import in_time
from layers.filters import arrays, compare, spatial, temporal
from layers.filters.guard import fault
from layers.filters.subject import Subject
from layers.filters.tree import Filter
from layers.filters.values import value

ToDegrees = Callable[[NDArray[np.float64]], NDArray[np.float64]]
_Predicate = Callable[["Evaluation", str, list[Any], str], Any]


def matching(subject: Subject, given: Filter, to_degrees: ToDegrees | None = None) -> NDArray[np.int64]:
    """Rows of a collection for which a filter is true, ascending.

    Parameters
    ----------
    subject : Subject
    given : Filter
    to_degrees : callable or None
        Turns the (n, 2) coordinates of geometries in the filter into longitude and latitude; None if they are.

    Raises
    ------
    BadParameter, BadGeometry, UnknownIdentifier
        With the position in the filter where it is text, and the path where it is JSON.
    Busy
        If the time of the request is over; asked at every operator and between blocks of geometries.
    """
    run = Evaluation(subject, given, to_degrees)
    found = run.predicate(given.tree, "$")
    if isinstance(found, pa.Scalar):
        return np.arange(len(subject)) if found.as_py() else np.empty(0, np.int64)
    return arrow.rows_of(found)


class Evaluation:
    """One evaluation of one filter."""

    def __init__(self, subject: Subject, given: Filter, to_degrees: ToDegrees | None) -> None:
        self.subject = subject
        self.filter = given
        self.to_degrees = to_degrees
        self.predicates = PREDICATES

    def predicate(self, node: Any, at: str) -> Any:
        """Truth of a node: an Arrow array of booleans, or one scalar for every row."""
        in_time()
        op = node.get("op") if isinstance(node, dict) else None
        if isinstance(op, str) and op.lower() in PREDICATES:
            args = node.get("args")
            if not isinstance(args, list):
                raise fault(f"{op[:40]} 没有 args", f"{op[:40]} has no args", where=at)
            return PREDICATES[op.lower()](self, op.lower(), args, at)
        found = value(self, node, at)
        if found.type != "bool":
            raise fault("这里应为条件", "a condition is wanted here", where=at)
        return found.data

    def arity(self, op: str, args: list[Any], count: int, at: str) -> list[Any]:
        """`args` if there are as many as the operator takes."""
        if len(args) != count:
            raise fault(f"{op} 需要 {count} 个参数，这里有 {len(args)} 个", f"{op} takes {count} arguments, not {len(args)}",
                        where=at)
        return args


def _all(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    if not args:
        raise fault(f"{op} 没有参数", f"{op} has no arguments", where=at)
    join = pc.and_kleene if op == "and" else pc.or_kleene
    found = run.predicate(args[0], f"{at}.args[0]")
    for place, part in enumerate(args[1:], start=1):
        found = join(found, run.predicate(part, f"{at}.args[{place}]"))
    return found


def _not(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    (part,) = run.arity(op, args, 1, at)
    return pc.invert(run.predicate(part, f"{at}.args[0]"))


#: Every predicate that a filter may use.
PREDICATES: Mapping[str, _Predicate] = {
    "and": _all, "or": _all, "not": _not,
    **dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), compare.compare),
    "between": compare.between, "like": compare.like, "in": compare.one_of, "isnull": compare.is_null,
    **dict.fromkeys(spatial.PREDICATES, spatial.relate), **dict.fromkeys(temporal.PREDICATES, temporal.relate),
    **dict.fromkeys(arrays.PREDICATES, arrays.relate),
}
