"""Safety capacity (安全容量): how many more people, units or tonnes before a limit is reached.

Closed forms where the model is linear (people at a place, identical units); bisection for tonnes, because the reach of an
accident grows with its mass and a closed form would be wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter
from riskmodel.parameters.load import Parameters
from riskmodel.protection import GENERAL, limits

Array = NDArray[np.float64]


def people(risk: ArrayLike, limit: ArrayLike, per_person: ArrayLike) -> Array:
    """People that a place can still take: ``(limit − risk) / per_person``, never below 0.

    Parameters
    ----------
    risk, limit : array_like
        Expected deaths per year there now, and the limit.
    per_person : array_like
        Expected deaths per year that one more person there adds, ``Σ f · v_soc · e``; 0: no accident reaches the place, and the
        capacity is without bound.

    Raises
    ------
    BadParameter
        If one person adds less than nothing.

    Examples
    --------
    >>> people([2e-3, 2e-2, 1e-3], 1e-2, [1e-6, 1e-6, 0.0]).round(1).tolist()
    [8000.0, 0.0, inf]
    """
    room, one = np.maximum(np.asarray(limit, np.float64) - np.asarray(risk, np.float64), 0.0), np.asarray(per_person, np.float64)
    if np.any(~(one >= 0)):
        raise BadParameter("每增加一人的风险 per_person 必须不小于零", "the risk that one person adds must not be negative")
    room, one = np.broadcast_arrays(room, one)
    return np.divide(room, one, out=np.where(room > 0, np.inf, 0.0), where=one > 0)


def units(risk: ArrayLike, limit: ArrayLike, per_unit: ArrayLike) -> NDArray[np.int64]:
    """Identical units that may still be added: the whole part of ``(limit − risk) / per_unit``; −1 for any number.

    Examples
    --------
    >>> units(2e-3, 1e-2, [3e-3, 0.0]).tolist()
    [2, -1]
    """
    room = people(risk, limit, per_unit)
    return np.where(np.isinf(room), -1, np.floor(np.where(np.isinf(room), 0, room) * (1 + 1e-12))).astype(np.int64)


def residents_by_class(individual_risk: ArrayLike, parameters: Parameters, *, new: bool = False) -> Array:
    """Residents that may live together at a place with this individual risk (GB 36894-2018).

    Their number sets the class of the dwellings, the class the limit: where 三类 may stand but 二类 may not, 29 people are the
    most; where 二类 may, 99; where 一类 may, any number; else none.

    Parameters
    ----------
    individual_risk : array_like
        Per year, of the hazardous-chemical scope.
    parameters : Parameters
    new : bool
        Limits of new installations instead of those in service.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> residents_by_class([1e-6, 5e-6, 2e-5, 1e-4], load_parameters()).tolist()
    [inf, 99.0, 29.0, 0.0]
    """
    bounds = limits(list(GENERAL), parameters)[1 if new else 0]
    largest, middle = parameters.table("protection.general.住宅")["people"]
    ir = np.asarray(individual_risk, np.float64)
    return np.select([ir <= bounds[0], ir <= bounds[1], ir <= bounds[2]], [np.inf, largest - 1.0, middle - 1.0], default=0.0)


def tonnes(risk_of: Callable[[float], float], limit: float, *, most: float, least: float = 1e-3, steps: int = 80) -> float:
    """Largest mass, t, whose risk stays within `limit`, by bisection.

    Parameters
    ----------
    risk_of : callable
        Risk of a mass in t: individual risk at the nearest target, or expected deaths; it must not fall with mass.
    limit : float
        In the unit of `risk_of`.
    most, least : float
        Search bounds, t.
    steps : int
        Halvings on a logarithmic scale.

    Returns
    -------
    float
        `most` where even that is within the limit, 0 where not even `least` is.

    Raises
    ------
    BadParameter
        If the bounds are not 0 < least < most, or the risk at `most` is below that at `least`.

    Examples
    --------
    >>> round(tonnes(lambda t: 1e-6 * t ** (2 / 3), 4e-6, most=1000.0), 6)
    8.0
    """
    if not 0 < least < most:
        raise BadParameter(f"质量范围 {least}–{most} t 无效", f"mass bounds {least}–{most} t are invalid", least=least, most=most)
    low, high = risk_of(least), risk_of(most)
    if high < low:
        raise BadParameter("风险随质量下降，无法求安全容量", "the risk falls with mass: there is no capacity to find")
    if low > limit:
        return 0.0
    if high <= limit:
        return most
    small, large = least, most
    for _ in range(steps):
        middle = float(np.sqrt(small * large))
        small, large = (middle, large) if risk_of(middle) <= limit else (small, middle)
    return small
