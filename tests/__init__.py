"""Tests of every room, in folders that mirror the packages."""

from __future__ import annotations

import os
from pathlib import Path

# One cache of compiled kernels for all tests and the processes they start; must be set before numba is imported.
_CACHES = Path(__file__).parents[1] / "var" / "cache"
os.environ.setdefault("NUMBA_CACHE_DIR", str(_CACHES / "numba"))
os.environ.setdefault("MPLCONFIGDIR", str(_CACHES / "matplotlib"))  # a list of the machine's fonts, else in the home folder
