"""Comparison predicates: ``= <> < > <= >=``, ``LIKE``, ``BETWEEN``, ``IN``, ``IS NULL``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers import arrow
from layers.filters.guard import MAX_VALUES, fault
from layers.filters.values import Operand, expect, value, zh_of

if TYPE_CHECKING:
    from layers.filters.evaluate import Evaluation

_COMPARE = {"=": pc.equal, "<>": pc.not_equal, "<": pc.less, ">": pc.greater, "<=": pc.less_equal, ">=": pc.greater_equal}

#: Longest pattern of LIKE, characters.
_MAX_PATTERN = 200


def compare(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """Two operands of one type; dates and date-times can be mixed."""
    left, right = (value(run, part, f"{at}.args[{place}]") for place, part in enumerate(run.arity(op, args, 2, at)))
    return _COMPARE[op](*_alike(run, op, left, right, at))


def _alike(run: Evaluation, op: str, left: Operand, right: Operand, at: str) -> tuple[Any, Any]:
    if "null" in (left.type, right.type):
        raise fault("不能与 NULL 比较", "nothing can be compared with NULL", run.filter.place("NULL"), where=at,
                    remedy_zh="请用 IS NULL 或 IS NOT NULL。", remedy_en="Use IS NULL or IS NOT NULL.")
    if {left.type, right.type} == {"date", "timestamp"}:
        return left.data.cast(pa.timestamp("us")), right.data.cast(pa.timestamp("us"))
    if left.type != right.type or left.type == "texts":
        raise fault(f"“{op}”两边不能比较：{zh_of(left)}与{zh_of(right)}", f"{op} cannot compare {left.type} with {right.type}",
                    run.filter.place(op) if op.isalpha() else None, where=at)
    if left.type == "bool" and op not in ("=", "<>"):
        raise fault(f"真假值不能用“{op}”比较", f"truth values cannot be compared by {op}", where=at)
    return left.data, right.data


def between(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """Both bounds belong to it."""
    middle, low, high = (value(run, part, f"{at}.args[{place}]") for place, part in enumerate(run.arity(op, args, 3, at)))
    above = pc.greater_equal(*_alike(run, op, middle, low, at))
    return pc.and_kleene(above, pc.less_equal(*_alike(run, op, middle, high, at)))


def like(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    r"""``%`` any text, ``_`` any character, ``\`` takes the next one as it is."""
    subject, pattern = (value(run, part, f"{at}.args[{place}]") for place, part in enumerate(run.arity(op, args, 2, at)))
    expect(run, subject, "text", "LIKE", at)
    expect(run, pattern, "text", "LIKE", at)
    if not pattern.scalar:
        raise fault("LIKE 的右边应为文本", "the right of LIKE must be a text", run.filter.place("LIKE"), where=at)
    written = pattern.data.as_py()
    if len(written) > _MAX_PATTERN:
        raise fault(f"LIKE 的模式超过 {_MAX_PATTERN} 个字符", f"a pattern of LIKE has more than {_MAX_PATTERN} characters",
                    run.filter.place("LIKE"), where=at)
    if subject.scalar:
        return pc.match_like(arrow.texts([subject.data.as_py()]), written)[0]
    return pc.match_like(subject.data, written)


def one_of(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """Values of a list; texts, numbers, dates or truth values."""
    first, listed = run.arity(op, args, 2, at)
    if not isinstance(listed, list) or not listed:
        raise fault("IN 的右边应为不空的列表", "the right of IN must be a list with values", run.filter.place("IN"), where=at)
    if len(listed) > MAX_VALUES:
        raise fault(f"IN 的列表超过 {MAX_VALUES} 个值", f"a list of IN has more than {MAX_VALUES} values", run.filter.place("IN"),
                    where=at)
    subject = value(run, first, f"{at}.args[0]")
    values = [value(run, part, f"{at}.args[1][{place}]") for place, part in enumerate(listed)]
    if any(not entry.scalar or entry.type != subject.type for entry in values):
        raise fault("IN 的列表应都是同一类型的值", "a list of IN must have values of the type on its left",
                    run.filter.place("IN"), where=at)
    data = arrow.single(pa.chunked_array([subject.data])) if not subject.scalar else _repeat(subject.data)
    found = pc.is_in(data, value_set=_set(values, data.type))
    known = pc.if_else(data.is_valid(), found, arrow.truth(None, 1)[0])
    return known[0] if subject.scalar else known


def _set(values: list[Operand], wanted: pa.DataType) -> pa.Array:
    plain = [entry.data.as_py() for entry in values]
    if values[0].type == "text":
        return arrow.texts(plain)
    if values[0].type == "number":
        kept = [number for number in plain if not pa.types.is_integer(wanted) or float(number).is_integer()]
        numbers = np.clip(np.array(kept, np.float64), -2.0**62, 2.0**62)
        return arrow.numbers(numbers).cast(wanted, safe=False)
    return pa.concat_arrays([_repeat(entry.data) for entry in values]).cast(wanted)


def _repeat(scalar: pa.Scalar) -> pa.Array:
    if pa.types.is_string(scalar.type):
        return arrow.texts([scalar.as_py()])
    if pa.types.is_floating(scalar.type):
        return arrow.numbers(np.array([scalar.as_py()]))
    if pa.types.is_boolean(scalar.type):
        return arrow.truth(scalar.as_py(), 1)
    return pa.Array.from_buffers(scalar.type, 1, [None, pa.py_buffer(
        np.array([scalar.value], np.int32 if pa.types.is_date32(scalar.type) else np.int64))])


def is_null(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """Whether a property has no value; any property, also a structured one or the geometry."""
    (node,) = run.arity(op, args, 1, at)
    if isinstance(node, dict) and node.get("property") in run.subject.properties:
        return pc.is_null(run.subject.column(node["property"]))
    operand = value(run, node, f"{at}.args[0]")
    return arrow.truth(True, 1)[0] if operand.type == "null" else pc.is_null(operand.data)
