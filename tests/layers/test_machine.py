"""What a run asks of the machine is said first; too much is refused; threads, a cluster and checkpoints are one setting away."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from geo.errors import BadParameter, RunError
from geo.grid import Grid
from geo.settings import Settings
from layers.machine import CHECKPOINTS_FROM_S, affordable, way_of
from riskmodel.budget import Estimate
from riskmodel.fields import lay
from tests.riskmodel.test_tiles import GRID, crowd, same, scenario_set


def inputs(side: int = 1000) -> SimpleNamespace:
    """As much of a run's inputs as an estimate looks at."""
    frames = {"enterprise": range(5000), "venue": range(70)}
    return SimpleNamespace(grid=Grid(0.0, 1e5, side, side), frames=frames, as_of=date(2026, 1, 1))


def test_the_estimate_is_said_before_anything_starts(tmp_path: Path) -> None:
    told: list[str] = []
    found = affordable(inputs(), Settings(home=tmp_path), lambda text, _done, _of: told.append(text))  # type: ignore[arg-type]
    assert told == [found.zh]
    assert found.cells == 1_000_000
    affordable(inputs(), Settings(home=tmp_path, language="en"), lambda text, _done, _of: told.append(text))  # type: ignore[arg-type]
    assert told[1] == found.en


def test_too_much_is_refused_by_the_settings(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="超过内存上限 100 MB"):
        affordable(inputs(), Settings(home=tmp_path, memory_limit_mb=100))  # type: ignore[arg-type]
    with pytest.raises(RunError, match="超过时限"):
        affordable(inputs(), Settings(home=tmp_path, score_limit_s=0.01))  # type: ignore[arg-type]


def _estimate(seconds: float) -> Estimate:
    return Estimate(GRID.size, 200, 1e6, 500.0, seconds, 2)


def test_a_long_run_keeps_its_tiles_until_it_is_done(tmp_path: Path) -> None:
    scenarios, settings = scenario_set(60, 8), Settings(home=tmp_path)

    def interrupted() -> None:
        with way_of(settings, _estimate(CHECKPOINTS_FROM_S + 1)) as way:
            lay(scenarios, crowd(), GRID, way=way)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list((tmp_path / "cache" / "tiles").rglob("*.npz"))
    with way_of(settings, _estimate(CHECKPOINTS_FROM_S + 1)) as way:
        assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    assert not (tmp_path / "cache" / "tiles").exists()
    with way_of(settings, _estimate(5.0)) as way:
        assert way.checkpoints is None


def test_a_cluster_by_its_setting_gives_the_same_bits(tmp_path: Path) -> None:
    scenarios = scenario_set(60, 8)
    with way_of(Settings(home=tmp_path, cluster="local:1"), _estimate(5.0)) as way:
        assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    with pytest.raises(BadParameter, match="集群地址"), way_of(Settings(home=tmp_path, cluster="somewhere"), _estimate(5.0)):
        pass
