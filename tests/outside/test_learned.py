"""The learned part against numbers that others published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.learned import pipelines as case
from riskmodel.learned.blocks import nearest_km
from riskmodel.learned.validation import reliability

approx = pytest.approx

DATA = Path(__file__).resolve().parents[2] / "notebooks" / "data" / "phmsa"

#: PHMSA, Annual Report Mileage for Natural Gas Transmission and Gathering Systems: onshore transmission, miles.
ONSHORE_MILES = {2010: 299_363, 2012: 298_624, 2014: 297_902, 2016: 297_056, 2018: 298_521, 2020: 298_856}


@pytest.mark.parametrize("attribute", ["diameter_in", "decade", "location_class"])
def test_length_by_attribute_sums_to_the_mileage_that_phmsa_publishes(attribute: str) -> None:
    km = case.margins(pd.read_csv(DATA / "exposure.csv"), attribute).sum(axis=1)
    for year, miles in ONSHORE_MILES.items():
        assert km[year] == approx(miles * 1.609344, rel=5e-4)


def test_the_interval_of_a_poisson_count_is_that_of_garwood() -> None:
    """Garwood 1936, Biometrika 28, 437: 90 % limits of 10 events are 5.43 and 16.96, of none 0 and 3.00."""
    found = reliability([10.0, 0.0], [1.0, 1.0], [2.0, 1.0], groups=2)
    assert found.low == approx([0.0, 5.43], abs=0.005)
    assert found.high == approx([3.00, 16.96], abs=0.005)


def test_one_degree_of_a_meridian_is_111_2_km() -> None:
    """IUGG mean radius: 6371.0088 km · π/180 = 111.195 km."""
    zero = np.zeros(1)
    assert nearest_km(zero, zero, zero, np.ones(1)) == approx([111.195], abs=1e-3)
