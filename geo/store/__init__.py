"""The system of record: one set of tables, derived from the declared kinds, on one SQLite file or on PostGIS.

:func:`open_store` gives a :class:`Store`; its loads are validated, idempotent, transactional and recorded, its reads go past the
ORM. The map that people see is never read from here but from the snapshots that a run makes of it.
"""

from __future__ import annotations

from geo.store.loading import LoadReport, Progress
from geo.store.quarantine import Rejected
from geo.store.store import Store, open_store

__all__ = ["LoadReport", "Progress", "Rejected", "Store", "open_store"]
