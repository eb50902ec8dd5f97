"""The compiled loop that steps a prepared statement of SQLite's C interface and writes its values into columns.

SQLite's functions are called by their addresses, so that the loop can be kept compiled: nothing of one process is in it. A call
from Python would make an object of every value, which costs four times as much as SQLite itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, njit, types

#: What a column is read as.
INTEGER, REAL, TEXT, BLOB = 1, 2, 3, 4

#: SQLite's code of a missing value.
_NULL = 5

#: SQLite's answers to a step: a row; no more.
ROW, DONE = 100, 101

#: The loop's own answers: a heap is too small for the row that is next; a value is not of the type its column is declared as.
FULL, ODD = -1, -2

intrinsic: Any = extending.intrinsic  # is called without its first argument, which its type does not tell

_WORD, _SHORT, _DOUBLE = ir.IntType(64), ir.IntType(32), ir.DoubleType()


def _function(result, compiled):
    """A function of SQLite's, called by its address with the address that it works on."""

    @intrinsic
    def called(_typing, _function, _given):
        def call(_context, builder, _signature, values):
            return builder.call(builder.inttoptr(values[0], ir.FunctionType(compiled, [_WORD]).as_pointer()), [values[1]])

        return result(types.int64, types.int64), call

    return called


_short = _function(types.int32, _SHORT)
_word = _function(types.int64, _WORD)
_double = _function(types.float64, _DOUBLE)


@intrinsic
def _value(_typing, _function, _statement, _column):
    """sqlite3_column_value: asked of what it gives, type and value cost half of asking the statement for each."""

    def call(_context, builder, _signature, values):
        called = builder.inttoptr(values[0], ir.FunctionType(_WORD, [_WORD, _SHORT]).as_pointer())
        return builder.call(called, [values[1], builder.trunc(values[2], _SHORT)])

    return types.int64(types.int64, types.int64, types.int64), call


@intrinsic
def _copy(_typing, _target, _source, _size):
    """So many bytes from one address to another."""

    def copied(context, builder, _signature, given):
        byte = ir.IntType(8).as_pointer()
        move = builder.module.declare_intrinsic("llvm.memcpy", [byte, byte, _WORD])
        places = [builder.inttoptr(address, byte) for address in given[:2]]
        builder.call(move, [*places, given[2], ir.Constant(ir.IntType(1), 0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), copied


@njit(cache=True, nogil=True)
def scan(functions, statement, waiting, kinds, words, reals, ends, there, heaps, rooms):
    """Step until the columns are full or the rows are at their end.

    Parameters
    ----------
    functions : array of int64
        Addresses of sqlite3_step, sqlite3_column_value, sqlite3_value_type, …_int64, …_double, …_text, …_blob, …_bytes.
    statement : int
        Address of the prepared statement.
    waiting : bool
        The statement stands on a row that has not been read yet.
    kinds : array of int64, shape (columns,)
        :data:`INTEGER`, :data:`REAL`, :data:`TEXT` or :data:`BLOB`.
    words, reals : array of int64 and of float64, shape (columns, rows)
        Where numbers go; two views of the same memory.
    ends : array of int32, shape (columns, rows + 1)
        Where in its heap each text or blob ends; the first is 0.
    there : array of bool, shape (columns, rows)
        Whether there is a value.
    heaps, rooms : array of int64, shape (columns,)
        Address and bytes of the memory for texts and blobs.

    Returns
    -------
    tuple of int
        Complete rows; :data:`ROW` (all are full), :data:`DONE`, :data:`FULL`, :data:`ODD` or an error of SQLite's; with FULL the
        column and the bytes that its heap must have for this row alone.
    """
    step, value_of, type_of, int64, double, text, blob, size_of = functions
    for row in range(words.shape[1]):
        if not waiting:
            answer = _short(step, statement)
            if answer != ROW:
                return row, answer, 0, 0
        waiting = False
        for column in range(len(kinds)):
            value, kind = _value(value_of, statement, column), kinds[column]
            stored = _short(type_of, value)
            there[column, row] = stored != _NULL
            if stored != _NULL and stored != kind:
                return row, ODD, column, 0
            if kind == INTEGER:
                words[column, row] = _word(int64, value)
            elif kind == REAL:
                reals[column, row] = _double(double, value)
            else:
                begin = end = ends[column, row]
                if stored != _NULL:
                    source, size = _word(text if kind == TEXT else blob, value), _short(size_of, value)
                    if begin + size > rooms[column]:
                        return row, FULL, column, size
                    _copy(heaps[column] + begin, source, size)
                    end += size
                ends[column, row + 1] = end
    return words.shape[1], ROW, 0, 0
