"""Inputs that cannot be: refused with the quantity's name, before they become a number that looks like a result."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geo.errors import BadParameter


def within(name: str, values: ArrayLike, low: float, high: float, unit: str = "", *, above: bool = False) -> None:
    """Refuse values that are no numbers or leave the bounds.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like
    low, high : float
        Inclusive bounds: wide enough for anything real, narrow enough to catch another unit (°C for K, g for kg, bar for Pa).
    unit : str
        Unit that the bounds are in.
    above : bool
        The lower bound itself is refused.

    Raises
    ------
    BadParameter
        Naming the argument, the first wrong value, and the bounds with their unit.

    Examples
    --------
    >>> within("temperature", -34.0, 20.0, 3000.0, "K")
    Traceback (most recent call last):
    ...
    geo.errors.BadParameter: temperature = -34 不在 20–3000 K 之内
    """
    v = np.asarray(values, np.float64)
    good = (v > low if above else v >= low) & (v <= high)
    if not np.all(good):
        wrong = float(v[~good].flat[0]) if v.ndim else float(v)
        raise BadParameter(
            f"{name} = {wrong:g} 不在 {low:g}–{high:g} {unit}".rstrip() + " 之内",
            f"{name} = {wrong:g} is outside {low:g}–{high:g} {unit}".rstrip(),
            remedy_zh="请检查数值与单位。", remedy_en="Check the value and its unit.", name=name, value=wrong,
        )


def positive(**values: ArrayLike) -> None:
    """Refuse values that are not numbers above zero.

    Raises
    ------
    BadParameter
        Naming the first argument that is.

    Examples
    --------
    >>> positive(rate=1.0, mass=[2.0, 3.0])
    >>> try: positive(rate=1.0, mass=[2.0, 0.0])
    ... except BadParameter as error: print(error.en)
    mass = 0 is outside 0–1e+15
    """
    for name, value in values.items():
        within(name, value, 0.0, 1e15, above=True)


def not_negative(**values: ArrayLike) -> None:
    """Refuse values that are not numbers from zero up.

    Raises
    ------
    BadParameter
        Naming the first argument that is.

    Examples
    --------
    >>> not_negative(distance=[0.0, 10.0])
    >>> try: not_negative(distance=[-5.0, 10.0])
    ... except BadParameter as error: print(error.zh)
    distance = -5 不在 0–1e+15 之内
    """
    for name, value in values.items():
        within(name, value, 0.0, 1e15)
