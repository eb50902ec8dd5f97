"""Conditions on declared fields: typed comparisons joined by and, or, not; turned into SQL whose values are parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geo.errors import BadParameter
from geo.kinds import Field, Kind
from geo.store.reading import Condition

#: Comparisons by how many values they take: one, two (between), many (in) or none.
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "like", "in", "between", "is null")

#: Deepest nesting, number of comparisons and of values in one ``in``.
DEEPEST, MOST, LONGEST = 20, 200, 1_000


@dataclass(frozen=True)
class Comparison:
    r"""A field against a value.

    Attributes
    ----------
    field : str
        Declared field (not the geometry).
    op : str
        One of :data:`OPERATORS`. ``like`` knows ``%`` and ``_``, heeds case, and ``\`` takes their meaning away.
    value : object
        Of the field's type; a list for ``in``, a pair for ``between`` (both ends belong to it), nothing for ``is null``.
    """

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True, init=False)
class And:
    """All of some conditions."""

    parts: tuple[Where, ...]

    def __init__(self, *parts: Where) -> None:
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True, init=False)
class Or:
    """Any of some conditions."""

    parts: tuple[Where, ...]

    def __init__(self, *parts: Where) -> None:
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class Not:
    """The contrary of a condition. As in SQL, neither it nor the contrary holds where the field has no value."""

    part: Where


Where = Comparison | And | Or | Not


def compile_where(kind: Kind, where: Where, dialect: str) -> Condition:
    """SQL of a condition.

    Raises
    ------
    UnknownIdentifier
        If a field is not declared.
    BadParameter
        If an operator or value does not fit its field, or the condition is too large.
    """
    values: dict[str, Any] = {}
    text = _Compiler(kind, dialect, values).text(where, 0)
    return Condition(text, values)


class _Compiler:
    def __init__(self, kind: Kind, dialect: str, values: dict[str, Any]) -> None:
        self._kind, self._postgresql, self._values, self._count = kind, dialect == "postgresql", values, 0

    def text(self, where: Where, depth: int) -> str:
        if depth > DEEPEST:
            raise _bad("条件嵌套过深", "the condition is nested too deeply")
        if isinstance(where, Comparison):
            return self._comparison(where)
        if isinstance(where, Not):
            return f"NOT ({self.text(where.part, depth + 1)})"
        if not isinstance(where, And | Or):
            raise _bad(f"不是条件：{where!r}", f"{where!r} is no condition")
        word, empty = (" AND ", "1 = 1") if isinstance(where, And) else (" OR ", "1 = 0")
        return word.join(f"({self.text(part, depth + 1)})" for part in where.parts) or empty

    def _comparison(self, one: Comparison) -> str:
        self._count += 1
        if self._count > MOST:
            raise _bad(f"条件超过 {MOST} 个", f"more than {MOST} comparisons")
        field = self._kind.field(one.field)
        column = self._column(field, one.op)
        if one.op == "is null":
            return f"{column} IS NULL"
        if one.op == "in":
            given = _several(one, LONGEST)
            return f"{column} IN ({', '.join(self._value(field, value) for value in given)})" if given else "1 = 0"
        if one.op == "between":
            low, high = _several(one, 2, exactly=True)
            return f"{column} BETWEEN {self._value(field, low)} AND {self._value(field, high)}"
        if one.op == "like":
            return self._like(field, column, one.value)
        return f"{column} {'<>' if one.op == '!=' else one.op} {self._value(field, one.value)}"

    def _column(self, field: Field, op: str) -> str:
        if op not in OPERATORS:
            raise _bad(f"未知的比较“{op}”", f"there is no comparison {op!r}",
                       f"可用：{'、'.join(OPERATORS)}", f"Known: {', '.join(OPERATORS)}")
        text = field.type in ("text", "json")
        if (op == "like" and not text) or (field.type in ("bool", "json") and op not in ("=", "!=", "in", "is null", "like")):
            raise _bad(f"字段“{field.zh}”不能用“{op}”比较", f"{field.name} cannot be compared by {op!r}")
        if not self._postgresql or op == "is null" or not text:
            return f'"{field.name}"'
        # bytewise, as SQLite compares; of JSON its text
        return f'"{field.name}"' if field.name == "id" else f'"{field.name}"::text COLLATE "C"'

    def _value(self, field: Field, value: Any) -> str:
        name = f"w{len(self._values)}"
        self._values[name] = _typed(field, value, iso=not self._postgresql)
        return f":{name}"

    def _like(self, field: Field, column: str, pattern: Any) -> str:
        if not isinstance(pattern, str):
            raise _unfit(field, pattern)
        glob = _glob(pattern)
        return f"{column} LIKE {self._value(field, pattern)}" if self._postgresql else f"{column} GLOB {self._value(field, glob)}"


def _several(one: Comparison, most: int, *, exactly: bool = False) -> Sequence[Any]:
    if isinstance(one.value, str) or not isinstance(one.value, Iterable):
        raise _bad(f"“{one.op}”需要一组值", f"{one.op!r} wants several values")
    given = list(one.value)
    if len(given) > most or (exactly and len(given) != most):
        raise _bad(f"“{one.op}”的值为 {len(given)} 个，应为{'' if exactly else '至多'} {most} 个",
                   f"{one.op!r} has {len(given)} values, {'exactly' if exactly else 'at most'} {most} are wanted")
    return given


def _typed(field: Field, value: Any, *, iso: bool) -> Any:
    """The value as the driver wants it."""
    fits = {
        "text": isinstance(value, str), "json": isinstance(value, str), "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 if isinstance(value, int)
        else isinstance(value, float) and value.is_integer() and abs(value) < 2**53,
        "float": isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308,
        "date": isinstance(value, date | str),
    }[field.type]
    if not fits or (isinstance(value, str) and "\x00" in value):
        raise _unfit(field, value)
    if field.type in ("int", "float"):
        return int(value) if field.type == "int" else float(value)
    if field.type == "date":
        value = _day(field, value)
        return value.isoformat() if iso else value
    return value


def _day(field: Field, value: date | str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _unfit(field, value) from None


def _glob(pattern: str) -> str:
    """A LIKE pattern as GLOB, the comparison of SQLite that heeds case."""
    out, escaped = [], False
    for letter in pattern:
        if escaped or letter not in "%_\\":
            out.append(f"[{letter}]" if letter in "*?[" else letter)
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            out.append("*" if letter == "%" else "?")
    if escaped:
        raise _bad("样式以 \\ 结尾", "the pattern ends in a backslash")
    return "".join(out)


def _unfit(field: Field, value: Any) -> BadParameter:
    return _bad(f"“{value!r}”不是字段“{field.zh}”（{field.type}）的值", f"{value!r} is no value of {field.name} ({field.type})",
                field=field.name)


def _bad(zh: str, en: str, remedy_zh: str = "", remedy_en: str = "", **context: Any) -> BadParameter:
    return BadParameter(zh, en, remedy_zh=remedy_zh, remedy_en=remedy_en, **context)
