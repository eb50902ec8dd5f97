"""OGC API – Features: landing page, conformance, collections, items, queryables; for programs as JSON, for people as HTML."""

from __future__ import annotations
