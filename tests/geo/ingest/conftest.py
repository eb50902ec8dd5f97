"""A small region of six streets, and a store that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.store import Store, open_store

#: West, south, side (degrees) of a street; three by two of them between 116.0–116.6 E and 39.6–40.0 N.
STREETS = [(f"1101050{number:02d}000", 116.0 + 0.2 * (number % 3), 39.6 + 0.2 * (number // 3)) for number in range(6)]


def street_frame() -> pd.DataFrame:
    return pd.DataFrame({
        "id": [code for code, _, _ in STREETS], "code": [code for code, _, _ in STREETS], "level": "street", "parent": "110105",
        "name": [f"第{number}街道" for number in range(6)], "source": "streets", "synthetic": False,
        "geometry": [shapely.box(west, south, west + 0.2, south + 0.2) for _, west, south in STREETS]})


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite with six streets."""
    with open_store(f"sqlite:///{tmp_path / 'town.sqlite'}", patience=1.0) as store:
        store.init()
        store.load("area", street_frame(), source="streets")
        yield store


def places(count: int, seed: int = 1) -> pd.DataFrame:
    """Rows of emergency resources with lon, lat and the street they lie in."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(116.0, 116.6, count), rng.uniform(39.6, 40.0, count)
    street = ((lat - 39.6) // 0.2).astype(int) * 3 + ((lon - 116.0) // 0.2).astype(int)
    return pd.DataFrame({"id": [f"P{number}" for number in range(count)], "name": [f"队{number}" for number in range(count)],
                         "resource_type": "team", "area_code": [STREETS[at][0] for at in street], "lon": lon, "lat": lat})
