"""Every tile once: by threads, most expensive first, with progress, cancellation, and what an earlier attempt finished."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from dataclasses import fields as columns_of
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geo.errors import RunCancelled
from riskmodel.bank import KernelBank
from riskmodel.tiles import Laid, People, Plan, StillPeople, lay_tile


class Checkpoint(Protocol):
    """Finished tiles of one piece of work, kept by the caller (the model writes no files).

    Examples
    --------
    >>> class Kept(dict):
    ...     def load(self, tile): return self.get(tile)
    ...     def save(self, tile, laid): self[tile] = laid
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.fields import lay
    >>> kept = Kept()
    >>> _ = lay(scored().scenarios, scored().exposure, GRID, way=Way(checkpoints=lambda name: kept))
    >>> sorted(kept)
    [0]
    """

    def load(self, tile: int) -> Laid | None:
        """A tile that an earlier attempt finished, or None."""

    def save(self, tile: int, laid: Laid) -> None:
        """Keep a finished tile."""


#: Given the fingerprint of the work, the tiles kept for exactly this work.
Checkpoints = Callable[[str], Checkpoint]

#: Lays tiles elsewhere (a cluster): given plan, bank, people, scopes and tiles, yields (tile, what it found) in any order.
Elsewhere = Callable[[Plan, KernelBank, "People | None", Sequence[int], Sequence[int]], Iterator[tuple[int, Laid]]]


@dataclass(frozen=True)
class Way:
    """How the tiles are worked through; no setting changes a bit of the result.

    Attributes
    ----------
    threads : int
        Tiles at a time in this process.
    progress : callable, optional
        Told (tiles done, tiles).
    cancelled : callable, optional
        Asked before every tile; true stops the work.
    checkpoints : callable, optional
        Where finished tiles are kept, so that a crash costs at most the tiles in hand.
    elsewhere : callable, optional
        Lays the tiles instead of the threads, for example :func:`riskmodel.cluster.on_cluster`.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.fields import lay
    >>> told = []
    >>> way = Way(threads=1, progress=lambda done, of: told.append((done, of)))
    >>> _ = lay(scored().scenarios, scored().exposure, GRID, way=way)
    >>> told
    [(1, 1)]
    """

    threads: int = 2
    progress: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    checkpoints: Checkpoints | None = None
    elsewhere: Elsewhere | None = None


def sweep(plan: Plan, bank: KernelBank, people: People | None, scopes: Sequence[int], way: Way) -> Iterator[tuple[int, Laid]]:
    """Lay every tile that anything reaches; yields (tile, what it found) as they are finished.

    Raises
    ------
    RunCancelled
        If `way.cancelled` says so.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.tiles import take_points
    >>> found, people = scored().scenarios, scored().exposure
    >>> bank = KernelBank.of(found.kernels)
    >>> plan = Plan.of(take_points(found.points, found.points.kernel >= 0), found.lines, bank, GRID)
    >>> [(tile, laid.ir.shape) for tile, laid in sweep(plan, bank, people, (0, 1, 2), Way())]
    [(0, (2, 4, 6))]
    """
    order = [int(tile) for tile in plan.order()]
    people = StillPeople.of(people) if people is not None else None
    kept = way.checkpoints(fingerprint(plan, bank, people, scopes)) if way.checkpoints else None
    done, todo = 0, []
    for tile in order:
        laid = kept.load(tile) if kept is not None else None
        if laid is None:
            todo.append(tile)
            continue
        done += 1
        yield tile, laid
    if way.elsewhere:
        found = way.elsewhere(plan, bank, people, scopes, todo)
    else:
        found = _by_threads(plan, bank, people, scopes, todo, way)
    for tile, laid in found:
        if kept is not None:
            kept.save(tile, laid)
        done += 1
        yield tile, laid
        if way.progress:
            way.progress(done, len(order))
        stop_if(way.cancelled)


def stop_if(cancelled: Callable[[], bool] | None) -> None:
    """Raise :class:`~geo.errors.RunCancelled` if somebody asked to stop.

    Examples
    --------
    >>> stop_if(lambda: False)
    >>> try: stop_if(lambda: True)
    ... except RunCancelled as error: print(error.zh)
    计算已取消
    """
    if cancelled and cancelled():
        raise RunCancelled("计算已取消", "the calculation was cancelled", remedy_zh="旧图保持不变；需要时请重新评分。",
                           remedy_en="The last map stays; score again when you want to.")


def _by_threads(plan: Plan, bank: KernelBank, people: People | None, scopes: Sequence[int], tiles: Sequence[int],
                way: Way) -> Iterator[tuple[int, Laid]]:
    """At most two tiles per thread are in memory: the next starts when one has been taken."""
    bank.prepare(plan.grid.cell)
    waiting = iter(tiles)
    running: dict[Future[Laid], int] = {}
    pool = ThreadPoolExecutor(way.threads)

    def start() -> None:
        tile = next(waiting, None)
        if tile is not None:
            running[pool.submit(lambda: lay_tile(plan.work(tile, people, scopes), bank))] = tile

    try:
        for _ in range(2 * way.threads):
            start()
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                tile = running.pop(future)
                laid = future.result()
                start()
                yield tile, laid
    finally:
        pool.shutdown(cancel_futures=True)


def fingerprint(plan: Plan, bank: KernelBank, people: People | None, scopes: Sequence[int]) -> str:
    """Name of exactly this work: equal inputs, equal name.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.tiles import take_points
    >>> found = scored().scenarios
    >>> bank = KernelBank.of(found.kernels)
    >>> plan = Plan.of(take_points(found.points, found.points.kernel >= 0), found.lines, bank, GRID)
    >>> fingerprint(plan, bank, None, (0,)) == fingerprint(plan, bank, None, (1,))
    False
    """
    digest = hashlib.blake2b(repr((plan.grid, plan.side, tuple(scopes))).encode(), digest_size=16)
    arrays: list[NDArray[Any]] = [getattr(table, f.name) for table in (plan.points, plan.lines, bank) for f in columns_of(table)]
    if people is not None:
        arrays += [people.mean_outdoors, people.mean_indoors, np.array(people.per_job)]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
