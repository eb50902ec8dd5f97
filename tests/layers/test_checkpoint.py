"""Finished tiles survive the process that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.errors import RunCancelled
from layers.checkpoint import TileFolder
from riskmodel.fields import lay
from riskmodel.sweep import Way
from tests.riskmodel.test_tiles import GRID, crowd, same, scenario_set


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    scenarios, whole = scenario_set(), lay(scenario_set(), crowd(), GRID)
    folder = TileFolder(tmp_path / "tiles")
    done: list[int] = []
    with pytest.raises(RunCancelled, match="取消"):
        lay(scenarios, crowd(), GRID, way=Way(threads=1, checkpoints=folder.of, cancelled=lambda: len(done) >= 4,
                                              progress=lambda n, _: done.append(n)))
    assert len(list((tmp_path / "tiles").rglob("*.npz"))) == 4
    again: list[int] = []
    assert same(whole, lay(scenarios, crowd(), GRID, way=Way(checkpoints=folder.of, progress=lambda n, _: again.append(n))))
    assert again[0] == 5  # the first four were only read
    folder.clear()
    assert not (tmp_path / "tiles").exists()


def test_a_broken_file_counts_as_not_there_and_other_work_is_thrown_away(tmp_path: Path) -> None:
    scenarios, folder = scenario_set(60, 5), TileFolder(tmp_path / "tiles")
    whole = lay(scenarios, crowd(), GRID, way=Way(checkpoints=folder.of))
    files = sorted((tmp_path / "tiles").rglob("*.npz"))
    files[0].write_bytes(b"PK\x03\x04 half a file")
    files[1].write_bytes(b"")
    files[2].write_bytes(files[2].read_bytes()[:-200])
    assert same(whole, lay(scenarios, crowd(), GRID, way=Way(checkpoints=folder.of)))
    lay(scenario_set(30, 0), crowd(), GRID, way=Way(checkpoints=folder.of))
    assert not files[0].parent.exists()
    assert len(list((tmp_path / "tiles").iterdir())) == 1


def test_kept_arrays_are_the_same(tmp_path: Path) -> None:
    from riskmodel.bank import KernelBank
    from riskmodel.fields import take_points
    from riskmodel.tiles import Plan, lay_tile

    scenarios = scenario_set(50, 8)
    bank = KernelBank.of(scenarios.kernels)
    plan = Plan.of(take_points(scenarios.points, scenarios.points.kernel >= 0), scenarios.lines, bank, GRID)
    tile = int(plan.order()[0])
    laid = lay_tile(plan.work(tile, crowd(), (0, 1, 2)), bank)
    kept = TileFolder(tmp_path).of("work")
    assert kept.load(tile) is None
    kept.save(tile, laid)
    found = kept.load(tile)
    assert found is not None
    assert (found.scopes, found.themes) == (laid.scopes, laid.themes)
    assert all(np.array_equal(getattr(found, name), getattr(laid, name)) for name in ("ir", "s", "point_s", "line_s"))
