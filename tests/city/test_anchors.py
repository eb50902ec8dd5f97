"""The full city against what the city really counts, theme by theme."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.epoch import constants
from riskmodel.parameters import load_parameters
from riskmodel.precedence import resolve
from riskmodel.run import SOURCE_KINDS
from riskmodel.scenarios import ScenarioBuilder, Theme
from tests.city.conftest import City

pytestmark = pytest.mark.city

WORK = ("building", "confined", "equipment", "work_other")
FIRE = ("fire_dwelling", "fire_venue")

#: Deaths per year of Beijing: anchor and band, with where they were counted.
BANDS = [
    (WORK, 70, 50, 95, "工矿商贸 .435/1e5 (2015); 43 in H1 2019; 40 in 172 days of 2024"),
    (("building",), 42, 28, 60, "52–67 % of work deaths"),
    (("confined",), 4, 1, 8, "北京有限空间 2013–2023"),
    (("equipment",), 1.5, 0.3, 5, "北京市市场监管局 2023: 446,153 units"),
    (FIRE, 32, 20, 60, "火灾 48 (2015), 32 (2010), 27 (2019), 24 (2020)"),
    (("fire_dwelling",), 23, 14, 35, "69–77 % of fire deaths"),
    (("gas_use",), 2.5, 1, 6, "全国燃气爆炸 264 dead 2020–22, by households"),
    (("hazchem",), 0.7, 0.1, 3, "全国 143 (2022), half a per cent"),
    (("pipeline",), 0.4, 0.1, 1.5, "US distribution 2.5e-6 d/km·yr; 北京 2 dead by heating water 2022"),
    (("crowd",), 0.6, 0.1, 2, "37 dead once (2004) in about 40 years"),
]


@pytest.mark.parametrize(("themes", "anchor", "low", "high", "basis"), BANDS, ids=["+".join(band[0]) for band in BANDS])
def test_deaths_per_theme_lie_in_the_band(city: City, themes: tuple[str, ...], anchor: float, low: float, high: float,
                                          basis: str) -> None:
    total = sum(city.night.totals[theme] for theme in themes)
    assert low <= total <= high, f"{themes}: {total:.2f} per year, anchor {anchor} ({basis})"


@pytest.mark.parametrize(("themes", "anchor", "factor"), [(WORK, 70, 1.3), (FIRE, 32, 1.3), (("gas_use",), 2.5, 2.5)])
def test_calibrated_themes_meet_their_anchor(city: City, themes: tuple[str, ...], anchor: float, factor: float) -> None:
    total = sum(city.night.totals[theme] for theme in themes)
    assert anchor / factor <= total <= anchor * factor


def test_the_sum_and_its_density(city: City) -> None:
    areas = city.snapshot.areas
    row = areas.texts("level").index("city")
    assert 75 <= city.night.totals["pll"] <= 165
    assert areas.numbers("density")[row] == pytest.approx(6.5e-3, rel=0.3)
    assert areas.numbers("area_km2")[row] == pytest.approx(16_410, rel=2e-3)


def test_residents_are_the_census(city: City) -> None:
    """第七次人口普查 2020-11-01: 21,893,095."""
    assert city.inputs.residents.sum() == 21_893_095
    rows = city.snapshot.area_records(city.snapshot.area_rows("city"))
    assert rows[0]["residents"] == 21_893_095


def test_the_frozen_constants_are_those_of_this_city(city: City) -> None:
    """m̄_g, M_ref and the mean protection factor add and take nothing here; a changed sample or table needs a new epoch."""
    parameters = load_parameters()
    counted = resolve(ScenarioBuilder(SOURCE_KINDS), city.inputs, parameters)
    for name, fresh in constants(city.inputs, parameters, counted).items():
        frozen = parameters.entry(name).value
        if isinstance(fresh, dict):
            assert fresh == pytest.approx({key: frozen.get(key, frozen.get("rest")) for key in fresh}, rel=0.02), name
        else:
            assert fresh == pytest.approx(frozen, rel=0.02), name


def test_levels_stay_near_the_estimate(city: City) -> None:
    """Streets 4 (3–5) / 16 (14–19) / 56 / 24 %, occupied cells .1–.2 / 1.8–3 / 18–23 / 74–80 %: estimates for an assumed load.

    Wider than the estimates' own bands where they hang on assumptions (110 major hazards, 8 breaches, 20 vetoes).
    """
    streets = np.array([city.night.streets[f"level_{n}"] for n in range(1, 5)]) / 343
    assert 0.02 <= streets[0] <= 0.06
    assert 0.12 <= streets[1] <= 0.22
    assert 0.40 <= streets[2] <= 0.65
    assert 0.18 <= streets[3] <= 0.38
    cells = np.array([city.night.cells[f"level_{n}"] for n in range(1, 5)]) / city.night.cells["occupied"]
    assert 2e-4 <= cells[0] <= 4e-3
    assert 8e-3 <= cells[1] <= 0.05
    assert 0.10 <= cells[2] <= 0.28


def test_index_percentiles_of_streets(city: City) -> None:
    """5/50/95 % of streets at 29/52/69: the computed city with a seeded load."""
    index = city.snapshot.areas.numbers("index")[city.snapshot.area_rows("street")]
    assert np.percentile(index, [5, 50, 95]) == pytest.approx([29, 52, 69], abs=4)


def test_themes_sum_to_the_whole(city: City) -> None:
    assert sum(city.night.totals[t.name.lower()] for t in Theme) == pytest.approx(city.night.totals["pll"], rel=1e-9)
    assert city.snapshot.manifest["outside_grid"] == 0
    assert city.snapshot.manifest["outside_city_pll"] < 1e-4 * city.night.totals["pll"]
