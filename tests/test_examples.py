"""The examples in docstrings run: those of every module of the four packages."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

#: Scripts that a tool runs, and cannot be imported.
LEFT_OUT = ("geo.store.migrations.",)


def modules(package: str) -> list[ModuleType]:
    """All modules of a package."""
    root = importlib.import_module(package)
    names = [info.name for info in pkgutil.walk_packages(root.__path__, f"{package}.") if not info.name.endswith("__main__")]
    return [root, *(importlib.import_module(name) for name in names if not name.startswith(LEFT_OUT))]


@pytest.mark.parametrize(("package", "least"), [("geo", 30), ("riskmodel", 180), ("layers", 15), ("api", 5)])
def test_examples(package: str, least: int) -> None:
    tried = 0
    for module in modules(package):
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
        assert found.failed == 0, f"{module.__name__}: run python -m doctest"
        tried += found.attempted
    assert tried >= least, tried
