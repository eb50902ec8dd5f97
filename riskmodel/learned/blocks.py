"""Buffered spatial blocks: a model is tested on ground that its training has not seen, nor the ground next to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter

#: Mean radius of the earth, km (IUGG).
EARTH_KM = 6371.0088


def folds(longitude: ArrayLike, latitude: ArrayLike, *, block_deg: float = 3.0, number: int = 5, buffer_km: float = 50.0,
          seed: int = 20240501) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Training and test rows of every fold: whole blocks are held out, and training rows near a test row are dropped.

    Parameters
    ----------
    longitude, latitude : array_like
        Degrees.
    block_deg : float
        Side of a block in degrees.
    number : int
        Folds; the blocks are dealt to them at random, with a fixed seed.
    buffer_km : float
        Training rows nearer than this to a test row are in neither.

    Yields
    ------
    train, test : ndarray of bool
        Masks of the rows.

    Raises
    ------
    BadParameter
        If a position is missing or out of range, or there are fewer blocks than folds.

    Examples
    --------
    >>> lon, lat = np.linspace(100.0, 120.0, 9), np.full(9, 35.0)
    >>> for train, test in folds(lon, lat, number=3): print(train.sum(), test.sum(), bool((train & test).any()))
    6 3 False
    5 4 False
    7 2 False
    """
    lon, lat = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    if not (np.abs(lon) <= 180).all() or not (np.abs(lat) <= 90).all():
        raise BadParameter("空间分块需要每行的经纬度", "spatial blocks need the longitude and latitude of every row")
    key = np.floor(lon / block_deg) * 1000 + np.floor(lat / block_deg)
    blocks, block = np.unique(key, return_inverse=True)
    if len(blocks) < number:
        raise BadParameter(f"只有 {len(blocks)} 个空间块，少于 {number} 折",
                           f"{len(blocks)} blocks are fewer than {number} folds")
    dealt = np.random.default_rng(seed).permutation(len(blocks)) % number
    for fold in range(number):
        test = dealt[block] == fold
        yield ~test & (nearest_km(lon, lat, lon[test], lat[test]) > buffer_km), test


def nearest_km(lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: NDArray[np.float64],
               to_lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distance in km from every place to the nearest of some others (chord through the unit sphere).

    Examples
    --------
    >>> nearest_km(np.array([116.4]), np.array([39.9]), np.array([117.2, 121.5]), np.array([39.1, 31.2])).round().tolist()
    [112.0]
    """
    from scipy.spatial import cKDTree

    def unit(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = np.radians(x), np.radians(y)
        return np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=1)

    chord, _ = cKDTree(unit(to_lon, to_lat)).query(unit(lon, lat))
    return np.asarray(2 * EARTH_KM * np.arcsin(np.minimum(chord / 2, 1.0)))
