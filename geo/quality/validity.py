"""What cannot be true of a row of any kind: placeholders for names, dates out of order, units that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from geo.quality.plausibility import plausibility
from geo.quality.rows import Context, Found, Ints, Rows, Units, judged, with_value

#: Dates that lie in the future only by mistake, and pairs that must follow each other.
_PAST = ("updated_at", "last_inspection", "found", "closed", "occurred")
_ORDERED = (("found", "due"), ("found", "closed"), ("valid_from", "valid_to"))


def owners(rows: Rows, units: Units | None) -> Ints:
    """Row of the unit that each row names; −1 where it names none, −2 where there is no such unit."""
    if units is None or "enterprise_id" not in rows:
        return np.full(len(rows), -1, np.int64)
    found = pc.index_in(rows.array("enterprise_id"), value_set=units.ids)
    place = pc.fill_null(found, -2).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(rows.filled("enterprise_id"), place, -1)


def validity(rows: Rows, context: Context, owner: Ints) -> Iterator[Found]:
    """All findings about the values of one kind's rows."""
    yield from _placeholders(rows, context)
    yield from _dates(rows, context)
    orphans = np.flatnonzero(owner == -2)
    if orphans.size:
        yield Found("V-ORPHAN", orphans, value=rows.texts("enterprise_id", orphans))
    yield from plausibility(rows, context, owner)


def _placeholders(rows: Rows, context: Context) -> Iterator[Found]:
    nothing = context.rules.names.placeholders
    for name in context.rules.names.tested:
        if name in rows:
            wrong = judged(rows.array(name), lambda text: is_placeholder(text, nothing))
            yield from with_value("V-NAME", wrong, rows, name, other=name)


def is_placeholder(text: str, known: frozenset[str]) -> bool:
    r"""Whether a text is filled in and says nothing: a known placeholder, at most two digits, signs, or broken characters.

    Examples
    --------
    >>> [is_placeholder(text, frozenset({"无"})) for text in (" 无 ", "3", "???", "东风厂\ufffd", "17 号院", "")]
    [True, True, True, True, False, False]
    """
    plain = text.strip().lower()
    if not plain:
        return False
    kept = [sign for sign in plain if sign.isalnum()]
    return plain in known or "\ufffd" in plain or not kept or (len(kept) <= 2 and all(sign.isdigit() for sign in kept))


def _dates(rows: Rows, context: Context) -> Iterator[Found]:
    today = np.datetime64(context.as_of, "D")
    earliest = np.datetime64(f"{context.limit('earliest_year'):.0f}-01-01", "D")
    dates = [field.name for field in rows.kind.all_fields if field.type == "date" and field.name in rows]
    days = {name: rows.days(name) for name in dates if rows.array(name).null_count < len(rows)}
    for name, values in days.items():
        if name in _PAST:
            yield from with_value("V-FUTURE", values > today, rows, name, other=name)
        yield from with_value("V-ANCIENT", values < earliest, rows, name, other=name)
    for first, second in _ORDERED:
        if first in days and second in days:
            places = np.flatnonzero(days[second] < days[first])
            if places.size:
                yield Found("V-ORDER", places, value=f"{second} before {first}")
