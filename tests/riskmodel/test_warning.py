"""Warnings open, grow graver, stand and close by the table, and only for causes that are no revision of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from riskmodel.parameters.load import Parameters
from riskmodel.warning import Night, Street, night_of, standing_warnings
from tests.riskmodel.conftest import AS_OF, STREETS, MakeInputs

CODE = STREETS[0]
CALM = Street("东街道", 0.1, 3, (0.0, 0.1, 0.9, 0.0))


def night(days_ago: int = 0, *, comparable: bool = True, **change: Any) -> Night:
    return Night(AS_OF - timedelta(days=days_ago), {CODE: replace(CALM, **change)}, comparable)


Stand = Any


@pytest.fixture
def stand(make_inputs: MakeInputs, parameters: Parameters) -> Stand:
    """``stand(tonight, *earlier, before=…)`` → warnings by id."""
    inputs = make_inputs()

    def found(tonight: Night, *earlier: Night, before: Sequence[Mapping[str, Any]] = ()) -> dict[str, dict[str, Any]]:
        table = standing_warnings(inputs, tonight, earlier, before, parameters)
        return {row["id"]: row for row in table.to_dict("records")}

    return found


@pytest.mark.parametrize(("days", "level"), [(0, None), (1, 3), (6, 3), (7, 2), (29, 2), (30, 1), (400, 1)])
def test_overdue_major_dangers_by_their_days(make_inputs: MakeInputs, parameters: Parameters, days: int,
                                             level: int | None) -> None:
    """1 / 7 / 30 days: III / II / I; an ordinary or a closed danger never warns."""
    due = AS_OF - timedelta(days=days)
    danger = {"enterprise_id": "e", "major": True, "found": date(2025, 1, 1), "due": due, "name": "罐区"}
    inputs = make_inputs(enterprise=[{"id": "e", "name": "某厂", "industry": "C", "staff_at_place": 1}], hidden_danger=[
        danger, danger | {"major": False}, danger | {"closed": AS_OF}])
    table = standing_warnings(inputs, Night(AS_OF), [], [], parameters)
    assert table["level"].tolist() == ([level] if level else [])
    if level:
        row = table.iloc[0]
        assert (row["id"], row["name"], row["since"]) == ("overdue.hidden_danger-0", "某厂：罐区",
                                                          (due + timedelta(days=1)).isoformat())
        assert f"{days} 天" in row["text"]
        assert 70 < row["lon"] < 140


def test_a_new_level_opens_once_and_keeps_its_day(stand: Stand) -> None:
    opened = stand(night(level=2), night(1))
    assert opened[f"level.{CODE}"]["level"] == 3
    assert "由 3 级升为 2 级" in opened[f"level.{CODE}"]["text"]
    tomorrow = Night(AS_OF + timedelta(days=1), night(level=2).streets)
    again = stand(tomorrow, night(level=2), before=opened.values())
    assert again[f"level.{CODE}"]["since"] == AS_OF.isoformat()
    graver = stand(Night(AS_OF + timedelta(days=1), night(level=1).streets), night(level=2), before=opened.values())
    assert graver[f"level.{CODE}"]["level"] == 2
    assert stand(night(level=3), night(1, level=4)) == {}


def test_it_closes_after_seven_calm_nights(stand: Stand) -> None:
    standing = stand(night(level=2), night(1))
    for k in range(1, 8):
        today = Night(AS_OF + timedelta(days=k), night().streets)
        standing = stand(today, night(), before=standing.values())
        assert bool(standing) == (k < 7), k
    unsure = stand(night(probability=(0.0, 0.4, 0.6, 0.0)), night(1), before=stand(night(1, level=2), night(2)).values())
    assert unsure[f"level.{CODE}"]["calm_since"] is None


def test_deaths_against_the_median_of_the_nights_before(stand: Stand) -> None:
    """×1.5, ×2, ×4: IV, III, II; three comparable nights at least; closes below ¾ of its ratio for three nights."""
    past = [night(k) for k in (1, 2, 3)]
    for pll, level in ((0.149, None), (0.151, 4), (0.201, 3), (0.401, 2)):
        found = stand(night(pll=pll), *past).get(f"pll.{CODE}")
        assert (found["level"] if found else None) == level
    assert stand(night(pll=0.5), *past[:2]) == {}
    standing = stand(night(pll=0.21), *past)
    for k, pll, open_ in ((1, 0.16, True), (2, 0.14, True), (3, 0.14, True), (4, 0.14, False)):
        standing = stand(Night(AS_OF + timedelta(days=k), night(pll=pll).streets), *past, before=standing.values())
        assert bool(standing) == open_, k


def test_a_breach_opens_at_two(stand: Stand) -> None:
    found = stand(night(codes=frozenset({"S-IR-1", "S-D-2"})), night(1, codes=frozenset({"S-D-2"})))
    assert found[f"breach.{CODE}"]["level"] == 2
    assert "S-IR-1" in found[f"breach.{CODE}"]["text"]
    assert stand(night(codes=frozenset({"S-IR-1"})), night(1, codes=frozenset({"S-IR-1"}))) == {}


def test_a_revision_is_no_warning(stand: Stand) -> None:
    """Other parameters or code: nothing opens, nothing calms, what stood stands."""
    other = night(1, comparable=False)
    assert stand(night(level=1, pll=9.0, codes=frozenset({"S-IR-1"})), other, other, other) == {}
    stood = stand(night(1, level=2), night(2))
    kept = stand(night(), other, before=stood.values())
    assert kept[f"level.{CODE}"]["since"] == stood[f"level.{CODE}"]["since"]
    assert kept[f"level.{CODE}"]["calm_since"] is None
    assert stand(night(level=1)) == {}


def test_streets_of_an_areas_table() -> None:
    rows = pd.DataFrame([
        {"code": "a", "name": "甲", "level": "street", "pll": 0.2, "risk_level": 2, "codes": '[{"code": "S-D-2", "level": 2}]'},
        {"code": "b", "name": "乙", "level": "district", "pll": 1.0, "risk_level": 2, "codes": ""},
    ])
    made = night_of(rows, AS_OF)
    assert list(made.streets) == ["a"]
    assert made.streets["a"].codes == {"S-D-2"}
