"""The system of record: one set of tables, derived from the declared kinds, on one SQLite file or on PostGIS.

:func:`open_store` gives a :class:`Store`; its loads are validated, idempotent, transactional and recorded, every row keeps its
history, its reads go past the ORM. The map that people see is never read from here but from the snapshots that a run makes of it.
"""

from __future__ import annotations

from geo.store.catalogue import CatalogueEntry
from geo.store.conditions import And, Comparison, Not, Or, Where
from geo.store.history import Change
from geo.store.loading import LoadReport, Parts, Progress
from geo.store.quarantine import Rejected
from geo.store.query import Page
from geo.store.store import Store, open_store

__all__ = [
    "And", "CatalogueEntry", "Change", "Comparison", "LoadReport", "Not", "Or", "Page", "Parts", "Progress", "Rejected", "Store",
    "Where", "open_store",
]
