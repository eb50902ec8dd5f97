"""The examples in docstrings run: those of every module of the four packages. Every public name of the model has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import types

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

#: What a class defines and a caller calls.
METHODS = (types.FunctionType, classmethod, staticmethod)


def modules(package: str) -> list[types.ModuleType]:
    """All modules of a package."""
    root = importlib.import_module(package)
    names = [info.name for info in pkgutil.walk_packages(root.__path__, f"{package}.") if not info.name.endswith("__main__")]
    return [root, *(importlib.import_module(name) for name in names if not name.startswith(LEFT_OUT))]


def public_names(module: types.ModuleType) -> list[str]:
    """Functions, compiled ones too, and classes that a module defines and that begin without an underscore."""
    plain = {name: getattr(value, "py_func", value) for name, value in vars(module).items() if not name.startswith("_")}
    return [name for name, value in plain.items()
            if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__]


@pytest.mark.parametrize(("package", "least"), [("geo", 30), ("riskmodel", 1500), ("layers", 15), ("api", 5)])
def test_examples(package: str, least: int) -> None:
    tried = 0
    for module in modules(package):
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
        assert found.failed == 0, f"{module.__name__}: run python -m doctest"
        tried += found.attempted
    assert tried >= least, tried


def shown(full: str, kind: object, examples: dict[str, list[doctest.Example]]) -> dict[str, bool]:
    """Whether a name, and each public method of a class, has an example that shows a result.

    A method is shown in its own docstring, or where another example of its class calls it.
    """
    found = {full: any(example.want for example in examples.get(full, []))}
    if inspect.isclass(kind):
        of_class = [name for name in examples if f"{name}.".startswith(f"{full}.")]
        calls = "".join(example.source for name in of_class for example in examples[name])
        methods = [name for name, value in vars(kind).items() if not name.startswith("_") and isinstance(value, METHODS)]
        found |= {f"{full}.{name}": bool(re.search(rf"\b{name}\(", calls)) for name in methods}
    return found


def test_every_public_name_of_the_model_has_an_example() -> None:
    """As doctest finds them: an example in a docstring that it does not read would prove nothing."""
    without, not_run = [], set()
    for module in modules("riskmodel"):
        if module.__name__.rpartition(".")[2].startswith("_"):
            continue
        examples = {test.name: test.examples for test in doctest.DocTestFinder().find(module)}
        for name in public_names(module):
            full = f"{module.__name__}.{name}"
            if any(doctest.SKIP in example.options for example in examples.get(full, [])):
                not_run.add(full)
            without += [one for one, is_shown in shown(full, getattr(module, name), examples).items() if not is_shown]
    assert set(without) <= set(NOT_RUN), f"no example: {', '.join(sorted(set(without) - set(NOT_RUN)))}"
    assert not_run == set(NOT_RUN)
