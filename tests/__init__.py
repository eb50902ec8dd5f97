"""Tests of every room, in folders that mirror the packages."""

from __future__ import annotations

import os
from pathlib import Path

# One cache of compiled kernels for all tests and the processes they start; must be set before numba is imported.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / "var" / "cache" / "numba"))
