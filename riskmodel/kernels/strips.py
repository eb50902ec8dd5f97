"""Strips of eight cells: the innermost loop of the fields, written as vector instructions.

A footprint is some thirty cells wide. Of a loop over so few cells the compiler vectorises what fills 32 lanes and leaves the
rest to scalar code, with a mispredicted branch at the end of every row. A strip is eight columns wide and as many rows high as
the footprint is there; it has one branch, and cells beyond the radius fall on the knot after the last, which is zero. The
numbers are those of :func:`riskmodel.kernels.cell.at_knot`, bit for bit. On processors without such vectors LLVM makes the same
of narrower ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

#: Columns of a strip: a cache line of int64.
LANES = 8

_F64, _I64, _I32 = llvm.DoubleType(), llvm.IntType(64), llvm.IntType(32)
_REALS, _SUMS, _KNOTS = (llvm.VectorType(kind, LANES) for kind in (_F64, _I64, _I32))


@intrinsic
def _strip(_typing: Any, sums: Any, at: Any, stride: Any, across: Any, column: Any, down: Any, row: Any, count: Any, scale: Any,
           last: Any, units: Any, table: Any, begin: Any, step: Any) -> Any:
    kinds = (sums, at, stride, across, column, down, row, count, scale, last, units, table, begin, step)
    return types.void(*kinds), _build


@njit(cache=True, nogil=True)
def add_strip(sums, at, stride, across, column, down, row, count, scale, last, units, table, begin, step):
    """Add eight columns of a footprint to int64 sums: ``int64(units · value((across + down) · scale))`` for each cell.

    Parameters
    ----------
    sums, at, stride : int64 array, element of the strip's first cell, elements from one row to the next (0: all rows into one)
    across, column : float64 array of squared distances east, and the first of the eight
    down, row, count : float64 array of squared distances north, the first row, and how many
    scale, last : knots per square metre, and the last knot; beyond it the value is that of knot last + 1
    units : what a value of 1 adds
    table, begin, step : float64 array, element of knot 0, elements from knot to knot; the rise to the next follows each value

    Examples
    --------
    A probability of 1 that falls to 0 at 200 m, in thousandths, on eight cells east of the event:

    >>> falling = np.array([1.0, -1.0, 0.0, 0.0, 0.0, 0.0])  # (value, rise) at the knots 0 and 1, and past the last
    >>> row = np.zeros(8, np.int64)
    >>> east = (50.0 * np.arange(8)) ** 2
    >>> add_strip(row, 0, 0, east, 0, np.zeros(1), 0, 1, 1 / 200**2, 1.0, 1000.0, falling, 0, 2)
    >>> row.tolist()
    [1000, 937, 750, 437, 0, 0, 0, 0]
    """
    _strip(sums, np.intp(at), np.intp(stride), across, np.intp(column), down, np.intp(row), np.intp(count), np.float64(scale),
           np.float64(last), np.float64(units), table, np.intp(begin), np.intp(step))  # type: ignore[call-arg]


def _build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """LLVM of :func:`add_strip`; eight lanes at a time."""
    sums, at, stride, across, column, down, row, count, scale, last, units, table, begin, step = arguments
    kinds = signature.args
    sums, across, down, table = (context.make_array(kinds[i])(context, builder, value).data
                                 for i, value in ((0, sums), (3, across), (5, down), (11, table)))
    scale, last, units = (_each(builder, value, _REALS) for value in (scale, last, units))
    beyond = builder.fadd(last, llvm.Constant(_REALS, [1.0] * LANES))
    step = _each(builder, builder.trunc(step, _I32), _KNOTS)
    east = builder.load(_lanes(builder, across, column, _REALS), align=8)
    with cgutils.for_range(builder, count) as loop:
        north = builder.load(builder.gep(down, [builder.add(row, loop.index)]))
        knots = builder.fmul(builder.fadd(east, _each(builder, north, _REALS)), scale)
        knots = builder.select(builder.fcmp_ordered("<", knots, last), knots, beyond)
        whole = builder.fptosi(knots, _KNOTS)
        share = builder.fsub(knots, builder.sitofp(whole, _REALS))
        value, rise = _look_up(builder, table, begin, builder.mul(whole, step))
        value = builder.fmul(units, builder.fadd(value, builder.fmul(share, rise)))
        cells = _lanes(builder, sums, builder.add(at, builder.mul(loop.index, stride)), _SUMS)
        found = builder.add(builder.load(cells, align=8), builder.fptosi(value, _SUMS))
        builder.store(found, cells, align=8)
    return context.get_dummy_value()


def _lanes(builder: Any, start: Any, element: Any, kind: Any) -> Any:
    """Pointer to eight elements from one on."""
    return builder.bitcast(builder.gep(start, [element]), kind.as_pointer())


def _each(builder: Any, value: Any, kind: Any) -> Any:
    """The same value in every lane."""
    none = llvm.Constant(kind, llvm.Undefined)
    first = builder.insert_element(none, value, _I32(0))
    return builder.shuffle_vector(first, none, llvm.Constant(_KNOTS, [0] * LANES))


def _look_up(builder: Any, table: Any, begin: Any, elements: Any) -> tuple[Any, Any]:
    """Value and rise of every lane, one load each: gather instructions are slower on many processors."""
    value = rise = llvm.Constant(_REALS, llvm.Undefined)
    for lane in range(LANES):
        element = builder.add(begin, builder.sext(builder.extract_element(elements, _I32(lane)), _I64))
        knot = builder.gep(table, [element])
        value = builder.insert_element(value, builder.load(knot), _I32(lane))
        rise = builder.insert_element(rise, builder.load(builder.gep(knot, [_I64(1)])), _I32(lane))
    return value, rise


@njit(cache=True, nogil=True)
def whole_strips(n):
    """The least number of columns that is whole strips and at least n.

    Examples
    --------
    >>> whole_strips(1), whole_strips(8), whole_strips(9)
    (8, 8, 16)
    """
    return (n + LANES - 1) // LANES * LANES


@njit(cache=True, nogil=True)
def add_disc(west, north, cell, row0, col0, a0, a1, b0, b1, x, y, radius, last, units, pairs, shape, ir, layer, across, down):
    """Add the value at the centre of each cell in the box a0 … a1, b0 … b1 to individual risk, strip by strip.

    The tile's rows in `ir` are whole strips long; a strip that would leave the tile begins earlier, where it adds zeros.

    Raises
    ------
    ValueError
        If they are not.

    Examples
    --------
    A probability of 1 that falls to 0 at 200 m around the middle of a tile of eight by four cells, in thousandths:

    >>> falling, ir = np.array([[1.0, -1.0, 0.0, 0.0, 0.0, 0.0]]), np.zeros((1, 4, 8), np.int64)
    >>> room = np.empty(8), np.empty(4)
    >>> add_disc(0.0, 400.0, 100.0, 0, 0, 0, 4, 2, 6, 400.0, 200.0, 200.0, 1, 1000.0, falling, 0, ir, 0, *room)
    >>> ir[0].tolist()[1]
    [0, 0, 375, 875, 875, 375, 0, 0]
    """
    wide = whole_strips(b1 - b0)
    if wide > ir.shape[2]:  # nothing below would notice that it writes elsewhere
        raise ValueError("rows of the tile are not whole strips")
    start = min(b0, col0 + ir.shape[2] - wide)
    left = west + (start + 0.5) * cell
    for j in range(wide):
        dx = (left + j * cell) - x
        across[j] = dx * dx
    for a in range(a0, a1):
        dy = north - (a + 0.5) * cell - y
        down[a - a0] = dy * dy
    stride = ir.shape[2]
    middle = (north - y) / cell - 0.5
    first = left - x
    for b in range(0, wide, LANES):
        nearest = min(across[b], across[b + LANES - 1])
        if first + b * cell < 0.0 < first + (b + LANES - 1) * cell:
            nearest = 0.0
        h = math.sqrt(max(0.0, radius * radius - nearest)) / cell
        low = max(a0, int(middle - h))
        high = min(a1, int(middle + h) + 2)
        at = (layer * ir.shape[1] + low - row0) * stride + start - col0 + b
        add_strip(ir, at, stride, across, b, down, low - a0, high - low, last / (radius * radius), last, units, pairs,
                  shape * pairs.shape[1], 2)
