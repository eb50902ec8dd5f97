"""The ground everything stands on: what is on the map, where it is kept, and the cells it falls in.

Feature kinds are declared once (:mod:`geo.kinds`); tables, validation, templates and documentation follow from that declaration.
:mod:`geo.store` is the system of record (SQLite or PostGIS), :mod:`geo.ingest` fills it, :mod:`geo.grid` is the equal-area grid
of the calculation, and :mod:`geo.errors` and :mod:`geo.settings` are shared by all rooms. Importing this package stays light:
the store and ingest bring pandas and SQLAlchemy and are imported by name where they are needed.
"""

from __future__ import annotations

from geo.errors import RiskMapError
from geo.grid import STORAGE_SRID, Grid, to_degrees, to_metres
from geo.kinds import KINDS, Field, Kind, kind
from geo.settings import Settings

__all__ = ["KINDS", "STORAGE_SRID", "Field", "Grid", "Kind", "RiskMapError", "Settings", "kind", "to_degrees", "to_metres"]
