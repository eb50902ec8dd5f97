"""The way in: files of the field's usual forms become rows of the declared kinds in the store.

:func:`load_directory` loads a whole sample directory at once or not at all, :func:`load_file` one CSV, GeoJSON or GeoParquet file
of one kind, and :func:`assign_area_codes` says in which street each row lies. What is wrong with single rows never stops a load:
it goes to the store's quarantine with its reason.
"""

from __future__ import annotations

from geo.ingest.assignment import assign_area_codes
from geo.ingest.directory import load_directory
from geo.ingest.files import load_file

__all__ = ["assign_area_codes", "load_directory", "load_file"]
