"""Explosives and fireworks: TNT equivalent, blast by scaled distance, fireball of propellants.

Blast: C. N. Kingery and G. Bulmash, ARBRL-TR-02555 (1984), hemispherical surface burst, in the fit of M. M. Swisdak, *Simplified
Kingery Airblast Calculations* (1994). The Chinese law of GB 6722 and GB 50089 is
:func:`riskmodel.consequence.explosion.gb6722`; it gives more beyond 10 m/kg^(1/3).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.consequence.checks import not_negative, positive
from riskmodel.consequence.explosion import swisdak

Array = NDArray[np.float64]

#: Nearest scaled distance of the fit, m/kg^(1/3); it holds up to 158.7.
NEAREST = 0.2

#: Heats of explosion, J/kg (Chinese 安全评价 practice).
HEAT_OF_EXPLOSION: Mapping[str, float] = MappingProxyType({
    "TNT": 4.52e6, "硝化甘油": 6.70e6, "黑索今": 5.63e6, "PETN": 5.80e6, "B炸药": 5.19e6, "C-4": 4.87e6, "苦味酸": 4.18e6,
    "HMX": 5.68e6, "特屈儿": 4.52e6, "雷汞": 1.79e6, "叠氮化铅": 1.54e6, "叠氮化银": 1.89e6,
})

# Incident impulse: upper end of Z and A … E of ln(i / W^(1/3)) in kPa·ms/kg^(1/3).
_IMPULSE = (
    (0.96, (5.522, 1.117, 0.600, -0.292, -0.087)), (2.38, (5.465, -0.308, -1.464, 1.362, -0.432)),
    (33.7, (5.2749, -0.4677, -0.2499, 0.0588, -0.00554)), (np.inf, (5.9825, -1.062, 0.0, 0.0, 0.0)),
)


def tnt_equivalent(mass: ArrayLike, explosive: str, *, tnt: float = 4.52e6) -> Array:
    """TNT equivalent, kg, by the ratio of heats of explosion.

    Raises
    ------
    UnknownIdentifier
        If the explosive is not in :data:`HEAT_OF_EXPLOSION`.

    Examples
    --------
    >>> round(float(tnt_equivalent(100.0, "黑索今")), 1)
    124.6
    """
    if explosive not in HEAT_OF_EXPLOSION:
        raise UnknownIdentifier(f"没有炸药“{explosive}”的爆热", f"no heat of explosion for {explosive!r}",
                                remedy_zh=f"可用：{'、'.join(HEAT_OF_EXPLOSION)}",
                                remedy_en=f"Known: {', '.join(HEAT_OF_EXPLOSION)}")
    return np.asarray(np.asarray(mass, np.float64) * HEAT_OF_EXPLOSION[explosive] / tnt)


def overpressure(distance: ArrayLike, tnt: ArrayLike) -> Array:
    """Incident overpressure, Pa, `distance` m from `tnt` kg on the ground; nearer than 0.2 m/kg^(1/3) as there.

    Examples
    --------
    >>> round(float(overpressure(500.0, 10_000.0)) / 1e3, 3)
    5.055
    """
    return np.asarray(1e3 * swisdak(_scaled(distance, tnt)))


def impulse(distance: ArrayLike, tnt: ArrayLike) -> Array:
    """Incident impulse, Pa·s, `distance` m from `tnt` kg on the ground.

    Examples
    --------
    >>> round(float(impulse(500.0, 10_000.0)), 1)
    295.9
    """
    Z = _scaled(distance, tnt)
    n = np.log(Z)
    value = np.zeros_like(n)
    start = 0.0
    for end, (a, b, c, d, e) in _IMPULSE:
        value = np.where((start < Z) & (end >= Z), a + n * (b + n * (c + n * (d + n * e))), value)
        start = end
    return np.asarray(np.exp(value) * np.cbrt(np.asarray(tnt, np.float64)))


def _scaled(distance: ArrayLike, tnt: ArrayLike) -> Array:
    not_negative(distance=distance)
    positive(tnt=tnt)
    return np.maximum(np.asarray(distance, np.float64) / np.cbrt(np.asarray(tnt, np.float64)), NEAREST)


def propellant_fireball(mass: ArrayLike) -> tuple[Array, Array]:
    """Radius, m, and duration, s, of the fireball of burning propellant (division 1.3, fireworks in a mass).

    ``D = 3.76 M^0.325``, ``t = 0.258 M^0.349`` (Gayle and Bransford 1965, NASA TM X-53314).

    Examples
    --------
    >>> radius, duration = propellant_fireball(5000.0)
    >>> round(float(radius), 1), round(float(duration), 1)
    (29.9, 5.0)
    """
    positive(mass=mass)
    M = np.asarray(mass, np.float64)
    return np.asarray(1.88 * M**0.325), np.asarray(0.258 * M**0.349)
