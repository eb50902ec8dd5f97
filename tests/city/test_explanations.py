"""Explanations of the full city: any place, the shares sum to the whole."""

from __future__ import annotations

import time

import numpy as np
import pytest

from layers.explain import Explainer
from layers.integrity import problems
from riskmodel.explain import explain_cell
from tests.city.conftest import City

pytestmark = pytest.mark.city


@pytest.fixture(scope="module")
def explainer(city: City) -> Explainer:
    return Explainer(city.snapshot)


def test_cells_are_explained_to_the_last_bit(city: City, explainer: Explainer) -> None:
    cells = city.snapshot.cells
    level, s, index = cells.numbers("level"), cells.numbers("s"), cells.numbers("cell")
    rng = np.random.default_rng(1)
    chosen = np.concatenate([rng.choice(np.flatnonzero(level == n), 15, replace=False) for n in range(1, 5)])
    for row in chosen:
        found = explain_cell(explainer.evidence, int(index[row]))
        assert int(found.s.sum()) == int(s[row])
        assert found.ir is not None
        assert found.ir.sum(axis=0).tolist() == [int(cells.numbers(f"ir_{k}")[row]) for k in ("hc", "an", "semi")]


def test_every_street_is_explained_to_the_whole(city: City, explainer: Explainer) -> None:
    rows = city.snapshot.area_rows("street")[::7]
    for record in city.snapshot.area_records(rows):
        answer = explainer.area(record["code"])
        assert answer["total_pll"] == pytest.approx(record["pll"], rel=1e-9)
        assert sum(t["share"] for t in answer["themes"]) == pytest.approx(1.0, abs=1e-9)
        assert sum(c["share"] for c in answer["contributors"]) + answer["rest"]["share"] == pytest.approx(1.0, abs=1e-9)


def test_a_line_is_explained_with_its_class_and_what_stands_near(city: City, explainer: Explainer) -> None:
    sources = city.snapshot.sources
    lines = [i for i, grade in enumerate(sources.texts("hca")) if grade == "Ⅱ"]
    assert {sources.texts("kind")[i] for i in lines} == {"pipeline"}
    told = None
    for place in sources.rows(lines, ("id", "lon", "lat")):
        cell = city.snapshot.cell_at(place["lon"], place["lat"])
        if cell is not None and told is None:
            found = explainer.cell(cell["id"], limit=1000)["contributors"]
            told = next((c["line"] for c in found if c["id"] == place["id"]), None)
    assert told is not None
    assert told["class_location"] in ("一级", "二级", "三级", "四级")
    assert told["evidence"]["areas"][0]["reasons"]
    assert told["evidence"]["position_accuracy_m"] == 5.0


def test_a_red_cell_says_why(city: City, explainer: Explainer) -> None:
    cells = city.snapshot.cells
    row = int(np.flatnonzero(cells.numbers("level") == 1)[0])
    answer = explainer.cell(city.snapshot.cell_records([row])[0]["id"])
    assert answer["rules"][0]["level"] == 1
    assert answer["contributors"]
    assert answer["next"]


def test_the_city_is_the_sum_of_its_districts(city: City, explainer: Explainer) -> None:
    whole = explainer.area("110000")["total_pll"]
    parts = sum(explainer.area(r["code"])["total_pll"] for r in city.snapshot.area_records(city.snapshot.area_rows("district")))
    assert whole == pytest.approx(parts, rel=1e-9)
    assert whole == pytest.approx(city.night.totals["pll"], rel=1e-9)


def test_an_explanation_is_quick(explainer: Explainer) -> None:
    explainer.area("110101001000")
    start = time.perf_counter()
    explainer.area("110105014000")
    assert time.perf_counter() - start < 2.0  # guards against a scan of the whole city, not a benchmark


def test_the_snapshot_verifies(city: City) -> None:
    assert problems(city.night.path) == []
