"""Columns of a snapshot as tile properties: distinct values encoded once, per tile only those that occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layers.vector.encoder import Attribute, encode_value


class TextProperty:
    """A text column; encoded when a tile first needs a value.

    Parameters
    ----------
    key : str
    values : sequence of str or None
    """

    def __init__(self, key: str, values: Sequence[str | None]) -> None:
        self.key = key
        distinct: dict[str, int] = {}
        self._code = np.array([-1 if value is None else distinct.setdefault(value, len(distinct)) for value in values], np.int64)
        self._pool = _Encoded(list(distinct))

    def of(self, rows: NDArray[np.int64]) -> Attribute:
        """The property of some rows."""
        return Attribute(self.key, self._code[rows], self._pool)


class _Encoded(Sequence[bytes]):
    """Texts that are encoded when they are asked for."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # Sequence overloads slices, which nothing here asks for
        return encode_value(self._texts[place])


def whole(key: str, values: ArrayLike) -> Attribute:
    """Whole numbers as a property; negative numbers stand for nothing."""
    numbers = np.asarray(values, np.int64)
    distinct, code = np.unique(numbers, return_inverse=True)
    pool = [encode_value(int(value)) for value in distinct.tolist()]
    return Attribute(key, np.where(numbers < 0, -1, code), pool)


def yes(key: str, values: ArrayLike) -> Attribute:
    """A mark that only those carry for which it holds."""
    return Attribute(key, np.where(np.asarray(values, bool), 0, -1), [encode_value(True)])


def measured(key: str, values: ArrayLike, digits: int = 3) -> Attribute:
    """Measurements to some significant digits as a property; NaN stands for nothing."""
    numbers = significant(np.asarray(values, np.float64), digits)
    there = ~np.isnan(numbers)
    distinct, code = np.unique(numbers[there], return_inverse=True)
    codes = np.full(len(numbers), -1, np.int64)
    codes[there] = code
    return Attribute(key, codes, [encode_value(float(value)) for value in distinct.tolist()])


def significant(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Numbers rounded to significant digits.

    Examples
    --------
    >>> significant(np.array([0.0012345, 1234.5, 0.0]), 3).tolist()
    [0.00123, 1230.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(values == 0, 0, np.floor(np.log10(np.abs(values))))
    scale = 10.0 ** (digits - 1 - np.nan_to_num(exponent))
    return np.asarray(np.rint(values * scale) / scale)
