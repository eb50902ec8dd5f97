"""What counts say: the completeness that a city reports, shares, the score. Plain numbers, for whoever only reads."""

from __future__ import annotations

from collections.abc import Mapping

#: Parts of the score, in the order of its formula.
SCORE_PARTS = ("fill", "valid", "fresh", "single", "placed")

#: Counted columns of the summary, all of which add up: rows in the store; refused rows; complete rows; complete rows none of
#: whose core values is an assumption; sum of fill rates; valid rows; rows with a date of update; fresh rows; rows that are
#: there a second time; rows in a wrong place; rows with an assumed value; generated rows.
COUNTS = ("rows", "quarantined", "complete", "observed", "fill", "valid", "dated", "fresh", "duplicated", "misplaced", "assumed",
          "synthetic")


def completeness(counts: Mapping[str, float]) -> float | None:
    """The completeness that a city reports (完整率): rows with every required and core field over all rows handed in.

    ``complete / (rows + quarantined)``; None without rows.

    Examples
    --------
    >>> completeness({"complete": 972, "rows": 990, "quarantined": 10})
    0.972
    """
    handed_in = counts["rows"] + counts["quarantined"]
    return counts["complete"] / handed_in if handed_in else None


def ratios(counts: Mapping[str, float]) -> dict[str, float | None]:
    """Shares of all rows handed in: complete, observed, fill, valid, fresh, duplicated, misplaced, assumed, quarantined."""
    handed_in = counts["rows"] + counts["quarantined"]
    names = ("complete", "observed", "fill", "valid", "fresh", "duplicated", "misplaced", "assumed", "quarantined")
    return {name: counts[name] / handed_in if handed_in else None for name in names}


def score(counts: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    """Score 0–100 of counts, that may be sums over anything; None without rows.

    ``100 · Σ w·part / (rows + quarantined)`` with the parts fill, valid, fresh, rows − duplicated, rows − misplaced: a refused
    row is none of these.

    Examples
    --------
    >>> whole = {"rows": 8, "quarantined": 2, "fill": 8, "valid": 8, "fresh": 8, "duplicated": 0, "misplaced": 0}
    >>> score(whole, {"fill": 0.4, "valid": 0.2, "fresh": 0.2, "single": 0.1, "placed": 0.1})
    80.0
    """
    handed_in = counts["rows"] + counts["quarantined"]
    if not handed_in:
        return None
    parts = (counts["fill"], counts["valid"], counts["fresh"], counts["rows"] - counts["duplicated"],
             counts["rows"] - counts["misplaced"])
    return round(100.0 * sum(weights[name] * part for name, part in zip(SCORE_PARTS, parts, strict=True)) / handed_in, 10)
