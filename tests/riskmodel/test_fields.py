"""Properties of the fields: exact, order-free, conserving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter
from geo.grid import Grid
from riskmodel.fields import S_UNIT, Fields, lay
from riskmodel.scenarios import KERNEL_KNOTS, Kernel, ScenarioBuilder, Scope, Theme

GRID = Grid(500_000.0, 4_200_000.0, 60, 60)
CENTRE = (503_000.0, 4_197_000.0)


@dataclass(frozen=True)
class Crowd:
    mean_outdoors: np.ndarray
    mean_indoors: np.ndarray
    per_job: tuple[float, float] = (0.0, 0.0)


def people(density: float = 10.0) -> Crowd:
    return Crowd(np.full(GRID.size, density), np.full(GRID.size, 2 * density))


def builder() -> ScenarioBuilder:
    return ScenarioBuilder(("hazard_source", "pipeline"))


def add(b: ScenarioBuilder, x: float, y: float, f: float, kernel: Kernel, scope: Scope = Scope.HC) -> None:
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, scope, row=[0], x=x, y=y, frequency=f, kernel=b.kernel(kernel))


def run(b: ScenarioBuilder, crowd: Crowd | None = None, threads: int = 2) -> Fields:
    return lay(b.finish(), crowd or people(), GRID, threads=threads)


@pytest.mark.parametrize("radius", [8.0, 30.0, 120.0, 480.0, 900.0])
def test_disc_keeps_its_area(radius: float) -> None:
    b = builder()
    add(b, *CENTRE, 1e-3, Kernel.disc(radius, 1.0))
    area = run(b).ir[Scope.HC].sum() * 1e-18 / 1e-3 * 1e4
    assert area == pytest.approx(np.pi * radius**2, rel=0.05 if radius < 500 else 0.02)


def test_deaths_are_conserved_exactly() -> None:
    b = builder()
    add(b, CENTRE[0] + 13, CENTRE[1] - 7, 3e-4, Kernel.of(700.0, lambda r: 1 - r / 700, lambda r: 0.1 * (r < 300)))
    add(b, CENTRE[0] - 900, CENTRE[1], 2e-6, Kernel.disc(55.0, 0.4))
    b.add_points("hazard_source", "本场所", Theme.WORK_OTHER, Scope.NONE, row=[1], x=CENTRE[0], y=CENTRE[1], frequency=1e-3,
                 deaths_local=0.218)
    b.add_lines("pipeline", "管段", Theme.PIPELINE, Scope.AN, row=[0], x1=CENTRE[0] - 500, y1=CENTRE[1], x2=CENTRE[0] + 450,
                y2=CENTRE[1] + 30, rate=1e-9, kernel=b.kernel(Kernel.disc(140.0, 1.0)))
    b.add_background("住宅", Theme.FIRE_DWELLING, frequency=np.linspace(0, 1e-4, GRID.size), deaths=0.01)
    fields = run(b)
    whole = fields.point_s.sum() + fields.line_s.sum() + sum(layer.sum() for layer in fields.background_s)
    assert fields.s.sum() == whole
    assert fields.s[Theme.WORK_OTHER].sum() * S_UNIT == pytest.approx(2.18e-4)
    assert fields.outside == 0


def test_infinite_straight_pipeline() -> None:
    """IR(h) = 2 λ √(R² − h²): a chord of the disc, the analytic oracle of line sources."""
    b = builder()
    rate, radius = 1e-7, 600.0
    y = GRID.north - 30.5 * GRID.cell  # on the centres of row 30
    b.add_lines("pipeline", "管段", Theme.PIPELINE, Scope.AN, row=[0], x1=GRID.west - 5e3, y1=y, x2=GRID.west + 11e3, y2=y,
                rate=rate, kernel=b.kernel(Kernel.disc(radius, 1.0)))
    ir = run(b).ir[Scope.AN].reshape(GRID.ny, GRID.nx) * 1e-18
    for offset in range(7):
        h = offset * GRID.cell
        expected = 2 * rate * np.sqrt(max(0.0, radius**2 - h**2))
        assert ir[30 + offset, 30] == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_pipeline_cut_in_pieces_is_the_same_pipeline() -> None:
    kernel = Kernel.of(300.0, lambda r: np.exp(-(r / 100) ** 2), lambda r: 0 * r)

    def laid(cuts: np.ndarray) -> np.ndarray:
        b = builder()
        x = CENTRE[0] - 800 + 1600 * cuts
        y = CENTRE[1] + 700 * cuts
        b.add_lines("pipeline", "管段", Theme.PIPELINE, Scope.AN, row=np.zeros(len(cuts) - 1), x1=x[:-1], y1=y[:-1], x2=x[1:],
                    y2=y[1:], rate=1e-8, kernel=b.kernel(kernel))
        return run(b).ir[Scope.AN]

    whole, cut = laid(np.array([0.0, 1.0])), laid(np.array([0.0, 0.1, 0.35, 0.351, 0.8, 1.0]))
    assert np.abs(whole - cut).max() <= 16  # units of 1e-18: one truncation per piece


def test_uniform_rose_is_the_isotropic_mean() -> None:
    plume = Kernel.of(800.0, lambda r: 0.3 * np.exp(-r / 200), lambda r: 0.03 * np.exp(-r / 200))
    rosy = Kernel(plume.radius, plume.outdoors, plume.indoors, np.ones(16))
    fields = []
    for kernel in (plume, rosy):
        b = builder()
        add(b, *CENTRE, 1e-4, kernel)
        fields.append(run(b))
    assert np.array_equal(fields[0].ir, fields[1].ir)
    assert np.array_equal(fields[0].s, fields[1].s)


def test_rose_points_where_the_wind_blows() -> None:
    rose = np.zeros(16)
    rose[4] = 16.0  # towards the east
    b = builder()
    add(b, *CENTRE, 1e-4, Kernel(900.0, np.full(KERNEL_KNOTS, 0.01), np.zeros(KERNEL_KNOTS), rose))
    ir = run(b).ir[Scope.HC].reshape(GRID.ny, GRID.nx)
    assert ir[29:31, 35].min() > 0
    assert ir[:, :30].max() == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(-8, 8), st.integers(-8, 8), st.floats(10, 900), st.floats(0, 99.9), st.floats(0, 99.9))
def test_moving_by_whole_cells_moves_the_field(dx: int, dy: int, radius: float, ox: float, oy: float) -> None:
    shifted = []
    for a, c in ((0, 0), (dx, dy)):
        b = builder()
        add(b, GRID.west + 3000 + ox + a * 100, GRID.north - 3000 + oy + c * 100, 1e-4, Kernel.disc(radius, 0.5))
        shifted.append(run(b).ir[Scope.HC].reshape(GRID.ny, GRID.nx))
    assert np.array_equal(np.roll(shifted[0], (-dy, dx), axis=(0, 1)), shifted[1])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 6000), st.floats(0, 6000), st.floats(1e-9, 1e-3), st.floats(5, 900)), min_size=1,
                max_size=8),
       st.randoms(use_true_random=False))
def test_any_order_and_any_threads_give_the_same_bits(sources: list[tuple[float, float, float, float]], random: object) -> None:
    shuffled = list(sources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    results = []
    for order, threads in ((sources, 1), (shuffled, 3)):
        b = builder()
        for x, y, f, r in order:
            add(b, GRID.west + x, GRID.north - y, f, Kernel.disc(r, 0.7))
        results.append(run(b, threads=threads))
    assert np.array_equal(results[0].ir, results[1].ir)
    assert np.array_equal(results[0].s, results[1].s)


def test_adding_a_source_never_lowers_anything_and_removing_it_restores_the_bits() -> None:
    def laid(n: int) -> Fields:
        b = builder()
        for i in range(n):
            add(b, CENTRE[0] + 150 * i, CENTRE[1] + 40 * i, 1e-5 / (i + 1), Kernel.disc(250.0 + 100 * i, 0.6))
        return run(b)

    two, three = laid(2), laid(3)
    assert (three.ir >= two.ir).all()
    assert (three.s >= two.s).all()
    b = builder()
    add(b, CENTRE[0] + 300, CENTRE[1] + 80, 1e-5 / 3, Kernel.disc(450.0, 0.6))
    assert np.array_equal(three.ir - run(b).ir, two.ir)


def test_splitting_a_source_changes_nothing_but_truncation() -> None:
    fields = []
    for parts in (1, 4):
        b = builder()
        for _ in range(parts):
            add(b, *CENTRE, 1e-4 / parts, Kernel.disc(400.0, 0.6))
        fields.append(run(b))
    assert np.abs(fields[0].ir - fields[1].ir).max() <= 4
    assert np.abs(fields[0].s - fields[1].s).max() <= 4


def test_frequencies_beyond_the_fixed_point_are_refused() -> None:
    b = builder()
    add(b, *CENTRE, 12.0, Kernel.disc(100.0, 1.0))
    with pytest.raises(BadParameter, match="定点数"):
        run(b)


@pytest.mark.parametrize("change", [{"frequency": np.nan}, {"deaths_local": np.nan}, {"x": np.inf}])
def test_what_is_not_a_number_is_refused_not_counted(change: dict[str, float]) -> None:
    b = builder()
    place = {"x": CENTRE[0], "y": CENTRE[1], "frequency": 1e-3, "deaths_local": 1.0} | change
    b.add_points("hazard_source", "试验", Theme.WORK_OTHER, Scope.NONE, row=[0], **place)
    with pytest.raises(BadParameter, match="有限数"):
        run(b)


def test_splitting_a_cell_grid_in_two_halves_gives_the_same_field() -> None:
    """A window of the global grid sees the same values as the whole: ids and values do not depend on the window."""
    b = builder()
    add(b, CENTRE[0] + 21, CENTRE[1] + 3, 1e-4, Kernel.disc(700.0, 0.5))
    scenarios = b.finish()
    whole = lay(scenarios, people(), GRID).ir[Scope.HC].reshape(GRID.ny, GRID.nx)
    half = Grid(GRID.west + 1000, GRID.north, 40, GRID.ny)
    crowd = Crowd(np.full(half.size, 10.0), np.full(half.size, 20.0))
    part = lay(scenarios, crowd, half).ir[Scope.HC].reshape(half.ny, half.nx)
    assert np.array_equal(part, whole[:, 10:50])
