"""Refused rows as they are kept: each with its place, its reason in both languages, and everything it said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.store.validate import Checked, payloads, storable

QUARANTINE_COLUMNS = ("kind", "file", "row", "field", "value", "reason_zh", "reason_en", "payload")


@dataclass(frozen=True)
class Rejected:
    """One fault of one row.

    Attributes
    ----------
    row : int
        Row of data in the file, counted from 1 (a frame with whole numbers as index counts by them, else by position).
    field : str
        Field that is wrong, ``geometry``, or empty for the row as a whole.
    value : str or None
        What stood there.
    reason_zh, reason_en : str
        What is wrong with it.
    payload : str
        The whole row as JSON (or as the line of the file), for mending and loading again.
    """

    row: int
    field: str
    value: str | None
    reason_zh: str
    reason_en: str
    payload: str


def quarantine_rows(frame: pd.DataFrame, checked: Checked) -> Iterator[Rejected]:
    """Every fault of every refused row of a frame."""
    positions = np.flatnonzero(checked.bad)
    if not positions.size:
        return
    texts = payloads(frame, positions)
    labels = frame.index.to_numpy() if pd.api.types.is_integer_dtype(frame.index.dtype) else np.arange(len(frame))
    for fault in checked.faults:
        values = frame[fault.field].iloc[fault.rows].tolist() if fault.field in frame else [None] * len(fault.rows)
        for row, value in zip(fault.rows.tolist(), values, strict=True):
            yield Rejected(int(labels[row]) + 1, fault.field, _shown(value), fault.zh, fault.en, texts[row])


def _shown(value: Any) -> str | None:
    if isinstance(value, shapely.Geometry):
        value = shapely.to_wkt(value, rounding_precision=6)
    elif isinstance(value, bytes):
        value = shapely.to_wkt(shapely.from_wkb(value, on_invalid="ignore"), rounding_precision=6) or value.hex()
    elif not isinstance(value, list | dict | str) and pd.isna(value) is True:
        value = None
    return None if value is None else storable(str(value)[:200])
