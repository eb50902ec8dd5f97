"""The fields' bits: they depend on what is there, never on how it was worked through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from geo.errors import BadParameter, RunCancelled
from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.fields import Fields, individual_risk, lay, take_lines, take_points
from riskmodel.scenarios import Kernel, LineScenarios, PointScenarios, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.sweep import Way, fingerprint
from riskmodel.tiles import Laid, Plan, lay_tile

#: A little more than two tiles across and down, so that footprints lie on edges and corners of tiles.
GRID = Grid(400_000.0, 4_460_000.0, 540, 530)
RADII = (14.0, 90.0, 333.0, 480.0, 700.0, 1900.0, 4100.0)


@dataclass(frozen=True)
class Crowd:
    mean_outdoors: np.ndarray
    mean_indoors: np.ndarray
    per_job: tuple[float, float] = (0.2, 0.6)


def crowd(grid: Grid = GRID, seed: int = 5) -> Crowd:
    rng = np.random.default_rng(seed)
    return Crowd(rng.gamma(0.3, 20, grid.size), rng.gamma(0.3, 40, grid.size))


def kernels() -> list[Kernel]:
    rose = np.linspace(0.2, 1.8, 16)
    made = [Kernel.of(r, lambda d, r=r: np.exp(-(3 * d / r) ** 2), lambda d, r=r: 0.3 * (d < r / 2)) for r in RADII]
    steep = Kernel.of(2500.0, lambda d: np.exp(-d / 90.0), lambda d: 0.1 * np.exp(-d / 90.0))
    return [*made, Kernel.disc(620.0, 0.7), steep, replace(made[2], rose=rose), replace(made[5], rose=rose)]


def scenario_set(n: int = 160, lines: int = 40, seed: int = 3, grid: Grid = GRID) -> ScenarioSet:
    """Sources everywhere, some outside the grid, some on the corners of cells and tiles."""
    rng = np.random.default_rng(seed)
    b = ScenarioBuilder(("hazard_source", "pipeline"))
    numbers = np.array([b.kernel(kernel) for kernel in kernels()])
    x = grid.west + rng.uniform(-2000, grid.nx * grid.cell + 2000, n)
    y = grid.north - rng.uniform(-2000, grid.ny * grid.cell + 2000, n)
    corner = min(20, n // 2)
    x[:corner] = grid.west + 25_600.0 + 100 * rng.integers(-3, 3, corner)
    y[:corner] = grid.north - 25_600.0 + 100 * rng.integers(-3, 3, corner)
    for scope, theme, part in ((Scope.HC, Theme.HAZCHEM, slice(0, n // 2)), (Scope.AN, Theme.GAS_USE, slice(n // 2, n))):
        rows = np.arange(n)[part]
        b.add_points("hazard_source", "试验", theme, scope, row=rows, x=x[part], y=y[part],
                     frequency=10 ** rng.uniform(-7, -3, len(rows)), deaths_local=0.1,
                     kernel=numbers[rng.integers(0, len(numbers), len(rows))])
    angle = rng.uniform(0, 2 * np.pi, lines)
    b.add_lines("pipeline", "管段", Theme.PIPELINE, Scope.AN, row=np.arange(lines), x1=x[:lines], y1=y[:lines],
                x2=x[:lines] + 900 * np.cos(angle), y2=y[:lines] + 900 * np.sin(angle), rate=1e-8,
                kernel=numbers[rng.integers(0, len(RADII), lines)])
    b.add_background("住宅", Theme.FIRE_DWELLING, frequency=np.linspace(0, 1e-4, grid.size), deaths=0.01)
    found = b.finish()
    cells = grid.index(found.points.x, found.points.y)
    staff = np.where(np.arange(n) % 3 == 0, 40.0, 0.0)
    mitigation = np.where(np.arange(n) % 4 == 0, 0.8, 1.0)
    return replace(found, points=replace(found.points, own_cell=cells, own_staff=staff, mitigation=mitigation))


def same(one: Fields, two: Fields) -> bool:
    return (np.array_equal(one.ir, two.ir) and np.array_equal(one.s, two.s) and np.array_equal(one.point_s, two.point_s)
            and np.array_equal(one.line_s, two.line_s))


@pytest.fixture(scope="module")
def scenarios() -> ScenarioSet:
    return scenario_set()


@pytest.fixture(scope="module")
def whole(scenarios: ScenarioSet) -> Fields:
    return lay(scenarios, crowd(), GRID, threads=2)


@pytest.mark.parametrize("threads", [1, 3, 7])
def test_any_number_of_threads(scenarios: ScenarioSet, whole: Fields, threads: int) -> None:
    assert same(whole, lay(scenarios, crowd(), GRID, threads=threads))


@pytest.mark.parametrize("side", [64, 97, 1000])
def test_any_size_of_tiles(scenarios: ScenarioSet, whole: Fields, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Plan.of
    monkeypatch.setattr(Plan, "of", classmethod(lambda _cls, points, lines, bank, grid: made(points, lines, bank, grid, side)))
    assert same(whole, lay(scenarios, crowd(), GRID))


def test_any_order_of_tiles(scenarios: ScenarioSet, whole: Fields) -> None:
    def backwards(plan: Plan, bank: KernelBank, people: Crowd | None, scopes: Sequence[int], tiles: Sequence[int]):  # type: ignore[no-untyped-def]
        for tile in reversed(tiles):
            yield tile, lay_tile(plan.work(tile, people, scopes), bank)

    assert same(whole, lay(scenarios, crowd(), GRID, way=Way(elsewhere=backwards)))


def test_any_order_of_sources(scenarios: ScenarioSet, whole: Fields) -> None:
    rng = np.random.default_rng(11)
    points, lines = rng.permutation(len(scenarios.points.x)), rng.permutation(len(scenarios.lines.rate))
    shuffled = replace(scenarios, points=take_points(scenarios.points, points), lines=take_lines(scenarios.lines, lines))
    found = lay(shuffled, crowd(), GRID)
    assert np.array_equal(found.ir, whole.ir)
    assert np.array_equal(found.s, whole.s)
    assert np.array_equal(found.point_s, whole.point_s[points])
    assert np.array_equal(found.line_s, whole.line_s[lines])


def test_two_halves_with_their_halo_are_the_whole(scenarios: ScenarioSet, whole: Fields) -> None:
    """Each half sees every source within reach of it, also those of the other half."""
    people, cut = crowd(), 301
    left = Grid(GRID.west, GRID.north, cut, GRID.ny)
    right = Grid(GRID.west + cut * GRID.cell, GRID.north, GRID.nx - cut, GRID.ny)
    bare = replace(scenarios, background=(), points=replace(scenarios.points, own_staff=np.zeros(len(scenarios.points.x))))
    parts = []
    for grid, columns in ((left, slice(0, cut)), (right, slice(cut, None))):
        view = [np.ascontiguousarray(layer.reshape(GRID.ny, GRID.nx)[:, columns]).ravel()
                for layer in (people.mean_outdoors, people.mean_indoors)]
        found = lay(bare, Crowd(*view), grid)
        parts.append((found.ir.reshape(3, grid.ny, grid.nx), found.s.reshape(len(Theme), grid.ny, grid.nx)))
    full = lay(bare, people, GRID)
    assert np.array_equal(np.concatenate([p[0] for p in parts], axis=2).reshape(3, -1), full.ir)
    assert np.array_equal(np.concatenate([p[1] for p in parts], axis=2).reshape(len(Theme), -1), full.s)


def test_individual_risk_alone_is_the_same(scenarios: ScenarioSet, whole: Fields) -> None:
    assert np.array_equal(individual_risk(scenarios, GRID), whole.ir)
    assert np.array_equal(individual_risk(scenarios, GRID, scopes=(Scope.AN,)), whole.ir[[Scope.AN]])


def test_shifting_by_whole_cells_shifts_the_field() -> None:
    grid = Grid(420_000.0, 4_420_000.0, 300, 300)
    base = scenario_set(60, 0, grid=Grid(430_000.0, 4_410_000.0, 60, 60))
    moved = replace(base, background=(), points=replace(base.points, x=base.points.x + 1700.0, y=base.points.y - 900.0))
    one = individual_risk(replace(base, background=()), grid).reshape(3, 300, 300)
    two = individual_risk(moved, grid).reshape(3, 300, 300)
    assert one.any()
    assert np.array_equal(one[:, :-9, :-17], two[:, 9:, 17:])


def test_a_quarter_turn_turns_the_field() -> None:
    """Also for narrow footprints: sub-cells are summed as integers."""
    grid = Grid(100_000.0, 130_000.0, 300, 300)
    b = ScenarioBuilder(("hazard_source",))
    numbers = np.array([b.kernel(kernel) for kernel in kernels() if kernel.rose is None])
    rng = np.random.default_rng(7)
    dx, dy = np.round(rng.uniform(-9000, 9000, (2, 80)) * 64) / 64
    f, kernel = 10 ** rng.uniform(-6, -3, 80), numbers[np.arange(80) % len(numbers)]

    def laid(dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
        b._points.clear()
        b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=np.arange(80), x=115_000.0 + dx, y=115_000.0 + dy,
                     frequency=f, kernel=kernel)
        return individual_risk(b.finish(), grid, scopes=(Scope.HC,))[0].reshape(300, 300)

    turned = laid(-dy, dx)  # a quarter turn to the left
    assert turned.any()
    assert np.array_equal(np.rot90(laid(dx, dy)), turned)


def test_splitting_a_place_with_many_scenarios_changes_nothing_but_truncation() -> None:
    base = scenario_set(30, 10)
    halves = replace(base.points, frequency=base.points.frequency / 2)
    twice = PointScenarios(**{name: np.concatenate([getattr(halves, name)] * 2) for name in halves.__dataclass_fields__})
    one, two = individual_risk(base, GRID), individual_risk(replace(base, points=twice), GRID)
    assert np.abs(one - two).max() <= 2 * 30
    assert not np.array_equal(one, np.zeros_like(one))


def test_what_lies_far_outside_reaches_nothing() -> None:
    base = scenario_set(40, 0)
    far = replace(base, background=(), points=replace(base.points, x=base.points.x + 1e6))
    assert not individual_risk(far, GRID).any()


def test_frequencies_that_never_meet_are_not_added_up() -> None:
    """The fixed point is per place: a country may have more than nine events a year."""
    b = ScenarioBuilder(("hazard_source",))
    kernel = b.kernel(Kernel.disc(60.0, 1.0))
    places = np.array([100.0, 50_000.0])
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0, 1], x=GRID.west + places, y=GRID.north - places,
                 frequency=[5.0, 6.0], kernel=kernel)
    assert individual_risk(b.finish(), GRID).max() > 1e18
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0], x=GRID.west + 150.0, y=GRID.north - 80.0,
                 frequency=4.5, kernel=kernel)
    with pytest.raises(BadParameter, match="定点数"):
        individual_risk(b.finish(), GRID)


def test_progress_counts_every_tile_and_cancelling_stops(scenarios: ScenarioSet) -> None:
    told: list[tuple[int, int]] = []
    lay(scenarios, crowd(), GRID, progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == list(range(1, told[0][1] + 1))
    seen: list[int] = []
    with pytest.raises(RunCancelled, match="取消"):
        lay(scenarios, crowd(), GRID, way=Way(progress=lambda done, _: seen.append(done), cancelled=lambda: len(seen) >= 2))
    assert seen == [1, 2]


class Shelf:
    """Tiles kept in memory; breaks after some, like a machine that loses its power."""

    def __init__(self, breaks_after: int = 10**9) -> None:
        self.kept: dict[tuple[str, int], Laid] = {}
        self.loaded, self._left, self._name = 0, breaks_after, ""

    def __call__(self, name: str) -> Shelf:
        self._name = name
        return self

    def load(self, tile: int) -> Laid | None:
        found = self.kept.get((self._name, tile))
        self.loaded += found is not None
        return found

    def save(self, tile: int, laid: Laid) -> None:
        if self._left == 0:
            raise OSError("no power")
        self._left -= 1
        self.kept[self._name, tile] = laid


def test_a_crash_costs_at_most_the_tiles_in_hand(scenarios: ScenarioSet, whole: Fields) -> None:
    shelf = Shelf(breaks_after=4)
    with pytest.raises(OSError, match="no power"):
        lay(scenarios, crowd(), GRID, way=Way(checkpoints=shelf))
    again = Shelf()
    again.kept = shelf.kept
    assert same(whole, lay(scenarios, crowd(), GRID, way=Way(checkpoints=again)))
    assert again.loaded == 4


def test_kept_tiles_are_only_used_for_the_same_work(scenarios: ScenarioSet) -> None:
    shelf = Shelf()
    lay(scenarios, crowd(), GRID, way=Way(checkpoints=shelf))
    other = replace(scenarios, points=replace(scenarios.points, frequency=scenarios.points.frequency * 2))
    lay(other, crowd(), GRID, way=Way(checkpoints=shelf))
    assert shelf.loaded == 0
    bank = KernelBank.of(scenarios.kernels)
    reach = take_points(scenarios.points, scenarios.points.kernel >= 0)
    names = {fingerprint(Plan.of(points, lines, bank, GRID), bank, people, (0, 1))
             for points, lines, people in ((reach, scenarios.lines, None), (reach, scenarios.lines, crowd()),
                                           (reach, _none(scenarios.lines), None), (reach, scenarios.lines, crowd(seed=6)))}
    assert len(names) == 4


def _none(lines: LineScenarios) -> LineScenarios:
    return take_lines(lines, np.empty(0, np.int64))


NARROW = (lambda d: np.exp(-d / 60.0), lambda d: 1.0 / (1 + (d / 120.0) ** 4))


@pytest.mark.parametrize("shape", NARROW)
def test_wide_footprints_with_a_narrow_middle_keep_their_integral(shape) -> None:  # type: ignore[no-untyped-def]
    """Where a kernel bends within a cell, one value per cell is up to 6 % off."""
    radius, rng = 1500.0, np.random.default_rng(1)
    table = shape(radius * np.sqrt(np.linspace(0, 1, 257)))
    exact = np.pi * radius**2 * np.trapezoid(table, np.linspace(0, 1, 257))
    for _ in range(8):
        b = ScenarioBuilder(("hazard_source",))
        x, y = GRID.west + 20_000 + rng.uniform(0, 100), GRID.north - 20_000 + rng.uniform(0, 100)
        b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0], x=x, y=y, frequency=1e-3,
                     kernel=b.kernel(Kernel.of(radius, shape, shape)))
        area = individual_risk(b.finish(), GRID, scopes=(Scope.HC,)).sum() * 1e-18 / 1e-3 * 1e4
        assert area == pytest.approx(exact, rel=0.02)
