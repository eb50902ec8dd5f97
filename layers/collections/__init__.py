"""Collections: every table of a snapshot that others may read, with typed columns, geometries and questions.

:func:`make_collection` makes one, :func:`rows_of` finds the rows that answer a :class:`Query`; what they are written as
is the matter of :mod:`layers.formats`.
"""

from __future__ import annotations

from layers.collections.catalog import collection_names, make_collection
from layers.collections.collection import Collection
from layers.collections.crs import CRS84, Crs, chosen, offered
from layers.collections.query import Query, rows_of

__all__ = ["CRS84", "Collection", "Crs", "Query", "chosen", "collection_names", "make_collection", "offered", "rows_of"]
