"""All kernels of a run as arrays for the compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskmodel.scenarios import KERNEL_KNOTS, Kernel

#: Steps of the staircase that stands for a kernel along a line.
LINE_STEPS = 64


@dataclass(frozen=True)
class KernelBank:
    """All kernels of a run as arrays for the compiled code.

    Attributes
    ----------
    radius : (k,) float64
    out, inside : (k, KERNEL_KNOTS) float64
        Tables over (r / R)².
    rose : (k, 16) float64, has_rose : (k,) bool
    steps_out, steps_in, radii2 : (k, LINE_STEPS) float64
        The same kernel as a staircase: drop of P(death) at each squared radius. The staircase keeps the kernel's integral
        over the plane, because it averages over equal steps of r².

    Examples
    --------
    >>> bank = KernelBank.of((Kernel.disc(50.0, 1.0), Kernel.disc(300.0, 1.0), Kernel.disc(300.0, 0.1)))
    >>> bank.radius.tolist(), bank.shapes[0].tolist(), bank.steps_out.sum(axis=1).round(3).tolist()
    ([50.0, 300.0, 300.0], [0, 0, 1], [1.0, 1.0, 0.1])
    """

    radius: NDArray[np.float64]
    out: NDArray[np.float64]
    inside: NDArray[np.float64]
    rose: NDArray[np.float64]
    has_rose: NDArray[np.bool_]
    steps_out: NDArray[np.float64]
    steps_in: NDArray[np.float64]
    radii2: NDArray[np.float64]

    @classmethod
    def of(cls, kernels: tuple[Kernel, ...]) -> KernelBank:
        """Pack kernels into arrays."""
        k = len(kernels)
        radius = np.array([kernel.radius for kernel in kernels], np.float64)
        out = np.array([kernel.outdoors for kernel in kernels]).reshape(k, KERNEL_KNOTS)
        inside = np.array([kernel.indoors for kernel in kernels]).reshape(k, KERNEL_KNOTS)
        rose = np.array([np.ones(16) if kernel.rose is None else kernel.rose for kernel in kernels]).reshape(k, 16)
        edges = np.arange(1, LINE_STEPS + 1) / LINE_STEPS
        return cls(radius, out, inside, rose, np.array([kernel.rose is not None for kernel in kernels], np.bool_),
                   _staircase(out), _staircase(inside), radius[:, None] ** 2 * edges[None, :])

    @cached_property
    def shapes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Number of each kernel's shape, and one kernel of each shape: footprints that differ in their radius share a table."""
        known: dict[bytes, int] = {}
        shape = np.array([known.setdefault(out.tobytes() + inside.tobytes(), len(known))
                          for out, inside in zip(self.out, self.inside, strict=True)], np.int64)
        return shape, np.unique(shape, return_index=True)[1].astype(np.int64)

    @cached_property
    def pairs(self) -> NDArray[np.float64]:
        """(shapes, 2 · (KERNEL_KNOTS + 1)): value outdoors and rise to the next knot, side by side; the last knot is zero."""
        return _with_rise(self.out[self.shapes[1]])

    @cached_property
    def quads(self) -> NDArray[np.float64]:
        """(shapes, 4 · (KERNEL_KNOTS + 1)): value and rise outdoors, value and rise indoors; the last knot is zero."""
        one = self.shapes[1]
        tables = [_with_rise(table[one]).reshape(len(one), KERNEL_KNOTS + 1, 2) for table in (self.out, self.inside)]
        return np.stack(tables, axis=2).reshape(len(one), -1)

    @cached_property
    def indoors(self) -> NDArray[np.bool_]:
        """(k,): whether the kernel kills anybody indoors."""
        return np.asarray(self.inside.any(axis=1))

    def fine(self, cell: int) -> NDArray[np.float64]:
        """(k,): metres around the centre within which a wide kernel is integrated over sub-cells.

        Examples
        --------
        >>> bank = KernelBank.of((Kernel.disc(800.0, 1.0), Kernel.of(800.0, lambda r: np.exp(-r / 60), lambda r: 0 * r)))
        >>> bank.fine(100).tolist()
        [0.0, 200.0]
        """
        from riskmodel.kernels.cell import fine_reaches

        known: dict[int, NDArray[np.float64]] = self.__dict__.setdefault("_fine", {})
        if cell not in known:
            known[cell] = fine_reaches(self.radius, self.out, self.inside, float(cell))
        return known[cell]

    def prepare(self, cell: int) -> None:
        """Make what the stencils derive from the kernels, once, before threads need it.

        Examples
        --------
        >>> bank = KernelBank.of((Kernel.disc(800.0, 1.0),))
        >>> bank.prepare(100)
        >>> sorted(set(vars(bank)) - set(bank.__dataclass_fields__))
        ['_fine', 'indoors', 'pairs', 'quads', 'shapes']
        """
        _ = self.shapes, self.pairs, self.quads, self.indoors, self.fine(cell)


def _with_rise(table: NDArray[np.float64]) -> NDArray[np.float64]:
    none = np.zeros((len(table), 1))
    values = np.concatenate([table, none], axis=1)
    rise = np.concatenate([np.diff(table, axis=1), none, none], axis=1)
    return np.stack([values, rise], axis=2).reshape(len(table), -1)


def _staircase(table: NDArray[np.float64]) -> NDArray[np.float64]:
    pieces = (table[:, :-1] + table[:, 1:]) / 2
    means = pieces.reshape(len(table), LINE_STEPS, pieces.shape[1] // LINE_STEPS).mean(axis=2)
    return np.asarray(means - np.concatenate([means[:, 1:], np.zeros((len(table), 1))], axis=1))
