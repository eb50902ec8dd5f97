"""Values as ledgers write them, turned into what the declaration accepts: words, numbers with units, dates, spreadsheet serials.

Only what fails as it stands is looked at, and each distinct value once; what still means nothing stays as it is, so that the
quarantine shows what stood in the file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.ingest.units import is_unit
from geo.ingest.words import values as words_of
from geo.kinds import Field, Kind

#: What stands where nothing is known.
_NOTHING = frozenset({"null", "none", "nan", "n/a", "na", "#n/a", "#value!", "#ref!", "\\n", "-", "--", "—", "——", "/", "\\",
                      "nil", "无数据",
                      "不详", "未知", "暂无"})
_NOTHING_TEXT = frozenset({"NULL", "null", "NaN", "nan", "None", "#N/A", "\\N"})

_NUMBER = re.compile(r"^([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:e[+-]?\d+)?)\s*(\D*)$", re.IGNORECASE)
_DAY = re.compile(r"^(\d{4})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})日?(?:[ T].*)?$|^(\d{4})(\d{2})(\d{2})$")

#: Serial numbers of spreadsheets that count as days: 1954 to 2064.
_SERIALS = (20_000, 60_000)

#: Fields whose text is a code: blanks and full-width forms go, letters become capitals.
_CODES = frozenset({"credit_code", "industry_code", "cas", "area_code", "code", "parent"})


def normalise(kind: Kind, name: str, column: pd.Series, *, factor: float = 1.0,
              words: Mapping[str, Any] | None = None) -> pd.Series:
    """One column as its field wants it.

    Parameters
    ----------
    name : str
        Declared field.
    column : Series
        Values as in the file.
    factor : float
        What numbers are multiplied by (unit of the heading over declared unit).
    words : mapping, optional
        Allowed value by word, of a saved mapping; goes before the built-in table.
    """
    field = kind.field(name)
    if words:
        column = _by_value(column, lambda value: words.get(str(value), value))
    if field.type in ("int", "float"):
        column = _numbers(field, column)
        return _scaled(column, factor) if factor != 1.0 else column
    if not _textual(column):
        return column
    if field.type == "bool" or field.choices:
        table = words_of(kind, field)
        return _by_value(column, lambda value: _word(table, field, value))
    if field.type == "date":
        return _by_value(column, _day)
    if field.type == "json":
        return _by_value(column, lambda value: _listed(field, value))
    return _codes(column) if name in _CODES else _text(column)


def _textual(column: pd.Series) -> bool:
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


def _by_value(column: pd.Series, judge: Callable[[Any], Any]) -> pd.Series:
    """Apply `judge` to each distinct value; the column itself where nothing changes."""
    try:
        codes, distinct = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and dictionaries
        return column.map(judge, na_action="ignore")
    judged = [judge(value) for value in distinct]
    if all(new is old or (new == old and type(new) is type(old)) for new, old in zip(judged, distinct, strict=True)):
        return column
    only_text = all(value is None or isinstance(value, str) for value in judged)
    typed = pd.array([*judged, None], dtype="str") if only_text else np.array([*judged, None], object)
    return pd.Series(typed[codes], index=column.index)


def _word(table: Mapping[str, Any], field: Field, value: Any) -> Any:
    if not isinstance(value, str) or value in field.choices:
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    for form in (text, text.lower(), re.sub(r"[\s（）()]", "", text).lower()):
        if form in table:
            return table[form]
    if field.name == "industry" and re.match(r"^[A-Ta-t](\d{2,4})?$", text):
        return text[0].upper()
    return None if text.lower() in _NOTHING else value


def _numbers(field: Field, column: pd.Series) -> pd.Series:
    if not _textual(column):
        return column
    if isinstance(column.dtype, pd.StringDtype):
        try:
            pc.cast(pa.array(column, from_pandas=True), pa.float64())
            return column
        except pa.ArrowInvalid:
            pass
    return _by_value(column, lambda value: _number(field, value))


def _number(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    if text.lower() in _NOTHING:
        return None
    match = _NUMBER.match(text)
    if match is None or not match[1] or (match[2] and not is_unit(match[2], field.unit)):
        return value
    return match[1].replace(",", "")


def _scaled(column: pd.Series, factor: float) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    scaled = numbers * factor
    whole = np.round(scaled)
    scaled = np.where(np.abs(scaled - whole) < 1e-9 * np.maximum(np.abs(whole), 1.0), whole, scaled)  # 0.3 × 10 is 3
    unread = np.isnan(numbers) & column.notna().to_numpy()
    return pd.Series(np.where(unread, column.to_numpy(object), scaled) if unread.any() else scaled, index=column.index)


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    if text.lower() in _NOTHING:
        return None
    match = _DAY.match(text)
    try:
        if match:
            return date(*(int(part) for part in match.groups() if part is not None)).isoformat()
        serial = float(text)
    except ValueError:
        return value
    # Day 1 of spreadsheets is 1900-01-01, and they believe that 1900 had a 29 February.
    return (date(1899, 12, 30) + timedelta(int(serial))).isoformat() if _SERIALS[0] <= serial <= _SERIALS[1] else value


def _listed(field: Field, value: Any) -> Any:
    """JSON stays; a list of field names may be written with commas."""
    if field.name == "assumed" and isinstance(value, str) and not value.lstrip().startswith(("[", "{", '"')):
        names = [name.strip() for name in re.split(r"[,，、;；]", value) if name.strip()]
        return '["' + '", "'.join(names) + '"]'
    return value


def _codes(column: pd.Series) -> pd.Series:
    """Codes; only those with other than capitals and digits are looked at."""
    if not isinstance(column.dtype, pd.StringDtype):
        return _by_value(column, _code)
    odd = ~pc.fill_null(pc.match_substring_regex(pa.array(column, from_pandas=True), r"^[0-9A-Z]+$"),
                        True).to_numpy(zero_copy_only=False)
    if not odd.any():
        return column
    column = column.copy()
    column[odd] = _by_value(column[odd], _code)
    return column


def _code(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = re.sub(r"[\s\-]" if value.count("-") != 2 else r"\s", "", unicodedata.normalize("NFKC", value)).upper()
    return None if text in _NOTHING_CODE else text


_NOTHING_CODE = frozenset({"", "NULL", "NONE", "NAN", "N/A", "#N/A", "\\N", "/", "—", "无"})


def _text(column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, pd.StringDtype):
        return column
    nothing = column.isin(_NOTHING_TEXT)
    return column.mask(nothing) if nothing.any() else column
