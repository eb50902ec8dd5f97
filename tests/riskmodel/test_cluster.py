"""A cluster gives the bits of one machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import distributed
import numpy as np
import pytest

from geo.errors import BadParameter, EnvironmentProblem, RunCancelled, RunError
from riskmodel import cluster, sharedmemory
from riskmodel.bank import KernelBank
from riskmodel.cluster import batched, connected, lay_batch, on_cluster, warm
from riskmodel.fields import individual_risk, lay, take_points
from riskmodel.scenarios import ScenarioSet
from riskmodel.sharedmemory import Room
from riskmodel.sweep import Way
from riskmodel.tiles import Plan, lay_tile
from tests.riskmodel.test_sharedmemory import rooms
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
    homes = set(client.run(os.getpid).values())
    assert len(homes) == 2
    assert os.getpid() not in homes


def test_workers_elsewhere_get_everything_by_the_network(client: Any, scenarios: ScenarioSet,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharedmemory, "possible", lambda: False)
    way = Way(elsewhere=on_cluster(client, task_seconds=0.0))
    assert client.direct_to_workers is True
    assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    client.direct_to_workers = None


def test_a_worker_that_does_not_find_the_memory_gets_the_rest_by_the_network(client: Any, scenarios: ScenarioSet,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """One that joined during the run, on another machine."""
    way = Way(elsewhere=on_cluster(client, task_seconds=0.0))
    sent: list[Any] = []

    def submit(task: Any, *given: Any, **more: Any) -> Any:
        sent.append(task)
        return type(client).submit(client, task, *given, **more)

    monkeypatch.setattr(cluster, "Room", LostRoom)
    monkeypatch.setattr(client, "submit", submit)
    assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    assert set(sent[:4]) == {cluster.lay_here}  # two for each worker, before the first has answered
    assert sent.count(lay_batch) > 4
    assert sent[-1] is lay_batch
    assert not rooms()


class LostRoom(Room):
    """A room whose address leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.address = replace(self.address, name="riskmap-elsewhere")


def test_nothing_stays_in_memory(client: Any, scenarios: ScenarioSet) -> None:
    found = lay(scenarios, crowd(), GRID, way=Way(elsewhere=on_cluster(client)))
    assert not rooms()
    with pytest.raises(RunCancelled):
        lay(scenarios, crowd(), GRID, way=Way(elsewhere=on_cluster(client, task_seconds=0.0), cancelled=lambda: True))
    assert not rooms()
    assert same(lay(scenarios, crowd(), GRID, way=Way(elsewhere=on_cluster(client))), found)


def test_nobody_answers_elsewhere() -> None:
    assert cluster._answering(Workers("tcp://127.0.0.1:9")) is False
    assert cluster._answering(Workers()) is True


class Workers:
    """A client that knows the addresses of its workers."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    def scheduler_info(self, **_: int) -> dict[str, Any]:
        return {"workers": dict.fromkeys(self._addresses)}


def test_batches_hold_every_tile_once_and_become_smaller(scenarios: ScenarioSet) -> None:
    plan = planned(scenarios, KernelBank.of(scenarios.kernels))
    order = plan.order().tolist()
    batches = batched(plan, order, 1e-3)
    assert [tile for batch in batches for tile in batch] == order
    assert len(batched(plan, order, 0.0)) == len(order)
    assert all(plan.cost[batch].sum() >= 1e-3 * cluster._UPDATES_PER_S for batch in batches[:-1])
    large = replace(plan, cost=np.full(len(plan.cost), 10e6))
    worth = [large.cost[batch].sum() / cluster._UPDATES_PER_S for batch in batched(large, order * 40, workers=4)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == pytest.approx(0.5, abs=0.02)
    assert worth[-2] == pytest.approx(cluster._LEAST_SECONDS, abs=0.02)


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


def test_a_worker_that_dies_costs_only_its_own_tasks(client: Any, scenarios: ScenarioSet) -> None:
    """Another one does them again, with the same bits."""
    doomed = sorted(client.run(os.getpid).values())[:1]

    def kill(_done: int, _of: int) -> None:
        while doomed:
            os.kill(doomed.pop(), signal.SIGKILL)

    way = Way(elsewhere=on_cluster(client, task_seconds=0.0), progress=kill)
    assert same(lay(scenarios, crowd(), GRID, way=way), lay(scenarios, crowd(), GRID))
    assert not doomed
