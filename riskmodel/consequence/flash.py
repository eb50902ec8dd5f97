"""How far a flammable cloud reaches: the distance to the lower flammable limit, for a gas of any weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import dispersion
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_handover import plume_spread, virtual_distance
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff

Array = NDArray[np.float64]


def plume_distance(
    rate: ArrayLike, gas: Gas, limit: float, wind: ArrayLike, stability: str, terrain: dispersion.Terrain,
) -> Array:
    """Distance, m, to `limit` kg/m³ of a steady release: dense-gas plume if heavier than air, else Gaussian.

    A light gas under pressure dilutes in its own jet, sooner than this: see
    :func:`riskmodel.consequence.jetfire.distance_to_fraction` and take the smaller.

    Examples
    --------
    >>> lng = Gas.vapour(0.01604, 111.65)
    >>> round(float(plume_distance(10.0, lng, 0.0334, 3.0, "D", "rural")))
    223
    """
    if gas.reduced_gravity > 0:
        return Plume.of(rate, wind, stability, terrain, gas, richardson=None).distance_to(limit)
    spread = plume_spread(stability, terrain)
    wanted = np.asarray(rate, np.float64) / (np.pi * np.asarray(wind, np.float64) * limit)
    return np.asarray(np.square(virtual_distance(lambda root: np.sqrt(np.prod(spread(root**2), axis=0)), np.sqrt(wanted))))


def puff_distance(
    mass: ArrayLike, gas: Gas, limit: float, wind: ArrayLike, stability: str, terrain: dispersion.Terrain,
) -> Array:
    """Distance, m, to `limit` kg/m³ of an instantaneous release of a gas heavier than air.

    Raises
    ------
    NotModelled
        If the gas is not heavier than air: an instantaneous release of a light gas rises.

    Examples
    --------
    >>> lng = Gas.vapour(0.01604, 111.65)
    >>> round(float(puff_distance(20_000.0, lng, 0.0334, 3.0, "D", "rural")))
    409
    """
    return Puff.of(mass, wind, stability, terrain, gas, richardson=None).distance_to(limit)
