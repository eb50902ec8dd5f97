"""Web Mercator: degrees and fractional tile coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mercator(lon: NDArray[np.float64], lat: NDArray[np.float64], zoom: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fractional Web Mercator tile coordinates of points in degrees."""
    side = 2.0**zoom
    phi = np.radians(lat)
    return (lon + 180.0) / 360.0 * side, (1.0 - np.arcsinh(np.tan(phi)) / np.pi) / 2.0 * side


def inverse_mercator(x: NDArray[np.float64], y: NDArray[np.float64], zoom: int,
                     ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees of fractional Web Mercator tile coordinates."""
    side = 2.0**zoom
    return x / side * 360.0 - 180.0, np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * y / side))))
