"""An installation's own staff are not the public that its footprint reaches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskmodel.parameters import Parameters
from riskmodel.people import exposure, leave_out_own_staff
from riskmodel.run import build_scenarios
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme
from riskmodel.societal import event_table, fn_curve
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs
from tests.riskmodel.test_fields import CENTRE, Crowd, people, run

UNIT = {"id": "H", "enterprise_id": "E", "unit_type": "lpg_depot", "scope": "hc", "substance": "lpg", "quantity_t": 100.0,
        "vessels": 2, "vessel_m3": 100.0, "pressure_mpa": 0.8, "unloading_h": 300.0, "isolation": "remote", "fence_m": 40.0}


def test_the_own_cell_loses_the_own_staff_and_no_other_cell_does() -> None:
    b = ScenarioBuilder(("hazard_source", "pipeline"))
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0], x=CENTRE[0], y=CENTRE[1], frequency=1e-4,
                 kernel=b.kernel(Kernel.disc(600.0, 1.0)))
    scenarios = b.finish()
    grid_cell = run(b).ir[Scope.HC].argmax()
    crowd = Crowd(people().mean_outdoors, people().mean_indoors, (0.01, 0.2))
    own = replace(scenarios, points=replace(scenarios.points, own_cell=np.array([grid_cell]), own_staff=np.array([50.0])))
    from riskmodel.fields import lay
    from tests.riskmodel.test_fields import GRID as FIELD

    with_staff, without = lay(scenarios, crowd, FIELD).s.sum(axis=0), lay(own, crowd, FIELD).s.sum(axis=0)
    lost = with_staff - without
    assert np.flatnonzero(lost).tolist() == [grid_cell]
    assert lost[grid_cell] * 1e-15 == pytest.approx(1e-4 * 50 * (0.01 + 0.2), rel=1e-9)


def test_curves_leave_out_the_own_staff_only(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A depot of 80 among few neighbours: its curve falls at every N when its own people are left out."""
    place = {"x": GRID.west + 1950, "y": GRID.north - 1950}
    inputs = make_inputs(residents=0.5, hazard_source=[{**UNIT, **place}],
                         enterprise=[{"id": "E", "industry": "F", "staff_at_place": 80, **place},
                                     {"id": "N", "industry": "F", "staff_at_place": 40, "x": GRID.west + 150,
                                      "y": GRID.north - 150}])
    crowd = exposure(inputs, parameters)
    scenarios, _ = build_scenarios(inputs, parameters, crowd)
    forgetful = replace(scenarios, points=replace(scenarios.points, own_staff=np.zeros(len(scenarios.points.x))))
    tables = [event_table(inputs, s, crowd) for s in (scenarios, forgetful)]
    public, everybody = (fn_curve(table.rate, table.deaths) for table in tables)
    assert (public[:4] < everybody[:4]).all()
    assert (public > 0).any()


def test_sources_without_an_enterprise_own_nobody(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[{**UNIT, "enterprise_id": None}])
    scenarios, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    marked = leave_out_own_staff(scenarios, inputs)
    assert (marked.points.own_cell == -1).all()
    assert marked.kinds == SOURCE_KINDS
