"""Named profiles of LEC and LS: which classes the factors may have, and from which D or R a colour begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.parameters.load import Parameters


@dataclass(frozen=True)
class Profile:
    """One method's cut-offs.

    Attributes
    ----------
    method, name : str
        LEC or LS, and the profile's name.
    bands : tuple of float
        Lower bounds of 红, 橙 and 黄 in D or R.
    inclusive : bool
        Whether a bound itself belongs to the higher level.
    classes : dict of str to tuple of float
        Allowed values of ``l``, ``e``, ``c`` (LEC) or ``l``, ``s`` (LS).

    Examples
    --------
    >>> strict = Profile("LS", "own", (15.0, 8.0, 4.0), True, {"l": (1.0, 2.0), "s": (1.0, 2.0)})
    >>> strict.level([16.0, 8.0, 3.0]).tolist(), strict.allows("l", [1.0, 1.5]).tolist()
    ([1, 2, 4], [True, False])
    """

    method: str
    name: str
    bands: tuple[float, float, float]
    inclusive: bool
    classes: dict[str, tuple[float, ...]]

    def level(self, d: ArrayLike) -> NDArray[np.int8]:
        """Level 1 红 … 4 蓝 of D or R; 0 where it is missing.

        Examples
        --------
        >>> from riskmodel.parameters.load import load_parameters
        >>> lec(load_parameters()).level([540.0, 320.0, 90.0, 42.0, float("nan")]).tolist()
        [1, 2, 3, 4, 0]
        """
        value = np.asarray(d, np.float64)[..., None]
        bounds = np.asarray(self.bands)
        above = value >= bounds if self.inclusive else value > bounds
        return np.where(np.isnan(value[..., 0]), 0, 4 - above.sum(axis=-1)).astype(np.int8)

    def allows(self, factor: str, values: ArrayLike) -> NDArray[np.bool_]:
        """Whether values of a factor are classes of this profile."""
        return np.isin(np.asarray(values, np.float64), self.classes[factor])


def lec(parameters: Parameters, name: str | None = None) -> Profile:
    """A profile of LEC, ``D = L·E·C`` (Graham and Kinney 1971); the default one without a name.

    Raises
    ------
    UnknownIdentifier
        If there is no such profile.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> default = lec(parameters())
    >>> default.bands, default.classes["e"]
    ((320.0, 160.0, 70.0), (10.0, 6.0, 3.0, 2.0, 1.0, 0.5))
    """
    name = name or str(parameters.entry("profiles.default.lec").value)
    table = _table(parameters, "lec", name)
    classes = {factor: tuple(float(value) for value in table[factor]) for factor in ("l", "e", "c")}
    return Profile("LEC", name, _bands(table), bool(table["inclusive"]), classes)


def ls(parameters: Parameters, name: str | None = None) -> Profile:
    """A profile of the LS matrix, ``R = L·S``; the default one without a name. Bounds belong to the higher level.

    Raises
    ------
    UnknownIdentifier
        If there is no such profile.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> [int(ls(load_parameters(), name).level(12)) for name in "ABCD"]
    [3, 2, 2, 1]
    """
    name = name or str(parameters.entry("profiles.default.ls").value)
    table = _table(parameters, "ls", name)
    classes = tuple(float(value) for value in range(1, int(table["most"]) + 1))
    return Profile("LS", name, _bands(table), True, {"l": classes, "s": classes})


def levels(frame: pd.DataFrame, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """D or R and the usual level of every row of `risk_source` by the profile that it names, else by the default one.

    Parameters
    ----------
    frame : DataFrame
        Columns method, l, e, c, s and, where present, profile. Other methods than LEC and LS get NaN and 0.

    Raises
    ------
    UnknownIdentifier
        If a row names a profile that its method does not have.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> rows = pd.DataFrame({"method": ["LEC", "LS", "LS"], "l": [3, 3, 3], "e": [6, None, None], "c": [15, None, None],
    ...                      "s": [None, 4, 4], "profile": [None, None, "B"]})
    >>> found, level = levels(rows, load_parameters())
    >>> found.tolist(), level.tolist()
    ([270.0, 12.0, 12.0], [2, 3, 2])
    """
    value, level = np.full(len(frame), np.nan), np.zeros(len(frame), np.int8)
    method = frame["method"].to_numpy(object)
    named: NDArray[Any] = frame["profile"].to_numpy(object) if "profile" in frame else np.full(len(frame), None, object)
    named = np.where(pd.notna(named), named, "")
    for kind, factors, of in (("LEC", ("l", "e", "c"), lec), ("LS", ("l", "s"), ls)):
        mine = method == kind
        for name in sorted(set(named[mine])):
            chosen = mine & (named == name)
            numbers = [pd.to_numeric(frame[factor]).to_numpy(np.float64, na_value=np.nan)[chosen] for factor in factors]
            value[chosen] = np.prod(numbers, axis=0)
            level[chosen] = of(parameters, name or None).level(value[chosen])
    return value, level


def names(parameters: Parameters, method: str) -> tuple[str, ...]:
    """Names of the profiles of a method (lec or ls).

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> names(parameters(), "ls")
    ('A', 'B', 'C', 'D')
    """
    prefix = f"profiles.{method}."
    return tuple(name.removeprefix(prefix) for name in parameters.values if name.startswith(prefix))


def _table(parameters: Parameters, method: str, name: str) -> dict[str, Any]:
    known = names(parameters, method)
    if name not in known:
        raise UnknownIdentifier(
            f"{method.upper()} 没有名为“{name}”的取值标准", f"there is no {method.upper()} profile {name!r}",
            remedy_zh=f"可用：{'、'.join(known)}", remedy_en=f"Known: {', '.join(known)}", profile=name,
        )
    return parameters.table(f"profiles.{method}.{name}")


def _bands(table: dict[str, Any]) -> tuple[float, float, float]:
    red, orange, yellow = (float(bound) for bound in table["bands"])
    return red, orange, yellow
