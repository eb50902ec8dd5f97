"""What the air lets through: water vapour in it, and the transmissivity for the heat of flames."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import not_negative, within

Array = NDArray[np.float64]

_MERCURY = 133.322  # Pa per mm Hg


def saturation_pressure(temperature: ArrayLike) -> Array:
    """Saturation pressure of water over liquid water, Pa, at `temperature` K (Buck 1981, eq. e_w4).

    Examples
    --------
    >>> round(float(saturation_pressure(293.15)))
    2338
    """
    within("temperature", temperature, 200.0, 350.0, "K")
    T = np.asarray(temperature, np.float64) - 273.15
    return np.asarray(611.21 * np.exp((18.678 - T / 234.5) * T / (257.14 + T)))


def transmissivity(path: ArrayLike, temperature: float = 293.15, humidity: float = 0.5) -> Array:
    """Transmissivity of air with water vapour and carbon dioxide for a black body of 1,500 K (Wayne 1991).

    ``τ = 1.006 − 0.01171 lg X_w − 0.02368 lg² X_w − 0.03188 lg X_c + 0.001164 lg² X_c``, ``X_w = 288.651 φ L S / T`` with the
    saturation pressure S in mm Hg, ``X_c = 273 L / T`` (F. D. Wayne, J. Loss Prevention 4 (1991) 86–92).

    Parameters
    ----------
    path : array_like
        Through the air, m; 10 to 1,000.
    temperature : float
        K.
    humidity : float
        Relative humidity φ, 0 to 1.

    Examples
    --------
    >>> transmissivity([10.0, 100.0, 1000.0]).round(2).tolist()
    [0.86, 0.71, 0.51]
    """
    not_negative(path=path)
    within("humidity", humidity, 0.0, 1.0)
    L = np.maximum(np.asarray(path, np.float64), 1.0)
    water = np.log10(np.maximum(288.651 * humidity * L * float(saturation_pressure(temperature)) / _MERCURY / temperature, 1.0))
    carbon = np.log10(np.maximum(273 * L / temperature, 1.0))
    tau = 1.006 - 0.01171 * water - 0.02368 * water**2 - 0.03188 * carbon + 0.001164 * carbon**2
    return np.asarray(np.clip(tau, 0.0, 1.0))
