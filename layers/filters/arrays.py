"""Array predicates over lists of texts: ``A_EQUALS``, ``A_CONTAINS``, ``A_CONTAINEDBY``, ``A_OVERLAPS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from layers import arrow
from layers.filters.guard import MAX_VALUES, fault
from layers.filters.values import expect, value

if TYPE_CHECKING:
    from layers.filters.evaluate import Evaluation

_Texts = frozenset[str]

#: What each says of a row's list and the other one.
PREDICATES: Mapping[str, Callable[[_Texts, _Texts], bool]] = {
    "a_equals": lambda mine, other: mine == other,
    "a_contains": lambda mine, other: mine >= other,
    "a_containedby": lambda mine, other: mine <= other,
    "a_overlaps": lambda mine, other: bool(mine & other),
}
_CONVERSE = {"a_contains": "a_containedby", "a_containedby": "a_contains"}


def relate(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """A property that is a list, and a literal list, in either order; each different list is looked at once."""
    first, second = run.arity(op, args, 2, at)
    if isinstance(first, list):
        first, second, op = second, first, _CONVERSE.get(op, op)
    if isinstance(first, list) or not isinstance(second, list):
        raise fault(f"{op.upper()} 需要一个列表属性和一个列表", f"{op.upper()} wants a property that is a list, and a list",
                    run.filter.place(op), where=at)
    if len(second) > MAX_VALUES or not all(isinstance(entry, str) for entry in second):
        raise fault(f"{op.upper()} 的列表应为至多 {MAX_VALUES} 个文本",
                    f"the list of {op.upper()} must have at most {MAX_VALUES} texts",
                    run.filter.place(op), where=at)
    column = value(run, first, f"{at}.args[0]")
    expect(run, column, "texts", op.upper(), at)
    return _looked_up(column.data, PREDICATES[op], frozenset(second))


def _looked_up(column: pa.Array, holds: Callable[[_Texts, _Texts], bool], other: _Texts) -> pa.Array:
    packed = column.dictionary_encode()
    answers = np.array([holds(_texts(entry), other) for entry in packed.dictionary.to_pylist()] or [False], bool)
    missing = packed.indices.is_null()
    places = np.frombuffer(packed.indices.buffers()[1], np.int32, len(packed), packed.indices.offset * 4)
    found = answers[np.clip(places, 0, len(answers) - 1)]
    if not packed.indices.null_count:
        return arrow.numbers(found)
    hidden = np.zeros(len(found), bool)
    hidden[arrow.rows_of(missing)] = True
    return arrow.numbers(found, hidden)


def _texts(written: str) -> _Texts:
    try:
        read = orjson.loads(written)
    except ValueError:
        return frozenset()
    return frozenset(str(entry) for entry in read) if isinstance(read, list) else frozenset()
