"""Refused rows as they are kept: each with its place, its reason in both languages, and everything it said."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store.schema import QUARANTINE
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


def quarantine_rows(frame: pd.DataFrame, checked: Checked, numbers: NDArray[np.int64]) -> Iterator[Rejected]:
    """Every fault of every refused row of a frame, row by row; `numbers` are the rows' numbers in their file, from 1."""
    positions = np.flatnonzero(checked.bad)
    if not positions.size:
        return
    texts = payloads(frame, positions)
    faults = sorted(((row, at) for at, fault in enumerate(checked.faults) for row in fault.rows.tolist()))
    for row, at in faults:
        fault = checked.faults[at]
        value = frame[fault.field].iloc[row] if fault.field in frame else None
        yield Rejected(int(numbers[row]), fault.field, _shown(value), fault.zh, fault.en, texts[row])


def release(connection: Connection, kind: Kind, source: str, mends: Collection[tuple[str, int]] | None) -> None:
    """Take entries out of quarantine before a load brings its own: those of its source, or just those that it mends."""
    mine = sa.delete(QUARANTINE).where(QUARANTINE.c.kind == kind.name)
    if mends is None:
        connection.execute(mine.where(QUARANTINE.c.file == source))
    elif mends:
        one = mine.where(QUARANTINE.c.file == sa.bindparam("of_file"), QUARANTINE.c.row == sa.bindparam("of_row"))
        connection.execute(one, [{"of_file": file, "of_row": row} for file, row in mends])


def _shown(value: Any) -> str | None:
    if isinstance(value, shapely.Geometry):
        value = shapely.to_wkt(value, rounding_precision=6)
    elif isinstance(value, bytes):
        value = shapely.to_wkt(shapely.from_wkb(value, on_invalid="ignore"), rounding_precision=6) or value.hex()
    elif not isinstance(value, list | dict | str) and pd.isna(value) is True:
        value = None
    return None if value is None else storable(str(value)[:200])
