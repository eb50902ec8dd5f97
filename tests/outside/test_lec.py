"""LEC (Graham & Kinney 1971; Kinney & Wiruth 1976): D = L·E·C and its usual bands in China; LS matrix of five classes."""

from __future__ import annotations

import pandas as pd
import pytest

from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.semi import assess


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


def rows(*values: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame([{"method": "LEC", "l": l, "e": e, "c": c, "s": None, "grade": None} for l, e, c in values])


@pytest.mark.parametrize(
    ("factors", "d", "level"),
    [
        ((3, 6, 15), 270, 2),
        ((1, 6, 15), 90, 3),
        ((6, 6, 15), 540, 1),
        ((3, 6, 7), 126, 3),
        ((1, 6, 7), 42, 4),
        ((3, 6, 40), 720, 1),
        ((6, 10, 3), 180, 2),
        ((0.2, 1, 1), 0.2, 4),
    ],
)
def test_d_and_its_usual_colour(factors: tuple[float, float, float], d: float, level: int, parameters: Parameters) -> None:
    """Graham and Kinney 1971, D = L·E·C; bands 320, 160, 70 usual in China."""
    found = assess(rows(factors), parameters)
    assert (found.d[0], found.familiar[0]) == pytest.approx((d, level))


def test_the_side_of_the_boundary_is_a_setting(parameters: Parameters) -> None:
    """Published texts write both >70 and ≥70; 1·10·7 = 70 shows which one is set."""
    edge = rows((1, 10, 7))
    assert assess(edge, parameters).familiar[0] == 4
    assert assess(edge, parameters.replace(profiles__default__lec="inclusive")).familiar[0] == 3


@pytest.mark.parametrize(
    ("profile", "l", "s", "level"),
    [
        ("A", 5, 4, 1),
        ("A", 4, 4, 2),
        ("A", 3, 5, 2),
        ("A", 3, 3, 3),
        ("A", 2, 4, 4),
        ("B", 2, 5, 2),
        ("B", 2, 2, 3),
        ("C", 3, 3, 2),
        ("C", 1, 3, 4),
    ],
)
def test_published_profiles_of_the_5_by_5_matrix(profile: str, l: int, s: int, level: int, parameters: Parameters) -> None:
    frame = pd.DataFrame([{"method": "LS", "l": l, "e": None, "c": None, "s": s, "grade": None}])
    assert assess(frame, parameters.replace(profiles__default__ls=profile)).familiar[0] == level


def test_a_row_may_name_its_own_profile(parameters: Parameters) -> None:
    row = {"method": "LS", "l": 3, "e": None, "c": None, "s": 3, "grade": None}
    frame = pd.DataFrame([row | {"profile": profile} for profile in (None, "C", "Z")])
    found = assess(frame, parameters)
    assert found.familiar.tolist() == [3, 2, 0]
    assert found.outcome[2] == -1  # no such profile: refused, shown, not guessed
