"""Escalation: thresholds, one level, nothing twice, nothing from a unit to itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskmodel import domino, quantified
from riskmodel.parameters import Parameters
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.footprints import Effect, Fuel, Physics, blast_effect, fireball_effect, pool_effect
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs
from tests.riskmodel.units import UNITS

approx = pytest.approx
X, Y = GRID.west + 2010.0, GRID.north - 2010.0


class City:
    """Some units, their primary events and what escalation adds."""

    def __init__(self, make_inputs: MakeInputs, parameters: Parameters, *rows: dict[str, Any], cooling: float = 1.0) -> None:
        self.builder = ScenarioBuilder(SOURCE_KINDS)
        factors = pd.Series({"e2": 2.0})
        assembly = quantified.add(self.builder, make_inputs(hazard_source=list(rows)), parameters, factors)
        assert isinstance(assembly, Assembly)
        self.assembly = assembly
        self.primary = len(assembly.branches)
        self.frequency = domino.add(assembly, assembly.units, np.full(len(assembly.units), cooling))
        self.scenarios: ScenarioSet = self.builder.finish()

    @property
    def added(self) -> pd.DataFrame:
        points = self.scenarios.points
        table = pd.DataFrame({"label": np.array(self.scenarios.labels)[points.label], "row": points.row, "f": points.frequency,
                              "x": points.x})
        return table[table["label"].str.startswith(domino.PREFIX)].reset_index(drop=True)


def near(name: str, apart: float, **change: Any) -> dict[str, Any]:
    return UNITS[name] | {"x": X + apart, "y": Y, "enterprise_id": None} | change


def test_a_depot_near_a_tank_farm_gets_scenarios_of_its_own(make_inputs: MakeInputs, parameters: Parameters) -> None:
    city = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0))
    assert set(city.added["row"]) == {0, 1}
    assert city.added.loc[city.added["row"] == 1, "x"].tolist() == approx([X + 60.0] * 3)
    assert set(city.added.loc[city.added["row"] == 1, "label"]) == {"多米诺·火球", "多米诺·蒸气云爆炸", "多米诺·闪火"}
    assert set(city.added.loc[city.added["row"] == 0, "label"]) == {"多米诺·池火"}


def test_leaves_of_an_escalation_sum_to_it(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A fire burns already: the outcome is certain, so the leaves sum to the frequency of the escalation."""
    city = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0))
    assert city.added.groupby("row")["f"].sum().to_numpy() == approx(city.frequency)
    assert (city.frequency > 0).all()


def test_no_unit_escalates_to_itself_nor_far_away(make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert City(make_inputs, parameters, near("oil_depot", 0.0)).added.empty
    assert City(make_inputs, parameters, near("oil_depot", 0.0), near("oil_depot", 900.0)).added.empty


def test_one_level_and_no_loop(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A third unit that only the second's escalation could reach gets nothing from it; a pair does not feed itself."""
    pair = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0))
    again = domino.escalations(pair.assembly, pair.assembly.units, np.ones(2))
    fresh = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0))
    assert fresh.frequency == approx(pair.frequency)
    assert not np.allclose(again, pair.frequency)  # asked again with its own results as primaries it would grow: nobody does


def test_escalation_is_bounded_by_what_causes_it(make_inputs: MakeInputs, parameters: Parameters) -> None:
    city = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0), near("tank_farm", 30.0))
    primaries = city.assembly.branches[:city.primary]
    total = sum(float(branch.frequency.sum()) for branch in primaries)
    for row, frequency in enumerate(city.frequency):
        own = sum(float(branch.frequency[branch.row == row].sum()) for branch in primaries)
        assert frequency <= total - own


def test_cooling_halves_what_heat_does_and_nothing_else(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = near("oil_depot", 0.0), near("oil_depot", 60.0)
    hot, cooled = (City(make_inputs, parameters, *rows, cooling=c).frequency for c in (1.0, 0.5))
    assert 0 < cooled[0] < hot[0]
    blast = Effect(Kernel.disc(1.0, 1.0), "blast", lambda r: np.full(r.shape, 5e4))
    assert domino.probability(blast, np.array([1.0]), np.array([100.0]), np.array(["atmospheric"], object), parameters,
                              np.array([np.inf]))[0] > 0.5


def test_buried_vessels_do_not_escalate(make_inputs: MakeInputs, parameters: Parameters) -> None:
    city = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0, buried=True))
    assert city.frequency[1] == 0
    assert city.frequency[0] > 0


def test_the_causes_management_counts_not_the_targets(make_inputs: MakeInputs, parameters: Parameters) -> None:
    plain = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0))
    bad_target = City(make_inputs, parameters, near("oil_depot", 0.0), near("lpg_depot", 60.0, enterprise_id="e2"))
    bad_cause = City(make_inputs, parameters, near("oil_depot", 0.0, enterprise_id="e2"), near("lpg_depot", 60.0))
    assert bad_target.frequency[1] == approx(plain.frequency[1])
    assert bad_target.added.query("row == 1")["f"].sum() == approx(plain.frequency[1])
    assert bad_cause.frequency[1] == approx(2 * plain.frequency[1])


def test_thresholds_by_category(parameters: Parameters) -> None:
    """Atmospheric 15, pressurised 45 kW/m²; 22 and 16 kPa (Cozzani and others 2004, 2006)."""
    gasoline, lpg, physics = Fuel.of(parameters, "gasoline"), Fuel.of(parameters, "lpg"), Physics.of(parameters)

    def reaches(effect: Effect, category: str, level: float) -> bool:
        r = np.geomspace(1, 2000, 4000)
        assert effect.intensity is not None
        probability = domino.probability(effect, r, np.full(4000, 100.0), np.full(4000, category, object), parameters,
                                         np.full(4000, np.inf))
        inside = effect.intensity(r) >= level
        return bool((probability[~inside] == 0).all() and (probability[inside] > 0).any())

    assert reaches(pool_effect(15.0, gasoline, physics), "atmospheric", 15e3)
    assert reaches(pool_effect(15.0, gasoline, physics), "pressurised", 45e3)
    assert reaches(blast_effect(10_000.0, lpg, physics), "atmospheric", 22e3)
    assert reaches(blast_effect(10_000.0, lpg, physics), "pressurised", 16e3)
    ball = domino.probability(fireball_effect(45_000.0, lpg, physics), np.linspace(1, 500, 50), np.full(50, 100.0),
                              np.full(50, "pressurised", object), parameters, np.full(50, np.inf))
    assert (ball == 0).all()  # a ball of fire is over before a pressurised vessel is hot


def test_a_short_fire_breaks_nothing(parameters: Parameters) -> None:
    """A 1,000 m³ atmospheric tank at 20 kW/m² fails after some 11 minutes: a fire of two minutes does not do it."""
    flux = Effect(Kernel.disc(1.0, 1.0), "heat", lambda r: np.full(r.shape, 20e3))
    category, volume = np.array(["atmospheric"] * 2, object), np.full(2, 1000.0)
    chance = domino.probability(flux, np.ones(2), volume, category, parameters, np.array([120.0, 3600.0]))
    assert chance[0] == 0 < chance[1]
    seconds = 60 * domino.time_to_failure(np.array([20e3]), np.array([1000.0]), "atmospheric", parameters)
    assert 600 < seconds[0] < 720


def test_flash_fires_and_poison_break_nothing(make_inputs: MakeInputs, parameters: Parameters) -> None:
    city = City(make_inputs, parameters, near("ammonia_cold_store", 0.0), near("oil_depot", 30.0))
    assert city.frequency[1] == 0
