"""Every benchmark runs in a tiny size, prints one JSON object with what it promises, and finds what its peer finds."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from api.bench import BENCHMARKS
from benchmarks.report import UNITS, Result

SERVER = os.environ.get("RISKMAP_TEST_POSTGIS", "")

#: Arguments of a tiny run, and figures that must be there: ours, the peer's, the ratios.
TINY: dict[str, tuple[list[str], set[str], set[str], set[str]]] = {
    "areas": (["--streets", "8"], {"coverage_s", "prepare_s", "first_s"}, {"coverage_s"}, {"coverage_ratio"}),
    "tiles": (["--snapshot", "small", "--repeats", "1"], {"deepest_s", "warp_s", "pyramid_s", "peak_mb"}, {"deepest_s", "warp_s"},
              {"deepest_ratio", "warp_ratio", "bytes_ratio"}),
    "read": (["--snapshot", "small", "--tiles", "50"],
             {"tiles_per_s", "polygon_cold_ms", "polygon_ms", "polygon_geojson_ms", "ranking_ms", "peak_mb"},
             {"tiles_per_s", "polygon_cold_ms", "polygon_ms", "polygon_geojson_ms", "ranking_ms"},
             {"tiles_ratio", "polygon_cold_ratio", "polygon_ratio", "ranking_ratio"}),
    "fields": (["--points", "200", "--lines", "200", "--columns", "200", "--rows", "200", "--share", "0.2"],
               {"fields_s", "first_s", "sources_per_s", "peak_mb"}, {"fixed_s", "coarse_scaled_s", "fine_scaled_s"},
               {"coarse_scaled_ratio", "fine_scaled_ratio"}),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home without a server, so that nothing of this machine is measured by accident."""
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RISKMAP_TEST_POSTGIS", raising=False)
    return tmp_path / "home"


def printed(name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    importlib.import_module(f"benchmarks.{name}").main([*arguments, "--json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def figures(answer: dict[str, Any]) -> dict[str, float]:
    parts = (answer["own"], answer["peer"] or {}, answer["ratios"], answer["agreement"])
    return {name: value for part in parts for name, value in part.items() if name != "name"}


def check_form(answer: dict[str, Any], name: str) -> None:
    assert answer["benchmark"] == name
    machine = answer["machine"]
    assert machine["cores"] >= 1
    assert machine["memory_mb"] > 500
    assert machine["cpu"]
    assert {"load_average_before", "load_average_after"} <= set(machine)
    assert "warm" in answer["conditions"]
    assert answer["sizes"]
    assert all(figure.endswith(UNITS) and isinstance(value, float) for figure, value in figures(answer).items())
    assert all(value > 0 for figure, value in answer["own"].items() if figure.endswith(("_s", "_mb", "_ms")))


@pytest.mark.parametrize("name", TINY)
@pytest.mark.usefixtures("home")
def test_prints_what_it_promises(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, own, peer, ratios = TINY[name]
    answer = printed(name, arguments, capsys)
    check_form(answer, name)
    assert own <= set(answer["own"])
    assert peer <= set(answer["peer"])
    assert ratios <= set(answer["ratios"])
    assert answer["peer"]["name"]
    AGREE[name](answer["agreement"])


def areas_agree(found: dict[str, float]) -> None:
    assert found["largest_difference_ratio"] < 1e-6  # float32 of the peer
    assert found["own_error_there_ratio"] < 1e-11
    assert found["own_worst_street_area_error_ratio"] < 1e-12


def tiles_agree(found: dict[str, float]) -> None:
    assert found["own_exact_pixels_ratio"] > 0.9999
    assert found["equal_pixels_ratio"] > 0.99


def read_agrees(found: dict[str, float]) -> None:
    assert found["same_features_ratio"] == 1


def fields_agree(found: dict[str, float]) -> None:
    assert abs(found["points_total_difference_ratio"]) < 0.01
    assert abs(found["lines_total_difference_ratio"]) < 0.005
    assert found["lines_by_cell_ratio"] < 0.02
    assert found["points_by_cell_ratio"] < 0.12  # sixteen and more places per cell against exact areas


AGREE = {"areas": areas_agree, "tiles": tiles_agree, "read": read_agrees, "fields": fields_agree}


@pytest.mark.city
@pytest.mark.usefixtures("home")
def test_night_measures_every_step_in_its_own_process(capsys: pytest.CaptureFixture[str]) -> None:
    answer = printed("night", ["--enterprises", "300", "--steps-only"], capsys)
    check_form(answer, "night")
    assert answer["peer"] is None
    assert answer["peer_reason"]
    for step in ("sample", "load", "first_score", "score"):
        assert {f"{step}_s", f"{step}_cpu_s", f"{step}_peak_mb"} <= set(answer["own"])
        assert answer["own"][f"{step}_peak_mb"] > 50
    assert answer["own"]["serve_ready_s"] < 60
    assert answer["own"]["serve_serving_mb"] > 30
    assert answer["sizes"]["streets"] == 343
    assert answer["sizes"]["features_by_kind"]["enterprise"] == 300


SMALL_STORE = ["--enterprises", "200", "--rows", "2000", "--pages", "20", "--page-rows", "5", "--hits", "30"]

#: What the store's benchmark promises of every engine.
STORE_FIGURES = {
    "load_1m_s", "load_1m_mb", "load_peer_ratio", "reload_s", "reload_changes", "read_city_s", "read_city_peer_ratio",
    "polygon_ms", "page_10000_ratio", "quality_s",
}


@pytest.mark.postgis
def test_the_store_is_measured_on_both_engines(home: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    if not SERVER:
        pytest.fail("RISKMAP_TEST_POSTGIS is not set: run `make test`, or export RISKMAP_TEST_POSTGIS=$(scripts/postgis.sh)")
    monkeypatch.setenv("RISKMAP_TEST_POSTGIS", SERVER)
    answer = printed("store", SMALL_STORE, capsys)
    assert answer["machine"]["cores"] >= 1
    assert set(answer["peers"]) == {"load", "read", "read_file", "polygon", "pages"}
    for engine in ("sqlite", "postgis"):
        figures_ = answer[engine]
        assert set(figures_) >= STORE_FIGURES
        assert all(figures_[name] > 0 for name in STORE_FIGURES - {"reload_changes"})
        assert (figures_["load_rows"], figures_["reload_changes"]) == (2000, 0)
        assert figures_["polygon_same_hits"] is True
        assert figures_["load_1m_mb"] > 50
    assert not (home / "store").exists()


def test_the_store_is_measured_without_a_server(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("benchmarks.store").main(SMALL_STORE)
    text = capsys.readouterr().out
    assert "load_1m_s" in text
    assert "cores" in text
    assert ["sqlite"] in [line.split() for line in text.splitlines()]  # the heads of the columns: no other engine
    assert not (home / "store").exists()


def test_every_benchmark_of_the_command_exists() -> None:
    assert set(BENCHMARKS) == {*TINY, "engine", "night", "store"}
    for name in BENCHMARKS:
        assert callable(importlib.import_module(f"benchmarks.{name}").main)


def test_a_figure_without_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end in its unit"):
        Result({}, "warm", {"load": 1.0}, "nobody")


@pytest.mark.usefixtures("home")
def test_prints_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("benchmarks.areas").main(["--streets", "4"])
    text = capsys.readouterr().out
    assert "coverage_s" in text
    assert "exactextract" in text
    assert "cores" in text
