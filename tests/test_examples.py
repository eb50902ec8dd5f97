"""The examples in docstrings run: those of every module of the four packages. Every public name of the model has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

#: Scripts that a tool runs, and cannot be imported.
LEFT_OUT = ("geo.store.migrations.",)

#: Examples that are shown and cannot run alone, and why.
NOT_RUN = {
    "riskmodel.cluster.on_cluster": "needs a cluster; runs in tests/riskmodel/test_cluster.py",
    "riskmodel.cluster.lay_here": "a worker's part; runs in tests/riskmodel/test_cluster.py",
    "riskmodel.cluster.local_cluster": "starts processes; runs in tests/riskmodel/test_cluster.py",
    "riskmodel.cluster.warm": "needs a cluster; runs in tests/riskmodel/test_cluster.py",
}


def modules(package: str) -> list[ModuleType]:
    """All modules of a package."""
    root = importlib.import_module(package)
    names = [info.name for info in pkgutil.walk_packages(root.__path__, f"{package}.") if not info.name.endswith("__main__")]
    return [root, *(importlib.import_module(name) for name in names if not name.startswith(LEFT_OUT))]


def public_names(module: ModuleType) -> list[str]:
    """Functions, compiled ones too, and classes that a module defines and that begin without an underscore."""
    plain = {name: getattr(value, "py_func", value) for name, value in vars(module).items() if not name.startswith("_")}
    return [name for name, value in plain.items()
            if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__]


@pytest.mark.parametrize(("package", "least"), [("geo", 30), ("riskmodel", 180), ("layers", 15), ("api", 5)])
def test_examples(package: str, least: int) -> None:
    tried = 0
    for module in modules(package):
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
        assert found.failed == 0, f"{module.__name__}: run python -m doctest"
        tried += found.attempted
    assert tried >= least, tried


def test_every_public_name_of_the_model_has_an_example() -> None:
    """As doctest finds them: an example in a docstring that it does not read would prove nothing.

    What shows no result is no example. Of a class its own docstring counts: it shows what its methods give.
    """
    without, skipped = [], set()
    for module in modules("riskmodel"):
        if module.__name__.rpartition(".")[2].startswith("_"):
            continue
        examples = {test.name: test.examples for test in doctest.DocTestFinder().find(module)}
        for name in public_names(module):
            full = f"{module.__name__}.{name}"
            shown = examples.get(full, [])
            if not any(example.want for example in shown) and full not in NOT_RUN:
                without.append(full)
            if any(doctest.SKIP in example.options for example in shown):
                skipped.add(full)
    assert not without, f"no example: {', '.join(without)}"
    assert skipped == set(NOT_RUN)
