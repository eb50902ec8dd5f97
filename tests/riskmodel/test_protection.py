"""Protection targets of GB 36894-2018."""

from __future__ import annotations

import pytest

from riskmodel.parameters.load import Parameters
from riskmodel.protection import dwelling_class, limits, target_classes
from tests.riskmodel.conftest import MakeInputs


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"venue_type": "school"}, "高敏感"),
        ({"venue_type": "nursing_home"}, "高敏感"),
        ({"venue_type": "library"}, "重要"),
        ({"venue_type": "prison"}, "重要"),
        ({"venue_type": "mall", "floor_area_m2": 5000}, "一类"),
        ({"venue_type": "mall", "floor_area_m2": 4999}, "二类"),
        ({"venue_type": "supermarket", "floor_area_m2": 1499}, "三类"),
        ({"venue_type": "stadium", "floor_area_m2": 100}, "二类"),
        ({"venue_type": "cinema", "floor_area_m2": 3000}, "一类"),
        ({"venue_type": "hotel", "capacity": 100}, "一类"),
        ({"venue_type": "hotel", "capacity": 99}, "二类"),
        ({"venue_type": "park", "site_area_m2": 1000}, "三类"),
        ({"venue_type": "mall"}, "二类"),
        ({"venue_type": "mall", "protection_class": "三类"}, "三类"),
    ],
)
def test_class_by_type_and_size(row: dict[str, object], expected: str, make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert target_classes(make_inputs(venue=[row]), parameters).tolist() == [expected]


def test_every_venue_type_has_a_class_and_a_fire_row(make_inputs: MakeInputs, parameters: Parameters) -> None:
    from geo.kinds import VENUE_TYPES

    classes = target_classes(make_inputs(venue=[{"venue_type": t} for t in VENUE_TYPES]), parameters)
    assert classes.notna().all()
    assert set(VENUE_TYPES) == set(parameters.table("fire.venue.premises"))
    in_service, new = limits(classes, parameters)
    assert (in_service > new).all()


def test_limits(parameters: Parameters) -> None:
    in_service, new = limits(["高敏感", "一类", "二类", "三类"], parameters)
    assert in_service.tolist() == [3e-6, 3e-6, 1e-5, 3e-5]
    assert new.tolist() == [3e-7, 3e-7, 3e-6, 1e-5]


def test_dwellings(parameters: Parameters) -> None:
    assert dwelling_class([100, 99, 30, 29], parameters).tolist() == ["一类", "二类", "二类", "三类"]
