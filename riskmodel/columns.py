"""Reading columns of the model's frames: a missing flag is False, a missing number NaN, a text is looked up in a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UnknownIdentifier


def known(column: pd.Series, table: Mapping[str, object], what_zh: str, what: str) -> None:
    """Check that every text of a column is in the table.

    Raises
    ------
    UnknownIdentifier
        If one is not, or is missing: never zero risk.

    Examples
    --------
    >>> try: known(pd.Series(["crane", "tram"]), {"crane": 1.0}, "设备类型", "equipment type")
    ... except UnknownIdentifier as error: print(error.zh)
    没有设备类型“tram”的参数
    """
    for word in column.unique():
        if word not in table:
            raise UnknownIdentifier(f"没有{what_zh}“{word}”的参数", f"no parameters for {what} {word!r}", name=str(word))


def flags(column: pd.Series) -> NDArray[np.bool_]:
    """A column of booleans of any dtype; missing is False.

    Examples
    --------
    >>> flags(pd.Series([True, None, False], dtype="object")).tolist()
    [True, False, False]
    """
    return np.asarray(column.fillna(False).astype(bool), bool)


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """A column of numbers of any dtype; missing is NaN.

    Examples
    --------
    >>> numbers(pd.Series([3, None], dtype="Int64")).tolist()
    [3.0, nan]
    """
    return np.asarray(column.astype(np.float64), np.float64)


def looked_up(column: pd.Series, table: Mapping[str, float], default: float = np.nan) -> NDArray[np.float64]:
    """The table's number for every text; `default` where the text is missing or not in the table.

    Examples
    --------
    >>> looked_up(pd.Series(["a", None, "b"]), {"a": 1.0}, 0.5).tolist()
    [1.0, 0.5, 0.5]
    """
    codes, words = pd.factorize(column)
    values = np.array([float(table.get(word, default)) for word in words] + [default])
    return np.asarray(values[codes])
