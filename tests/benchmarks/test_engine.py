"""The engine's benchmark in a tiny size: every promised figure, and what must agree agrees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import engine
from benchmarks.city import pickled_city
from benchmarks.regions import generate, part, people
from benchmarks.scaling import chart, table

TINY = ["--sources", "1500", "--side", "300", "--changed", "40", "--events", "640", "--event-side", "150", "--workers", "2",
        "--share", "0.1", "--draws", "20", "--enterprises", "300"]
PROMISED = {
    "ir": {"ir_s", "ir_mb", "ir_limit_ratio", "incremental_s", "incremental_equal"},
    "merged": {"merged_s"},
    "naive": {"naive_ratio"},
    "dask": {"dask_equal", "dask_overhead"},
    "scaling": {"scaling"},
}


def printed(part_name: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """One part in this process, as its own process would print it."""
    engine.main([*TINY, *more, "--part", part_name])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


@pytest.mark.parametrize("name", PROMISED)
def test_every_part_gives_its_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = printed(name, capsys)
    assert PROMISED[name] <= set(answer)
    assert all(value > 0 for figure, value in answer.items() if figure.endswith(("_s", "_mb", "_ratio")))
    assert answer.get("incremental_equal", True) is True
    assert answer.get("dask_equal", True) is True


def test_cost_against_size_is_drawn() -> None:
    rows = [{"what": what, "factor": factor, "sources": 10, "cells": 10, "updates": 1e3, "s": seconds, "ns_per_update": 1.0}
            for what, most in (("sources", 10.0), ("cells", 1.5), ("area", 11.0))
            for factor, seconds in ((1.0, 1.0), (10.0, most))]
    drawn = re.findall(r'd="([^"]+)"[^>]* style="fill: none; stroke(?:-dasharray: [^;]+; stroke-dashoffset: 0; stroke)?: '
                       r'(?:#777777|#0072b2|#d55e00|#009e73)', chart(rows))
    dashed, sources, cells, area = ([float(number) for number in line.split()[-2:]] for line in drawn[:4])
    assert sources == dashed  # ten times the sources, ten times the time: on the dashed line
    assert cells[0] == area[0] == dashed[0]
    assert area[1] < dashed[1] < cells[1]  # downwards is more
    assert "1.50" in table(rows)


def test_the_whole_prints_one_object_with_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path))
    engine.main([*TINY, "--parts", "merged", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["benchmark"] == "engine"
    assert answer["machine"]["cores"] >= 1
    assert "warm" in answer["conditions"]
    assert answer["sizes"]["sources"] == 1500
    assert answer["merged_s"] > 0


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        engine.main(["--parts", "ir,lunch"])
    assert "lunch" in capsys.readouterr().err


@pytest.mark.city
def test_the_city_is_scored_drawn_and_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = _options(TINY)
    path = pickled_city(options, tmp_path)
    answer = printed("city", capsys, "--city", str(path))
    assert {"city_s", "city_mb", "draws_s", "explain_ms", "naive_city_ratio"} <= set(answer)
    assert abs(answer["naive_city_pll_rel_error"]) < 0.05
    assert answer["draws"] == 20


def test_the_generated_region_is_what_it_says() -> None:
    region = generate(160, 200, places=10)
    assert len(np.unique(region.x)) == 10
    assert (np.diff(region.place) >= 0).all()
    scenarios = region.scenarios(indoors=0.5)
    assert np.array_equal([scenarios.kernels[k].radius for k in scenarios.points.kernel], region.radius)
    assert np.array_equal(scenarios.kernels[scenarios.points.kernel[7]].outdoors, region.tables[region.table[7]])
    assert (region.grid.index(region.x, region.y) >= 0).all()
    assert people(region.grid).mean_outdoors.min() >= 0
    assert len(part(scenarios, np.arange(5)).points.x) == 5


def test_the_peers_hazard_is_ours() -> None:
    """The matrix that CLIMADA is given: one row per event, P(death) in each cell, from the same tables."""
    from benchmarks.peer_climada import lethality
    from riskmodel.rings import risk_and_deaths
    from riskmodel.scenarios import Scope

    region = generate(64, 120, places=4, least=800.0, most=1500.0, steep=3.0)
    first = np.flatnonzero(np.concatenate([[True], np.diff(region.place) > 0, [True]]))
    events = {"side": np.array(120), "cell": np.array(100.0), "x": region.x - region.grid.west, "y": region.grid.north - region.y,
              "radius": region.radius, "table": region.table, "tables": region.tables, "first": first}
    matrix = lethality(events)
    crowd = people(region.grid)
    ir, deaths = risk_and_deaths(region.scenarios(), crowd, region.grid, scopes=(Scope.HC,))
    assert matrix @ crowd.everybody == pytest.approx(deaths, rel=1e-12)
    assert region.frequency @ matrix == pytest.approx(ir[0] * 1e-18, rel=1e-9, abs=64e-18)


def test_climada_is_never_ours() -> None:
    """It lives in an environment of its own that the benchmark makes; here it must not even be importable."""
    with pytest.raises(ModuleNotFoundError):
        __import__("climada")


def _options(arguments: list[str]) -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    engine.declare(parser)
    return parser.parse_args(arguments)
