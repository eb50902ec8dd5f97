"""Features as bytes: JSON text from Arrow columns, streams, tables and files, in memory that does not grow with the answer."""

from __future__ import annotations

from layers.formats.kinds import FORMATS, Format, format_named
from layers.formats.selection import Part, Selection

__all__ = ["FORMATS", "Format", "Part", "Selection", "format_named"]
