"""Two streets side by side, and rows of every kind that nothing can be said against."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
import shapely

from geo.quality import QualityReport, assess, load_rules

AS_OF = date(2026, 6, 1)
WEST, EAST = "110101001000", "110101002000"

#: A street of some kilometres on either side of 116.4°.
STREETS = pd.DataFrame({
    "code": [EAST, WEST], "geometry": [shapely.box(116.4, 39.8, 116.5, 39.9), shapely.box(116.3, 39.8, 116.4, 39.9)],
})

_COMMON: dict[str, Any] = {
    "area_code": WEST, "source": "台账.xlsx#1", "synthetic": False, "updated_at": date(2026, 5, 1), "position_accuracy_m": 10.0,
    "valid_from": date(2024, 1, 1), "valid_to": None, "assumed": None, "geometry": shapely.Point(116.351234, 39.851234),
}

_ENTERPRISE: dict[str, Any] = {
    "name": "东风标准件厂", "credit_code": "91110000600037341L", "industry": "C", "industry_code": "3482", "staff_at_place": 50,
    "premises": "factory", "floor_area_m2": 2000.0, "sprinklers": True, "alarm": True, "lpg_cylinders": False,
    "standardisation": "三级", "insured": True, "credit_list": "无", "inspection": "合格", "reports": True,
    "address": "建国路17号", "registered_address": "建国路17号",
}

GOOD: dict[str, dict[str, Any]] = {
    "enterprise": _ENTERPRISE,
    "risk_source": {
        "name": "冲床", "enterprise_id": "E1", "source_kind": "设备设施", "accident_type": "机械伤害", "method": "LEC",
        "l": 1.0, "e": 6.0, "c": 3.0, "s": None, "grade": "蓝", "workers_exposed": 5, "public_exposed": 0, "indoor": True,
        "hazard_key": "k", "control": "安全防护罩", "post": "车间主任"},
    "hazard_source": {
        "name": "汽油罐", "enterprise_id": "E1", "unit_type": "filling_station", "scope": "an", "substance": "gasoline",
        "cas": "86290-81-5", "phase": "液体", "vessel_kind": "储罐", "quantity_t": 60.0, "temperature_c": 20.0,
        "pressure_mpa": 0.0, "vessels": 3, "vessel_m3": 30.0, "buried": True, "bund_m2": 10.0, "unloading_h": 100.0,
        "detection": "B", "isolation": "manual", "fence_m": 40.0, "inventory": "[]", "hazard_class": "W5.3"},
    "pipeline": {
        "name": "高压A", "medium": "gas", "service": "town", "diameter_mm": 406.0, "pressure_mpa": 4.0, "wall_mm": 8.0,
        "year": 2010, "depth_m": 1.2, "operator": "燃气集团", "class_location": "三级",
        "geometry": shapely.LineString([(116.351, 39.85), (116.361, 39.86)])},
    "venue": {
        "name": "光明小学", "venue_type": "school", "protection_class": "高敏感", "floor_area_m2": 5000.0, "site_area_m2": 9000.0,
        "capacity": 900, "sprinklers": False, "alarm": True, "basement": False, "sleeping": False, "year_built": 1999,
        "floors_above": 4, "crowd_peaks": 0.0, "occupancy_profile": "{}"},
    "work_site": {"name": "三期工地", "site_type": "building", "stage": "主体", "workers": 80, "valid_to": date(2027, 1, 1)},
    "equipment": {"name": "电梯", "equipment_type": "lift", "count": 2, "age_yr": 8.0, "last_inspection": date(2026, 1, 1),
                  "enterprise_id": "E1"},
    "hidden_danger": {"name": "灭火器过期", "enterprise_id": "E1", "danger_kind": "消防设施", "major": False,
                      "found": date(2026, 5, 1), "due": date(2026, 5, 20), "closed": date(2026, 5, 18)},
    "incident": {"name": "机械伤害事故", "occurred": date(2025, 3, 1), "accident_type": "机械伤害", "deaths": 0, "injuries": 1,
                 "industry": "C"},
    "emergency_resource": {"name": "建国路消防站", "resource_type": "fire_station", "capability": "灭火", "staff": 30},
}

Frames = dict[str, pd.DataFrame]
Maker = Callable[..., pd.DataFrame]


def rows(kind: str, *changes: dict[str, Any]) -> pd.DataFrame:
    """Rows of a kind, each the good one with changes; ids E1, E2 … by the kind's first letter."""
    letter = kind[0].upper()
    return pd.DataFrame([{"id": f"{letter}{n}", **_COMMON, **GOOD[kind], **change} for n, change in enumerate(changes, 1)])


def judged(frames: Frames, **options: Any) -> QualityReport:
    """The report of frames; where nobody says otherwise there is one good enterprise."""
    whole = {"enterprise": rows("enterprise", {})} | frames
    return assess(whole, STREETS, as_of=AS_OF, rules=load_rules(), **options)


def found(report: QualityReport, kind: str) -> set[tuple[str, str]]:
    """(id, check) of everything that was found in a kind."""
    chosen = report.findings[report.findings["kind"] == kind]
    return set(zip(chosen["id"], chosen["check"], strict=True))


@pytest.fixture
def everything() -> Frames:
    """One good row of every kind."""
    return {kind: rows(kind, {}) for kind in GOOD}
