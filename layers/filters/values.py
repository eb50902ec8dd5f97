"""Scalar expressions of a filter over Arrow columns: properties, literals, arithmetic and an allow-list of functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers import arrow
from layers.deadline import in_time
from layers.filters.guard import fault
from layers.filters.subject import GEOMETRY, no_property

if TYPE_CHECKING:
    from layers.filters.evaluate import Evaluation

ValueType = Literal["text", "number", "bool", "date", "timestamp", "texts", "null"]

_OF_PROPERTY: Mapping[str, ValueType] = {"text": "text", "int": "number", "float": "number", "bool": "bool", "date": "date",
                                         "texts": "texts"}
_ZH = {"text": "文本", "number": "数", "bool": "真假", "date": "日期", "timestamp": "时刻", "texts": "文本列表", "null": "空"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Operand:
    """One evaluated expression: a scalar, or an array of one value a row."""

    type: ValueType
    data: Any

    @property
    def scalar(self) -> bool:
        """Whether it is the same for every row."""
        return isinstance(self.data, pa.Scalar)


def value(run: Evaluation, node: Any, at: str) -> Operand:
    """The value of an expression.

    Raises
    ------
    BadParameter
        If it is none, or of an unknown function.
    UnknownIdentifier
        If it names no property of the collection.
    """
    if isinstance(node, bool):
        return Operand("bool", arrow.truth(node, 1)[0])
    if isinstance(node, int | float):
        return Operand("number", arrow.number(float(node)))
    if isinstance(node, str):
        return Operand("text", arrow.text(node))
    if node is None:
        return Operand("null", None)
    if isinstance(node, dict):
        if "property" in node and len(node) == 1:
            return _property(run, node["property"], at)
        if "date" in node or "timestamp" in node:
            return instant(run, node, at)
        if isinstance(node.get("op"), str):
            in_time()
            return _call(run, node, at)
    raise fault("这里应为属性、数、文本或函数", "a property, number, text or function is wanted here", where=at)


def _property(run: Evaluation, name: Any, at: str) -> Operand:
    known = run.subject.properties
    if not isinstance(name, str) or name not in known:
        if name == GEOMETRY:
            raise fault("几何只能用于空间函数", "the geometry can only be used in spatial functions", run.filter.place(GEOMETRY),
                        where=at)
        error = no_property(str(name), known)
        error.context |= {"position": run.filter.place(str(name)), "where": at, "parameter": "filter"}
        if error.context["position"]:
            error.zh += f"（filter 第 {error.context['position']} 个字符）"
            error.en += f" (filter, character {error.context['position']})"
        raise error
    declared = known[name]
    if not declared.queryable:
        raise fault(f"属性“{name}”是结构化数据，不能用于条件", f"the property {name!r} is structured and cannot be filtered by",
                    run.filter.place(name), where=at)
    return Operand(_OF_PROPERTY[declared.type], run.subject.column(name))


# ---------------------------------------------------------------------- dates and times

def instant(run: Evaluation, node: dict[str, Any], at: str) -> Operand:
    """A literal ``{"date": …}`` or ``{"timestamp": …}``."""
    kind: Literal["date", "timestamp"] = "date" if "date" in node else "timestamp"
    written = node[kind]
    parsed = read_instant(written) if isinstance(written, str) else None
    if parsed is None or parsed[0] != kind:
        form = "2026-05-01" if kind == "date" else "2026-05-01T08:00:00Z"
        shown = str(written)[:40]
        raise fault(f"{kind}“{shown}”应形如 {form}", f"{kind} {shown!r} must look like {form}", run.filter.place(kind.upper()),
                    where=at)
    return Operand(kind, moment(*parsed))


def read_instant(written: str) -> tuple[Literal["date", "timestamp"], int] | None:
    """A date as days, or a date-time with zone as microseconds since 1970; None if it is neither.

    Examples
    --------
    >>> read_instant("1970-01-02"), read_instant("1970-01-01T00:00:01Z"), read_instant("tomorrow")
    (('date', 1), ('timestamp', 1000000), None)
    """
    try:
        if _DATE.fullmatch(written):
            return "date", date.fromisoformat(written).toordinal() - _EPOCH_DAY
        if "T" not in written.upper():
            return None
        read = datetime.fromisoformat(written)
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        since = read - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return "timestamp", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(kind: Literal["date", "timestamp"], number: int) -> pa.Scalar:
    """An Arrow scalar of days (``date``) or microseconds (``timestamp``) since 1970."""
    if kind == "date":
        return arrow.days(np.array([number], np.int32))[0]
    buffer = pa.py_buffer(np.array([number], np.int64))
    return pa.Array.from_buffers(pa.timestamp("us"), 1, [None, buffer])[0]


# ---------------------------------------------------------------------- functions and arithmetic

def _call(run: Evaluation, node: dict[str, Any], at: str) -> Operand:
    name = node["op"]
    args = node.get("args")
    if not isinstance(args, list):
        raise fault(f"函数 {name[:40]} 没有 args", f"the function {name[:40]} has no args", where=at)
    if name.lower() in run.predicates:
        return Operand("bool", run.predicate(node, at))
    declared = FUNCTIONS.get(name.lower())
    if declared is None:
        known = ", ".join(sorted(entry for entry in FUNCTIONS if entry.isalpha()))
        raise fault(f"没有函数“{name[:40]}”", f"there is no function {name[:40]!r}", run.filter.place(name), where=at,
                    remedy_zh=f"可用的函数：{known}，以及 CQL2 的空间、时间、数组函数。",
                    remedy_en=f"Functions: {known}, and the spatial, temporal and array functions of CQL2.")
    wanted, given, make = declared
    if len(args) != len(wanted):
        raise fault(f"{name} 需要 {len(wanted)} 个参数", f"{name} takes {len(wanted)} arguments", run.filter.place(name),
                    where=at)
    operands = [value(run, part, f"{at}.args[{place}]") for place, part in enumerate(args)]
    for operand, type_ in zip(operands, wanted, strict=True):
        expect(run, operand, type_, name, at)
    return Operand(given, make(*(operand.data for operand in operands)))


def expect(run: Evaluation, operand: Operand, wanted: ValueType, name: str, at: str) -> None:
    """Refuse an operand of another type than `name` works on."""
    if operand.type != wanted:
        raise fault(f"{name} 需要{_ZH[wanted]}，这里是{_ZH[operand.type]}", f"{name} wants {wanted}, this is {operand.type}",
                    run.filter.place(name), where=at)


def zh_of(operand: Operand) -> str:
    """Chinese word for the type of an operand."""
    return _ZH[operand.type]


def _fold(data: Any) -> Any:
    return pc.utf8_lower(data)


def _unaccented(data: Any) -> Any:
    plain = pc.replace_substring_regex(pc.utf8_normalize(data, form="NFD"), pattern=r"\p{Mn}", replacement="")
    return pc.utf8_normalize(plain, form="NFC")


def _float(data: Any) -> Any:
    return data.cast(pa.float64())


def _remainder(left: Any, right: Any) -> Any:
    whole = pc.trunc(pc.divide(_float(left), _float(right)))
    return pc.subtract(_float(left), pc.multiply(whole, _float(right)))


#: Function or sign → types of its arguments, type of its value, how it is made.
FUNCTIONS: Mapping[str, tuple[tuple[ValueType, ...], ValueType, Callable[..., Any]]] = {
    "casei": (("text",), "text", _fold),
    "accenti": (("text",), "text", _unaccented),
    "lower": (("text",), "text", _fold),
    "upper": (("text",), "text", pc.utf8_upper),
    "length": (("text",), "number", pc.utf8_length),
    "abs": (("number",), "number", lambda x: pc.abs(_float(x))),
    "floor": (("number",), "number", lambda x: pc.floor(_float(x))),
    "ceil": (("number",), "number", lambda x: pc.ceil(_float(x))),
    "sqrt": (("number",), "number", lambda x: pc.sqrt(_float(x))),
    "+": (("number", "number"), "number", lambda x, y: pc.add(_float(x), _float(y))),
    "-": (("number", "number"), "number", lambda x, y: pc.subtract(_float(x), _float(y))),
    "*": (("number", "number"), "number", lambda x, y: pc.multiply(_float(x), _float(y))),
    "/": (("number", "number"), "number", lambda x, y: pc.divide(_float(x), _float(y))),
    "%": (("number", "number"), "number", _remainder),
    "div": (("number", "number"), "number", lambda x, y: pc.trunc(pc.divide(_float(x), _float(y)))),
    "^": (("number", "number"), "number", lambda x, y: pc.power(_float(x), _float(y))),
}
