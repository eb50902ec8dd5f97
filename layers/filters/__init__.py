"""CQL2 (OGC 21-065r2): a filter as text or JSON, behind caps, evaluated over Arrow columns by an allow-list.

:func:`parse` reads it, :func:`matching` gives the rows of a collection for which it is true.
"""

from __future__ import annotations

from layers.filters.evaluate import matching
from layers.filters.subject import GEOMETRY, Property, Subject
from layers.filters.tree import Filter, FilterLang, parse, parse_json, parse_text

__all__ = ["GEOMETRY", "Filter", "FilterLang", "Property", "Subject", "matching", "parse", "parse_json", "parse_text"]
