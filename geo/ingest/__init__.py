"""The way in: files of the field's usual forms become rows of the declared kinds in the store, and none is lost on the way.

:func:`ingest_file` loads one file of one kind (:func:`load_file` gives just its report), :func:`load_directory` a directory with
a manifest, all at once or not at all; :func:`rehearse_directory` says what that would do. What is wrong with single rows never
stops a load: it goes to the store's quarantine with its reason, :func:`export_quarantine` writes it out to be mended and
:func:`reload_quarantine` brings it back. What is noticed about a file as a whole is a :class:`Finding`, kept with the load.
"""

from __future__ import annotations

from geo.ingest.assignment import assign_area_codes
from geo.ingest.directory import load_directory
from geo.ingest.files import Declared, Ingested, ingest_file, load_file
from geo.ingest.findings import Finding
from geo.ingest.mapping import Saved, read_mapping, write_mapping
from geo.ingest.mending import export_quarantine, reload_quarantine
from geo.ingest.rehearsal import Rehearsed, rehearse_directory
from geo.ingest.templates import write_template

__all__ = [
    "Declared", "Finding", "Ingested", "Rehearsed", "Saved", "assign_area_codes", "export_quarantine", "ingest_file",
    "load_directory", "load_file", "read_mapping", "rehearse_directory", "reload_quarantine", "write_mapping", "write_template",
]
