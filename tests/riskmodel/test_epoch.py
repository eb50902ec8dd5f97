"""Frozen constants are neutral on the city they were computed from."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.epoch import constants
from riskmodel.likelihood import management_items
from riskmodel.parameters.load import Parameters
from riskmodel.precedence import resolve
from riskmodel.scenarios import ScenarioBuilder
from riskmodel.semi import assess, staff_rates, units
from tests.riskmodel.conftest import MakeInputs


@pytest.fixture
def reference(make_inputs: MakeInputs):
    rng = np.random.default_rng(3)
    firms = [
        {
            "id": f"u{i}", "industry": str(rng.choice(list("CFHN"))), "staff_at_place": int(rng.lognormal(4, 1)) + 1,
            "premises": "factory", "standardisation": str(rng.choice(["一级", "二级", "无"])),
            "inspection": str(rng.choice(["合格", "无"])),
        }
        for i in range(120)
    ]
    rows = [
        {"enterprise_id": f"u{rng.integers(90)}", "method": "LEC", "accident_type": "触电", "e": 6,
         "l": float(rng.choice([3, 1, 0.5])), "c": float(rng.choice([15, 7, 3]))}
        for _ in range(1200)
    ]  # fmt: skip
    return make_inputs(enterprise=firms, risk_source=rows)


def test_reports_neither_add_nor_take(reference, builder: ScenarioBuilder, parameters: Parameters) -> None:
    counted = resolve(builder, reference, parameters)
    found = constants(reference, parameters, counted)
    fresh = parameters.replace(**{name.replace(".", "__"): value for name, value in found.items()})
    shared = units(reference, fresh, counted, assess(reference.frames["risk_source"], fresh))
    firms = reference.frames["enterprise"]
    plain = staff_rates(firms["industry"], fresh) * firms["staff_at_place"].to_numpy()
    assert shared.covered.sum() >= 85
    assert shared.total.sum() == pytest.approx(plain[shared.covered].sum(), rel=1e-9)


def test_management_neither_adds_nor_takes(reference, builder: ScenarioBuilder, parameters: Parameters) -> None:
    from riskmodel.fire import premises_deaths

    counted = resolve(builder, reference, parameters)
    found = constants(reference, parameters, counted)
    fresh = parameters.replace(**{name.replace(".", "__"): value for name, value in found.items()})
    base = units(reference, fresh, counted, assess(reference.frames["risk_source"], fresh)).total
    base = base + premises_deaths(reference, fresh, counted)
    factor = management_items(reference, fresh)["factor"].to_numpy()
    assert base @ factor == pytest.approx(base.sum(), rel=1e-9)
    assert factor.min() < 1 < factor.max()


def test_protection_neither_adds_nor_takes(make_inputs: MakeInputs, builder: ScenarioBuilder, parameters: Parameters) -> None:
    from riskmodel.fire import premises_deaths

    shop = {"industry": "F", "premises": "shop", "floor_area_m2": 500.0, "staff_at_place": 10}
    mixed = make_inputs(enterprise=[shop, {**shop, "sprinklers": True}, {**shop, "alarm": True}])
    plain = make_inputs(enterprise=[shop, shop, shop])
    counted = resolve(builder, mixed, parameters)
    mean = constants(mixed, parameters, counted)["fire.factor.mean"]
    assert mean == pytest.approx((1 + 0.3 + 0.7) / 3)
    protected = premises_deaths(mixed, parameters.replace(fire__factor__mean=mean), counted).sum()
    assert protected == pytest.approx(premises_deaths(plain, parameters.replace(fire__factor__mean=1.0), counted).sum())
