"""Columns of any origin (Parquet, CSV text, Python objects) turned into the declared types, with the values that refuse.

Every function takes one column and returns the typed Arrow array (null where missing or refused) and a mask of the refused
values. All of it is vectorised; where a Python function must judge values, it judges each distinct value once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Coerced = tuple[pa.Array, Mask]

#: Largest whole number that a float column carries exactly.
_EXACT = 2.0**53

_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?$|^(\d{4})(\d{2})(\d{2})$")

_YES_NO: dict[Any, bool] = {
    True: True, False: False,
    **dict.fromkeys(("1", "true", "t", "yes", "y", "是", "有", "√"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "否", "无", "×"), False),
}

REFUSE = object()


def _by_value(values: pd.Series, judge: Callable[[Any], Any], type_: pa.DataType) -> Coerced:
    """Apply `judge` once to each distinct value; it returns the typed value or REFUSE."""
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    judged = [judge(value) for value in distinct]
    refused = np.array([*(value is REFUSE for value in judged), False], bool)
    typed = pa.array([*(None if value is REFUSE else value for value in judged), None], type=type_)
    codes = np.where(codes < 0, len(judged), codes)
    return typed.take(pa.array(codes)), refused[codes]


def _only_strings(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.StringDtype) or pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty")


def to_text(values: pd.Series) -> Coerced:
    """Text; an empty string is missing, whole numbers become digits, NUL characters are refused (PostgreSQL cannot hold them)."""
    try:
        if not _only_strings(values):
            raise pa.ArrowTypeError("not only strings")
        typed = pa.array(values, from_pandas=True)
        typed = typed.combine_chunks() if isinstance(typed, pa.ChunkedArray) else typed
        typed = typed.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return _by_value(values, _text_of, pa.string())
    typed = pc.if_else(pc.equal(typed, ""), pa.scalar(None, pa.string()), typed)
    refused = pc.fill_null(pc.match_substring(typed, "\x00"), False).to_numpy(zero_copy_only=False)
    return typed, refused


def _text_of(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or "\x00" in value:
        return REFUSE
    try:
        value.encode()
    except UnicodeEncodeError:
        return REFUSE
    return value or None


def to_float(values: pd.Series) -> Coerced:
    """Finite numbers; anything that is there and is none is refused."""
    numbers, missing, refused = _numbers(values)
    return pa.array(numbers, type=pa.float64(), mask=missing | refused), refused


def to_int(values: pd.Series) -> Coerced:
    """Whole numbers below 2^53 in size."""
    numbers, missing, refused = _numbers(values)
    refused = refused | ~missing & ((numbers != np.floor(numbers)) | (np.abs(numbers) > _EXACT))
    numbers = np.where(missing | refused, 0.0, numbers)
    return pa.array(numbers.astype(np.int64), mask=missing | refused), refused


def _numbers(values: pd.Series) -> tuple[NDArray[np.float64], Mask, Mask]:
    missing = values.isna().to_numpy(bool)
    if not pd.api.types.is_numeric_dtype(values.dtype):
        if values.dtype == object:  # objects of other kinds than numbers and text count as refused
            values = values.where(values.map(lambda value: isinstance(value, str | int | float | np.number)) | missing, "?")
        values = values.where(values.astype("str").str.strip() != "", None) if len(values) else values
        missing = values.isna().to_numpy(bool)
        values = pd.to_numeric(values, errors="coerce")
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    return numbers, missing, ~missing & ~np.isfinite(numbers)


def to_bool(values: pd.Series) -> Coerced:
    """Booleans, 0/1, and the usual words in both languages (是/否, 有/无, true/false, yes/no)."""
    if values.dtype == bool:
        return pa.array(values.to_numpy()), np.zeros(len(values), bool)
    return _by_value(values, _bool_of, pa.bool_())


def _bool_of(value: Any) -> Any:
    if isinstance(value, str):
        word = value.strip().lower()
        return _YES_NO.get(word, REFUSE) if word else None
    try:
        return _YES_NO.get(value, REFUSE)
    except TypeError:
        return REFUSE


def to_date(values: pd.Series) -> Coerced:
    """Dates: date and time objects (cut to the day), ``2026-01-31``, ``2026/1/31``, ``2026年1月31日``, ``20260131``."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = values.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
        return pa.array(days), np.zeros(len(values), bool)
    return _by_value(values, _date_of, pa.date32())


def _date_of(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return REFUSE
    if not value.strip():
        return None
    match = _DATE.match(value.strip())
    try:
        return date(*(int(part) for part in match.groups() if part is not None)) if match else REFUSE
    except ValueError:
        return REFUSE


def to_json(values: pd.Series) -> Coerced:
    """JSON text, checked; lists, dictionaries and other Python objects are written as JSON first."""
    if not _only_strings(values):
        values = pd.Series([_json_text(value) for value in values], dtype=object)
    return _by_value(values, _json_of, pa.string())


def _json_text(value: Any) -> Any:
    if value is None or isinstance(value, str) or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None if not isinstance(value, str) else value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)  # is no JSON, so the check refuses it and the quarantine shows it


def _json_of(text: str) -> Any:
    if not text.strip():
        return None
    try:
        json.loads(text, parse_constant=_no_constant)
        text.encode()
    except (ValueError, RecursionError):
        return REFUSE
    return REFUSE if "\x00" in text or "\\u0000" in text else text


def _no_constant(name: str) -> None:
    raise ValueError(name)


def to_geometry(values: pd.Series) -> tuple[NDArray[np.object_], Mask]:
    """Two-dimensional Shapely geometries from geometries, WKB bytes or hexadecimal WKB; None where missing or refused."""
    raw = np.array(values, dtype=object)
    missing = np.asarray(pd.isna(raw), bool)
    raw[missing] = None
    encoded = np.array([isinstance(value, bytes | str) for value in raw], bool)
    shapes = raw.copy()
    shapes[encoded] = None
    refused = ~missing & ~encoded & ~shapely.is_geometry(shapes)
    shapes[refused] = None
    if encoded.any():
        shapes[encoded] = shapely.from_wkb(raw[encoded], on_invalid="ignore")
    refused |= encoded & shapely.is_missing(shapes)
    with_z = shapely.has_z(shapes)
    shapes[with_z] = shapely.force_2d(shapes[with_z])
    return shapes, refused


COERCE: dict[str, Callable[[pd.Series], Coerced]] = {
    "text": to_text, "int": to_int, "float": to_float, "bool": to_bool, "date": to_date, "json": to_json,
}
