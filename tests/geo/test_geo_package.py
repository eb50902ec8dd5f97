"""The package's door: what it hands out, and that opening it stays light."""

from __future__ import annotations

import subprocess
import sys

import geo


def test_exported_names_are_there() -> None:
    assert sorted(geo.__all__, key=str.swapcase) == sorted(set(geo.__all__), key=str.swapcase)
    for name in geo.__all__:
        assert getattr(geo, name) is not None


def test_import_brings_no_heavy_library() -> None:
    heavy = "pandas", "sqlalchemy", "geopandas", "numba", "pyarrow", "rasterio", "scipy"
    code = f"import sys, geo; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
