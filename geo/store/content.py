"""One number per row that changes with any field or vertex: what makes loading the same rows again free."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pandas.util import hash_array

#: Which formula :func:`content_hash` follows; rows that an older one hashed are hashed anew before the next load compares them.
FORMULA = 2


def content_hash(table: pa.Table, shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """64-bit hash of every row.

    Parameters
    ----------
    table : Table
        Declared fields of the rows.
    shapes : (n,) object
        Their Shapely geometries.

    Notes
    -----
    The sum over the fields that hold a value of mix(hash(value) xor hash(name)). So neither the order of the fields nor a
    declared field that is empty changes it: a field that a later version adds leaves the hashes of older rows as they are.
    """
    total = np.zeros(len(table), np.uint64)
    for name in table.column_names:
        column = table[name].combine_chunks()
        if column.null_count == len(column):
            continue
        codes = column.dictionary_encode()
        values = codes.dictionary
        values = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
        hashes = _mixed(hash_array(values.to_numpy(zero_copy_only=False), categorize=False), name)
        total += np.append(hashes, np.uint64(0))[codes.indices.fill_null(len(hashes)).to_numpy()]
    if len(shapes):
        total += _mixed(hash_array(np.asarray(shapely.to_wkb(shapes), object), categorize=False), "geometry")
    return total.view(np.int64)


def text_hash(texts: pa.Array) -> NDArray[np.uint64]:
    """64-bit hash of every text of a column without gaps."""
    return np.asarray(hash_array(texts.to_numpy(zero_copy_only=False), categorize=False), np.uint64)


def _mixed(hashes: NDArray[np.uint64], name: str) -> NDArray[np.uint64]:
    """Hashes spread anew, differently for every field (finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    salt = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    mixed = np.asarray(hashes, np.uint64) ^ np.uint64(salt)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
