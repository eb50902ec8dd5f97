"""A cluster gives the bits of one machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import distributed
import numpy as np
import pytest

from geo.errors import BadParameter, EnvironmentProblem, RunError
from riskmodel import cluster
from riskmodel.bank import KernelBank
from riskmodel.cluster import batched, connected, lay_batch, on_cluster, warm
from riskmodel.fields import individual_risk, lay, take_points
from riskmodel.scenarios import ScenarioSet
from riskmodel.sweep import Way
from riskmodel.tiles import Plan, lay_tile
from tests.riskmodel.test_tiles import GRID, crowd, same, scenario_set


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two real worker processes on this machine."""
    with connected("local:2") as found:
        warm(found)
        yield found


@pytest.fixture(scope="module")
def scenarios() -> ScenarioSet:
    return scenario_set()


def planned(scenarios: ScenarioSet, bank: KernelBank) -> Plan:
    return Plan.of(take_points(scenarios.points, scenarios.points.kernel >= 0), scenarios.lines, bank, GRID)


def test_workers_give_the_same_bits(client: Any, scenarios: ScenarioSet) -> None:
    told: list[int] = []
    way = Way(elsewhere=on_cluster(client, task_seconds=0.0), progress=lambda done, _: told.append(done))
    assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    assert told[-1] == len(told) > 5
    alone = individual_risk(scenarios, GRID)
    assert np.array_equal(individual_risk(scenarios, GRID, way=Way(elsewhere=on_cluster(client))), alone)


def test_the_workers_did_the_work(client: Any, scenarios: ScenarioSet) -> None:
    """Every tile was laid in another process than this one."""
    import os

    homes = set(client.run(os.getpid).values())
    assert len(homes) == 2
    assert os.getpid() not in homes


def test_batches_hold_every_tile_once_and_are_worth_a_task(scenarios: ScenarioSet) -> None:
    plan = planned(scenarios, KernelBank.of(scenarios.kernels))
    order = plan.order().tolist()
    batches = batched(plan, order, 1e-3)
    assert [tile for batch in batches for tile in batch] == order
    assert len(batched(plan, order, 0.0)) == len(order)
    assert len(batched(plan, order, 1e9)) == 1
    assert all(plan.cost[batch].sum() >= 1e-3 * 250e6 for batch in batches[:-1])


def test_a_task_is_its_tiles(scenarios: ScenarioSet) -> None:
    bank = KernelBank.of(scenarios.kernels)
    plan = planned(scenarios, bank)
    tiles = plan.order().tolist()[:2]
    works = [plan.work(tile, crowd(), (0, 1)) for tile in tiles]
    for (tile, laid), work in zip(lay_batch(tiles, works, bank), works, strict=True):
        assert tile in tiles
        assert np.array_equal(laid.ir, lay_tile(work, bank).ir)


@pytest.mark.parametrize("where", ["", "local", "local:0", "local:x", "local:1000", "http://127.0.0.1:8786"])
def test_a_wrong_address_is_refused(where: str) -> None:
    with pytest.raises(BadParameter, match="集群地址"), connected(where):
        pass


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER_S", 0.5)
    with pytest.raises(EnvironmentProblem, match="连不上集群"), connected("tcp://127.0.0.1:9"):
        pass


def test_a_scheduler_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER_S", 0.3)
    with cluster.local_cluster(0) as empty, \
            pytest.raises(EnvironmentProblem, match="没有工作进程"), connected(empty.scheduler_address):
        pass


def test_lost_tasks_end_the_run_with_a_reason(client: Any, scenarios: ScenarioSet) -> None:
    """Tasks that the cluster gave up end the run; it does not wait for ever."""
    def give_up(_done: int, _of: int) -> None:
        client.cancel([distributed.Future(key, client) for key in list(client.futures)], force=True)

    with pytest.raises(RunError, match="集群中断"):
        lay(scenarios, crowd(), GRID, way=Way(elsewhere=on_cluster(client, task_seconds=0.0), progress=give_up))
