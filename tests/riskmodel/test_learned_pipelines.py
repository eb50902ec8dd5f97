"""The worked case: PHMSA's gas lines, trained to 2016, tested after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import BadParameter
from riskmodel.learned import pipelines as case
from riskmodel.learned.evaluation import Assessment, failure, ignition, named_after_the_fire, relative_rates

approx = pytest.approx

DATA = Path(__file__).resolve().parents[2] / "notebooks" / "data" / "phmsa"


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    return case.reports(pd.read_csv(DATA / "incidents.csv", dtype={"location_class": str}))


@pytest.fixture(scope="module")
def exposure() -> pd.DataFrame:
    return pd.read_csv(DATA / "exposure.csv")


@pytest.fixture(scope="module")
def tested(incidents: pd.DataFrame, exposure: pd.DataFrame) -> Assessment:
    return failure(incidents, exposure)


def test_cells_keep_the_length_of_every_attribute(incidents: pd.DataFrame, exposure: pd.DataFrame) -> None:
    cells = case.failures_by_cell(incidents, exposure)
    for feature, attribute in zip(case.FAILURE, ("diameter_in", "decade", "location_class"), strict=True):
        table = case.margins(exposure, attribute)
        share = table.div(table.sum(axis=1), axis=0)
        for year, group in cells.groupby("year_of_failure"):
            got = np.bincount(feature.bin_of(group[feature.name]), group["exposure"], feature.bins)
            assert got / got.sum() == approx(share.loc[year].to_numpy(), abs=1e-12)


def test_every_failure_of_a_pipe_is_in_one_cell(incidents: pd.DataFrame, exposure: pd.DataFrame) -> None:
    cells = case.failures_by_cell(incidents, exposure)
    lines = incidents[(incidents["system"] == "transmission") & incidents["year_of_failure"].between(2010, 2020)]
    known = lines[["diameter_mm", "year", "class_location"]].notna().all(axis=1)
    assert cells["events"].sum() == known.sum()


def test_pipe_of_before_1940_is_not_lost_in_2010_and_2011(exposure: pd.DataFrame) -> None:
    oldest = case.margins(exposure, "decade")[0]
    assert oldest.loc[2011] == approx(oldest.loc[2012], rel=0.06)


def test_forward_in_time_it_beats_the_constant_and_is_calibrated(tested: Assessment) -> None:
    assert tested.skill.better
    assert tested.slope.low < 1 < tested.slope.high
    assert tested.lifts[0.1][1] > 1.2
    assert tested.lifts[0.2][1] > 1.2


def test_what_holds_without_independence_and_what_does_not(tested: Assessment) -> None:
    """One attribute at a time: diameter and year of construction beat the constant after 2016, the class location does not.

    With valves and fittings, which fail more on new lines and which the model has not seen, the year does not either.
    """
    assert {name: skill.better for name, skill in tested.others.items() if name not in ("gbm", "shuffled")} == {
        "外径 mm": True, "建成年份": True, "地区等级": False, "建成年份，含阀门、管件": False, "地区等级，含阀门、管件": False}


def test_shuffled_failures_teach_nothing(tested: Assessment) -> None:
    assert not tested.others["shuffled"].better


def test_wide_and_new_lines_fail_less(tested: Assessment) -> None:
    found = relative_rates(tested.model).set_index(["feature", "bin"])["relative"]
    assert found["外径 mm", "> 737"] < 0.7 < 1.1 < found["外径 mm", "≤ 127"]
    assert found["建成年份", "2000–2009"] < 0.5 < 1.5 < found["建成年份", "1949 及以前"]


@pytest.mark.parametrize("system", ["transmission", "distribution"])
def test_ignition_beats_the_constant_later_and_elsewhere(incidents: pd.DataFrame, system: str) -> None:
    found = ignition(incidents, system)
    assert found.skill.better
    assert found.others["blocks"].better
    assert not found.others["shuffled"].better or found.others["shuffled"].saved < 0.05


def test_wide_transmission_lines_burn_more_often(incidents: pd.DataFrame) -> None:
    """As Acton and Baldwin 2008 (IPC2008-64173) found for ruptures: more with p·d²."""
    model = ignition(incidents, "transmission").model
    lines = pd.DataFrame({"diameter_mm": [100.0, 900.0], "year": [1960.0, 1960.0], "class_location": ["一级", "一级"]})
    small, wide = model.predict(lines)
    assert wide > 2.5 * small


def test_the_cause_names_the_fire(incidents: pd.DataFrame) -> None:
    named, burned = named_after_the_fire(incidents)
    assert named == burned > 0
    features = {feature.name for features in case.IGNITION.values() for feature in features} | {f.name for f in case.FAILURE}
    assert not features & set(case.AFTERWARDS)


def test_the_product_s_own_lines_can_be_looked_up(tested: Assessment) -> None:
    lines = pd.DataFrame({"id": ["a", "b"], "diameter_mm": [1016.0, None], "year": pd.array([2013, None], "Int64"),
                          "class_location": ["三级", None]})
    assert tested.model.multiplier(lines)[1] == approx(1 / tested.model.neutral, rel=0.02)
    assert 0.3 <= tested.model.multiplier(lines)[0] <= 1


def test_tables_without_what_is_needed_are_refused(incidents: pd.DataFrame, exposure: pd.DataFrame) -> None:
    with pytest.raises(BadParameter, match="缺少列"):
        case.reports(pd.DataFrame({"system": ["transmission"]}))
    with pytest.raises(BadParameter, match="depth"):
        case.margins(exposure, "depth")
