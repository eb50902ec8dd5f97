"""Rows out of SQLite as Arrow: the database joins most columns of a row into one text, so that Python sees few values.

What a read costs is the Python object per value, not the database: a row of twenty columns comes twice as fast as one text that
Arrow splits again. Floating-point numbers and geometry come as they are, because no text of SQLite's gives them back bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.store.collection import uncollected

#: Rows that are read at once; few, so that their tuples die young and the garbage collector has little to look through.
READ_CHUNK = 5_000

#: Between the columns of a row: ASCII's unit separator. A stored text that holds it makes the read take the plain way.
_MARK = "\x1f"


class _MarkInText(Exception):
    """A text holds the separator."""


def fetch(raw: Any, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    """What a query gives.

    Parameters
    ----------
    raw : sqlite3.Connection
        The driver's connection.
    rest : str
        The query behind its columns, from `` FROM`` on.
    values : mapping
        Its parameters.
    types : mapping
        Arrow types of its columns.
    """
    joined = [name for name, type_ in types.items() if not _as_it_is(type_)]
    with uncollected():
        if len(joined) > 1:
            try:
                return _table(raw, rest, values, types, joined)
            except _MarkInText:
                pass
        return _table(raw, rest, values, types, [])


def _as_it_is(type_: pa.DataType) -> bool:
    return bool(pa.types.is_floating(type_) or pa.types.is_binary(type_))


def _table(raw: Any, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType], joined: Sequence[str]) -> pa.Table:
    plain = [name for name in types if name not in set(joined)]
    wanted = [f'"{name}"' for name in plain]
    if joined:  # printf is faster than the operator ||; what is missing becomes empty, and no stored text is empty
        wanted.append(f"printf('{_MARK.join(['%s'] * len(joined))}', " + ", ".join(f'"{name}"' for name in joined) + ")")
    schema = pa.schema(types.items())
    cursor = raw.execute(f"SELECT {', '.join(wanted)}{rest}", values)
    return pa.Table.from_batches(_batches(cursor, schema, plain, joined), schema)


def _batches(cursor: Any, schema: pa.Schema, plain: Sequence[str], joined: Sequence[str]) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(READ_CHUNK):
        columns = list(zip(*rows, strict=True))
        arrays = {name: _column(part, schema.field(name).type) for name, part in zip(plain, columns, strict=False)}
        if joined:
            arrays.update(zip(joined, _split(columns[-1], [schema.field(name).type for name in joined]), strict=True))
        yield pa.record_batch([arrays[name] for name in schema.names], schema=schema)


def _column(values: tuple[Any, ...], type_: pa.DataType) -> pa.Array:
    if pa.types.is_date(type_):
        return pa.array(values, pa.string()).cast(type_)
    return pc.cast(pa.array(values, pa.int8()), type_) if pa.types.is_boolean(type_) else pa.array(values, type_)


def _split(texts: tuple[str, ...], types: Sequence[pa.DataType]) -> Iterator[pa.Array]:
    """The columns that were joined.

    Raises
    ------
    _MarkInText
        If there are more pieces than columns.
    """
    pieces = pc.split_pattern(pa.array(texts, pa.string()), _MARK).flatten()
    if len(pieces) != len(texts) * len(types):
        raise _MarkInText
    for place, type_ in enumerate(types):
        column = pieces.take(pa.array(np.arange(place, len(pieces), len(types), dtype=np.int64)))
        empty = pc.equal(column, "")
        if pc.any(empty).as_py():
            column = pc.if_else(empty, pa.scalar(None, pa.string()), column)
        yield column if type_ == pa.string() else column.cast(type_)
