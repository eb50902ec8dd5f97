"""Where density ends: the curves up to there, beyond it a Gaussian of the same width and concentration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import dispersion
from riskmodel.consequence.dense_gas import Array, Dilution, Gas

Spread = Callable[[Array], tuple[Array, Array]]

#: Nearest distance, m, at which a spread is asked for.
NEAREST = 1e-3


@dataclass(frozen=True)
class Handover:
    """From the dense to the passive part of the plumes or clouds of one or many sources.

    Attributes
    ----------
    gas : Gas
    dense : array of bool
        Sources where density governs; the others are Gaussian from the start.
    dilution : Dilution
        The curves.
    spread : Spread
        Of the Gaussian.
    end : array
        Where the curves end and the Gaussian goes on, m; 0 where density does not govern.
    shift_y, shift_z : array
        Virtual distances of the Gaussian for width and height, less `end`, m.

    Examples
    --------
    One kilogram of chlorine a second in a wind of 2 m/s:

    >>> from riskmodel.consequence.dense_plume import Plume
    >>> handover = Plume.of(1.0, 2.0, "D", "rural", Gas.vapour(0.0709, 239.15)).handover
    >>> handover.dense.tolist(), np.round(handover.end).tolist()
    (True, 169.0)
    >>> [float(sigma) for sigma in np.round(handover.sigma(handover.end), 2)]
    [58.25, 0.38]
    >>> far = np.array([0.0, 5e-4])  # kg/m³ of the Gaussian
    >>> np.round(1e6 * handover.concentration(np.array([50.0, 400.0]), np.array([True, True]), far), -1).tolist()  # mg/m³
    [66070.0, 500.0]
    """

    gas: Gas
    dense: NDArray[np.bool_]
    dilution: Dilution
    spread: Spread
    end: Array
    shift_y: Array
    shift_z: Array

    @classmethod
    def of(
        cls, gas: Gas, dense: NDArray[np.bool_], dilution: Dilution, spread: Spread, passive: ArrayLike,
        size: Callable[[Array, Array], tuple[Array, Array]],
    ) -> Handover:
        """Hand over `passive` m from the source, at least one scale away, at the latest where the curves end.

        `size` gives σy and σz, m, of the Gaussian that has the width of the dense part at a distance (m) and the concentration
        (kg/m³) that the curves give there.
        """
        end = np.where(dense, np.minimum(dilution.knots[-1], np.maximum(passive, dilution.scale)), 0.0)
        width, height = size(end, gas.concentration * dilution.at(end))
        shift_y = np.where(dense, virtual_distance(lambda x: spread(x)[0], width) - end, 0.0)
        shift_z = np.where(dense, virtual_distance(lambda x: spread(x)[1], height) - end, 0.0)
        return cls(gas, dense, dilution, spread, end, shift_y, shift_z)

    def concentration(self, x: Array, inside: NDArray[np.bool_], far: Array) -> Array:
        """Concentration, kg/m³, `x` m downwind: that of the curves up to `end` where `inside` their cloud, beyond it `far`, the
        Gaussian, at most what left the source.
        """
        near = self.gas.concentration * self.dilution.at(x) * inside
        return np.asarray(np.where(x <= self.end, near, np.minimum(far, self.gas.concentration)))

    def sigma(self, x: Array) -> tuple[Array, Array]:
        """σy and σz, m, of the Gaussian `x` m downwind."""
        return self.spread(np.maximum(x + self.shift_y, NEAREST))[0], self.spread(np.maximum(x + self.shift_z, NEAREST))[1]


def last_distance(holds: Callable[[Array], NDArray[np.bool_]], shape: tuple[int, ...], far: float) -> tuple[Array, Array]:
    """Two distances, m, next to each other: the condition `holds` at the first, no longer at the second; by bisection.

    The first is :data:`NEAREST` where it holds nowhere, the second `far` where it holds everywhere.

    Examples
    --------
    >>> last_distance(lambda x: x < np.array([5.0, 20.0]), (2,), 1e6)[0].round(6).tolist()
    [5.0, 20.0]
    """
    low, high = np.full(shape, NEAREST), np.full(shape, far)
    for _ in range(60):
        middle = np.sqrt(low * high)
        yes = holds(middle)
        low, high = np.where(yes, middle, low), np.where(yes, high, middle)
    return low, high


def virtual_distance(spread: Callable[[Array], Array], wanted: Array) -> Array:
    """Distance, m, at which a growing spread reaches `wanted` m; at most 1000 km.

    Examples
    --------
    >>> virtual_distance(lambda x: 0.1 * x, np.array([5.0, 20.0])).round(6).tolist()
    [50.0, 200.0]
    """
    low, high = last_distance(lambda x: spread(x) < wanted, wanted.shape, 1e6)
    return np.asarray(np.sqrt(low * high))


def reach(concentration: Callable[[Array], Array], wanted: Array, shape: tuple[int, ...]) -> Array:
    """Farthest distance, m, at which a falling concentration is at least `wanted` (kg/m³); 0 if nowhere, at most 100 km.

    Examples
    --------
    >>> reach(lambda x: 2.0 / x, np.array([0.1, 1e9]), (2,)).round(6).tolist()
    [20.0, 0.0]
    """
    low, _ = last_distance(lambda x: concentration(x) >= wanted, np.broadcast_shapes(wanted.shape, shape), 1e5)
    return np.where(low > NEAREST, low, 0.0)


def plume_spread(stability: str, terrain: dispersion.Terrain) -> Spread:
    """σy and σz of the passive plume as a function of distance (Briggs 1973).

    Examples
    --------
    >>> [round(float(s), 1) for s in plume_spread("D", "rural")(np.array(500.0))]
    [39.0, 22.7]
    """
    return lambda x: dispersion.briggs(x, stability, terrain)


def puff_spread(stability: str, terrain: dispersion.Terrain) -> Spread:
    """σx = σy and σz of the passive puff: CCPS table 2-13 over open land; Briggs urban, for want of urban puff data, in towns.

    Examples
    --------
    >>> [round(float(s), 1) for s in puff_spread("F", "rural")(np.array(500.0))]
    [5.0, 2.2]
    """
    if terrain == "rural":
        return lambda x: dispersion.ccps_puff(x, stability)
    return lambda x: dispersion.briggs(x, stability, terrain)
