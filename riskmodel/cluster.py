"""The tiles of a run on a Dask cluster: the same function on every worker, so the same bits.

Dask is imported only here and only when somebody asks for a cluster. Tiles are sent in batches of up to half a second, because a
task costs milliseconds; the batches become smaller towards the end. Each takes its own scenarios and people with it, the kernels
are sent to every worker once. Workers on this machine read all of it, once, in its memory, and leave there what they found.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from geo.errors import BadParameter, EnvironmentProblem, RunError
from riskmodel import sharedmemory
from riskmodel.bank import KernelBank
from riskmodel.sharedmemory import Address, Packed, Room
from riskmodel.sweep import Elsewhere
from riskmodel.tiles import Laid, People, Plan, Work, lay_tile

#: Estimated seconds of work in one task, at most.
TASK_SECONDS = 0.5

#: What is left is cut into so many parts per worker, one of which is the next task: tasks become smaller towards the end, so that
#: no worker waits long for the last.
_PARTS_EACH = 2

#: Estimated seconds of work below which a task would cost more than it saves.
_LEAST_SECONDS = 0.06

#: Cell updates per second of one worker, for the size of a batch.
_UPDATES_PER_S = 500e6

_WAIT_S, _ANSWER_S, _REACHED_S = 60.0, 10.0, 1.0


def on_cluster(client: Any, *, task_seconds: float = TASK_SECONDS) -> Elsewhere:
    """Let a cluster lay the tiles: ``Way(elsewhere=on_cluster(client))``.

    Parameters
    ----------
    client : distributed.Client
    task_seconds : float
        Estimated work in one task, at most; less where a worker would have only a few.

    Examples
    --------
    >>> from riskmodel.sweep import Way
    >>> with connected("tcp://scheduler:8786") as client:  # doctest: +SKIP
    ...     lay(scenarios, people, grid, way=Way(elsewhere=on_cluster(client)))
    """

    def lay(plan: Plan, bank: KernelBank, people: People | None, scopes: Sequence[int],
            tiles: Sequence[int]) -> Iterator[tuple[int, Laid]]:
        dask: Any = importlib.import_module("distributed")

        bank.prepare(plan.grid.cell)
        workers = max(1, sum(client.nthreads().values()))
        waiting = iter(batched(plan, tiles, task_seconds, workers))
        running: Any = dask.as_completed(with_results=True)
        desk = _Desk(client, _Task(plan.lean(people), bank, people, tuple(scopes)), here)

        def start(batch: list[int] | None) -> None:
            if batch is not None:
                running.add(desk.submit(batch))

        try:
            with _failures_named(dask):
                for _ in range(2 * workers):  # the next waits at the worker while it computes; more would only fill memory
                    start(next(waiting, None))
            while not running.is_empty():
                with _failures_named(dask):
                    future, found = next(running)
                    if isinstance(found, BaseException):  # a task that the cluster gave up comes back as its own reason
                        raise found
                    batch, laid = desk.collect(future, found)
                    start(batch if laid is None else next(waiting, None))
                yield from laid or ()
        finally:
            desk.close()

    here = _all_here(client)
    if not here and client.direct_to_workers is None:
        client.direct_to_workers = _answering(client)
    return lay


@dataclass(frozen=True)
class _Task:
    """What the tiles of one sweep have in common."""

    plan: Plan
    bank: KernelBank
    people: People | None
    scopes: tuple[int, ...]

    def work(self, tile: int) -> Work:
        """What one tile needs."""
        return self.plan.work(tile, self.people, self.scopes)


class _Desk:
    """Hands tasks to the workers and takes back what they found.

    Through the memory of this machine (:mod:`riskmodel.sharedmemory`) while every worker finds it there; through the network from
    the first task on whose worker does not.
    """

    def __init__(self, client: Any, task: _Task, here: bool) -> None:
        self._client, self._task, self._here = client, task, here
        self._batches: dict[Any, tuple[list[int], Room | None]] = {}
        self._sent: Any = None
        self._shared = Room() if here else None
        self._left = self._shared.put(task) if self._shared else None

    def submit(self, tiles: list[int]) -> Any:
        """A future of some tiles."""
        room = None
        if self._here and self._shared:
            room = Room()
            future = self._client.submit(lay_here, tiles, room.address, self._shared.address, self._left, pure=False)
        else:
            if self._sent is None:
                self._sent = self._client.scatter(self._task.bank, broadcast=True)
            with _large_tasks():
                works = [self._task.work(tile) for tile in tiles]
                future = self._client.submit(lay_batch, tiles, works, self._sent, pure=False)
        self._batches[future.key] = tiles, room
        return future

    def collect(self, future: Any, found: Any) -> tuple[list[int], list[tuple[int, Laid]] | None]:
        """The tiles of a finished task and what it found; None if its worker did not find the memory."""
        tiles, room = self._batches.pop(future.key)
        if room is None:
            return tiles, found
        try:
            self._here = self._here and found is not None
            return tiles, None if found is None else [(tile, room.take(packed)) for tile, packed in found]
        finally:
            room.close()

    def close(self) -> None:
        """Give back the memory of tasks that nobody waits for any more, and let the workers forget what they share."""
        if self._shared and self._client.status == "running":
            self._client.run(_forget, wait=False, on_error="ignore")
        for room in (self._shared, *(room for _, room in self._batches.values())):
            if room:
                room.close()


def _all_here(client: Any) -> bool:
    """Whether all workers can be reached through the memory of this machine."""
    if not sharedmemory.possible():
        return False
    room = Room()
    try:
        return all(answer is True for answer in client.run(room.address.reachable, on_error="return").values())
    finally:
        room.close()


def _answering(client: Any) -> bool:
    """Whether every worker takes connections from here: results then come straight from it, not through the scheduler."""
    try:
        for address in client.scheduler_info(n_workers=-1)["workers"]:
            host, _, port = address.rpartition("://")[2].rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_S).close()
    except (OSError, ValueError):  # nobody there, or an address without a port
        return False
    return True


def lay_here(tiles: Sequence[int], address: Address, shared: Address, task: Packed) -> list[tuple[int, Packed]] | None:
    """One task whose scenarios lie in the memory of this machine, and whose tiles are left in a room; None if it finds neither.

    A task that is done twice, because its worker was taken for dead, writes the same bytes to the same places.

    Examples
    --------
    >>> client.submit(lay_here, tiles, room.address, shared.address, shared.put(task))  # doctest: +SKIP
    """
    room, given = address.opened(), _given(shared, task)
    if room is None:
        return None
    try:
        if given is None:
            return None
        end, found = 0, []
        for tile in tiles:
            found.append((tile, sharedmemory.put(room, lay_tile(given.work(tile), given.bank), end)))
            end = found[-1][1].end
        return found
    finally:
        os.close(room)


@lru_cache(maxsize=1)
def _given(address: Address, packed: Packed) -> _Task | None:
    room = address.opened()
    if room is None:
        return None
    try:
        task: _Task = sharedmemory.take(room, packed)
        return task
    finally:
        os.close(room)


async def _forget() -> None:  # Dask waits for what is not a coroutine
    _given.cache_clear()


def _large_tasks() -> Any:
    """A task carries its own scenarios and people, tens of megabytes: meant, so nothing to warn of."""
    return importlib.import_module("dask.config").set({"distributed.admin.large-graph-warning-threshold": "1GB"})


@contextmanager
def _failures_named(dask: Any) -> Iterator[None]:
    """What a cluster does when its workers or its scheduler die, as an error that says so."""
    lost = (dask.KilledWorker, dask.CancelledError, dask.comm.CommClosedError, TimeoutError)
    try:
        yield
    except lost as error:
        raise RunError(f"集群中断：{error or type(error).__name__}", f"the cluster broke off: {error or type(error).__name__}",
                       remedy_zh="旧图保持不变；请检查调度器与工作进程（内存、网络）后重新评分。",
                       remedy_en="The last map stays. See to the scheduler and the workers (memory, network), then score again.",
                       ) from error


def lay_batch(tiles: Sequence[int], works: Sequence[Work], bank: KernelBank) -> list[tuple[int, Laid]]:
    """One task: several tiles, one after the other.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.tiles import take_points
    >>> found = scored().scenarios
    >>> bank = KernelBank.of(found.kernels)
    >>> plan = Plan.of(take_points(found.points, found.points.kernel >= 0), found.lines, bank, GRID)
    >>> [(tile, laid.ir.shape) for tile, laid in lay_batch([0], [plan.work(0, None, (0,))], bank)]
    [(0, (1, 4, 6))]
    """
    return [(tile, lay_tile(work, bank)) for tile, work in zip(tiles, works, strict=True)]


def batched(plan: Plan, tiles: Sequence[int], task_seconds: float = TASK_SECONDS, workers: int = 1) -> list[list[int]]:
    """Tiles in their order, cut where a batch is worth a task: a part of what is left, at most `task_seconds`.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.tiles import take_points
    >>> found = scored().scenarios
    >>> points = take_points(found.points, found.points.kernel >= 0)
    >>> plan = Plan.of(points, found.lines, KernelBank.of(found.kernels), GRID, side=2)
    >>> batched(plan, [0, 1, 2, 3]), batched(plan, [0, 1, 2, 3], task_seconds=0.0)
    ([[0, 1, 2, 3]], [[0], [1], [2], [3]])
    """
    batches: list[list[int]] = []
    left = float(plan.cost[list(tiles)].sum())
    worth = wanted = 0.0
    for tile in tiles:
        if not batches or worth >= wanted:
            wanted = min(task_seconds * _UPDATES_PER_S, max(left / (_PARTS_EACH * workers), _LEAST_SECONDS * _UPDATES_PER_S))
            batches.append([])
            worth = 0.0
        batches[-1].append(tile)
        worth += float(plan.cost[tile])
        left -= float(plan.cost[tile])
    return batches


@contextmanager
def connected(where: str) -> Iterator[Any]:
    """A client of the cluster at ``tcp://host:port``, or of a local one made for the purpose (``local:4``).

    Raises
    ------
    BadParameter
        If the address has another form.
    EnvironmentProblem
        If nobody answers there.

    Examples
    --------
    >>> try:
    ...     with connected("scheduler:8786"): pass
    ... except BadParameter as error: print(error.remedy("en"))
    Write tcp://host:port, or local:N, for example local:4.
    """
    made: Any = None
    if where.startswith("local:") and where[6:].isdigit() and 1 <= int(where[6:]) <= 64:
        made = local_cluster(int(where[6:]))
        address = made
    elif where.startswith(("tcp://", "tls://")):
        address = where
    else:
        raise BadParameter(f"集群地址“{where}”不合格式", f"the cluster address {where!r} has the wrong form",
                           remedy_zh="请写 tcp://主机:端口，或 local:进程数，例如 local:4。",
                           remedy_en="Write tcp://host:port, or local:N, for example local:4.", cluster=where)
    dask: Any = importlib.import_module("distributed")
    try:
        client = dask.Client(address, timeout=_WAIT_S if made else _ANSWER_S)
    except OSError as error:
        raise EnvironmentProblem(f"连不上集群 {where}：{error}", f"no cluster answers at {where}: {error}",
                                 remedy_zh="请检查调度器是否在运行、端口是否可达。",
                                 remedy_en="See whether the scheduler runs and its port can be reached.") from error
    try:
        _wait_for_workers(client, where)
        yield client
    finally:
        client.close()
        if made:
            made.close()


def _wait_for_workers(client: Any, where: str) -> None:
    """A scheduler without workers would keep a run waiting for ever."""
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except TimeoutError as error:
        raise EnvironmentProblem(f"集群 {where} 没有工作进程", f"the cluster at {where} has no workers",
                                 remedy_zh="请先启动工作进程，例如 dask worker 调度器地址。",
                                 remedy_en="Start workers first, for example: dask worker ADDRESS.") from error


#: What the processes of a local cluster do beside the work: they look at themselves less often than far ones, whose owner may
#: want Dask's profile. By default four idle processes take an eighth of a core.
_QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms",
          "distributed.worker.memory.monitor-interval": "500ms"}


def local_cluster(workers: int) -> Any:
    """A cluster of single-threaded processes on this machine, reachable from this machine only; pages on any free port.

    Examples
    --------
    >>> with local_cluster(4) as cluster:  # doctest: +SKIP
    ...     print(cluster.scheduler_address)
    """
    dask: Any = importlib.import_module("distributed")
    with importlib.import_module("dask.config").set(_QUIET):
        return dask.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                                 dashboard_address="127.0.0.1:0", silence_logs=40)


def warm(client: Any) -> None:
    """Load the compiled code in every worker, so that the first tile does not wait for it.

    Examples
    --------
    >>> with connected("local:4") as client:  # doctest: +SKIP
    ...     warm(client)
    """
    client.run(load_kernels)


def load_kernels() -> None:
    """Lay one small footprint, which loads or makes the compiled code.

    Examples
    --------
    >>> from riskmodel.kernels.tiles import add_points
    >>> load_kernels()
    >>> len(add_points.signatures) > 0
    True
    """
    import numpy as np

    from geo.grid import Grid
    from riskmodel.fields import individual_risk
    from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme

    builder = ScenarioBuilder(("hazard_source",))
    builder.add_points("hazard_source", "热身", Theme.HAZCHEM, Scope.HC, row=np.zeros(2), x=[150.0, 5000.0], y=5000.0,
                       frequency=1e-6, kernel=[builder.kernel(Kernel.disc(20.0, 1.0)), builder.kernel(Kernel.disc(900.0, 1.0))])
    individual_risk(builder.finish(), Grid(0.0, 10_000.0, 100, 100))
