"""Solid flames: the tilted cylinder of a pool fire in wind, and how much of it a target sees."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import fireball, poolfire
from riskmodel.consequence.checks import not_negative, positive

Array = NDArray[np.float64]
Side = Literal["downwind", "upwind", "crosswind"]


def tilt(diameter: ArrayLike, burning: float, wind: float, *, density: float = 1.2) -> Array:
    """Angle of the flame from the vertical, rad: ``cos θ = 1/√u*`` with u* at least 1 (American Gas Association 1974).

    Parameters
    ----------
    diameter : array_like
        Of the pool, m.
    burning : float
        kg/(m² s).
    wind : float
        m/s.
    density : float
        Of the vapour (AGA) or of air (Thomas) in ``u* = u / (g m'' D / ρ)^(1/3)``, kg/m³.

    Examples
    --------
    >>> round(float(np.degrees(tilt(20.0, 0.055, 5.0))), 1)
    49.8
    """
    return np.asarray(np.arccos(1 / np.sqrt(poolfire.scaled_wind(diameter, burning, wind, air_density=density))))


def view_factors(distance: ArrayLike, radius: ArrayLike, length: ArrayLike, angle: ArrayLike = 0.0) -> tuple[Array, Array]:
    """View factors of a tilted cylinder, vertical and horizontal receiver on the ground (Mudan 1987; SFPE Handbook).

    Parameters
    ----------
    distance : array_like
        From the middle of the pool, m; more than its radius.
    radius, length : array_like
        Of the pool and of the flame along its axis, m.
    angle : array_like
        Tilt towards the receiver, rad; negative: away from it.

    Returns
    -------
    vertical, horizontal : array

    Examples
    --------
    >>> vertical, horizontal = view_factors(40.0, 10.0, 20.0)
    >>> round(float(vertical), 4), round(float(horizontal), 4)
    (0.0807, 0.023)
    """
    b = np.maximum(np.asarray(distance, np.float64) / np.asarray(radius, np.float64), 1 + 1e-6)
    a = np.asarray(length, np.float64) / np.asarray(radius, np.float64)
    sine, cosine = np.sin(angle), np.cos(angle)
    A = np.sqrt(a**2 + (b + 1) ** 2 - 2 * a * (b + 1) * sine)
    B = np.sqrt(a**2 + (b - 1) ** 2 - 2 * a * (b - 1) * sine)
    C = np.sqrt(1 + (b**2 - 1) * cosine**2)
    D = np.sqrt((b - 1) / (b + 1))
    F = np.sqrt(b**2 - 1)
    E = a * cosine / (b - a * sine)
    outer, inner = np.arctan2(a * b - F**2 * sine, F * C), np.arctan2(F * sine, C)
    reach = np.arctan2(A * D, B)
    vertical = (E * (a**2 + (b + 1) ** 2 - 2 * b * (1 + a * sine)) / (A * B) * reach - E * np.arctan(D)
                + cosine / C * (outer + inner))
    horizontal = (np.arctan(1 / D) - (a**2 + (b + 1) ** 2 - 2 * (b + 1 + a * b * sine)) / (A * B) * reach
                  + sine / C * (outer + inner))
    return np.asarray(np.clip(vertical / np.pi, 0, 1)), np.asarray(np.clip(horizontal / np.pi, 0, 1))


def pool_flux(
    distance: ArrayLike, diameter: float, burning: float, wind: float, emissive: float, *, side: Side = "downwind",
    vapour_pressure: float | None = None,
) -> Array:
    """Heat flux, W/m², on the receiver that sees most of a pool fire in wind: ``τ E √(F_v² + F_h²)``.

    Parameters
    ----------
    distance : array_like
        From the middle of the pool, m; inside the pool the flux is `emissive`.
    diameter, burning, wind : float
        m, kg/(m² s), m/s.
    emissive : float
        Surface emissive power, W/m² (:func:`riskmodel.consequence.poolfire.mudan_emissive_power` or a table).
    side : str
        downwind, upwind, or crosswind (the flame neither leans to the receiver nor away).
    vapour_pressure : float or None
        Of water in the air, Pa; None: no absorption.

    Examples
    --------
    >>> down, up = (float(pool_flux(40.0, 20.0, 0.055, 5.0, 60e3, side=s)) for s in ("downwind", "upwind"))
    >>> down > up
    True
    """
    not_negative(distance=distance, wind=wind)
    positive(diameter=diameter, burning=burning, emissive=emissive)
    r = np.asarray(distance, np.float64)
    lean = float(tilt(diameter, burning, wind))
    length = float(poolfire.flame_length_in_wind(diameter, burning, wind))
    angle = {"downwind": lean, "upwind": -lean, "crosswind": 0.0}[side]
    height = length * np.cos(lean) if side == "crosswind" else length
    outside = np.maximum(r, diameter / 2 * (1 + 1e-3))
    vertical, horizontal = view_factors(outside, diameter / 2, height, angle)
    tau = 1.0 if vapour_pressure is None else fireball.transmissivity(outside - diameter / 2, vapour_pressure)
    flux = tau * emissive * np.minimum(np.hypot(vertical, horizontal), 1.0)
    return np.asarray(np.where(r <= diameter / 2, emissive, flux))
