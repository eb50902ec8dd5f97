"""Mutation testing of the formulas: each number, operator, comparison and function changed in turn, the tests run on each change.

    python tools/mutants.py [MODULE …] [--without-examples] [--json FILE]

A mutant is put into the running modules in memory and judged in a forked child by the tests that enter its module, tests against
published numbers first. What survives is printed with its line; `make mutants` fails if one survives that tools/mutants.toml
does not explain, or if it explains one that does not survive. Numbers change by one per cent (0 becomes 1, whole numbers grow
by one).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parent.parent
KNOWN = ROOT / "tools/mutants.toml"
TESTS = [*(ROOT / "tests/outside").glob("test_*published.py"), ROOT / "tests/outside/test_gb18218.py",
         *(ROOT / f"tests/riskmodel/test_{name}.py"
           for name in ("consequence", "consequence_checks", "consequence_numbers", "dense_gas", "dense_gas_numbers",
                        "identification"))]
MODULES = sorted(f"riskmodel.{p}.{f.stem}" for p in ("consequence", "identification")
                 for f in (ROOT / "riskmodel" / p).glob("[a-z]*.py"))
SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.BitAnd: (ast.BitOr,), ast.Mod: (ast.Mult,), ast.FloorDiv: (ast.Mult,),
}
NAMES = {"maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max", "sqrt": "cbrt", "cbrt": "sqrt", "log": "log10",
         "log10": "log", "sin": "cos", "cos": "sin", "exp": "expm1", "expm1": "exp", "arctan": "tanh", "square": "sqrt",
         "floor": "ceil", "ndtr": "ndtri", "ndtri": "ndtr"}


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, Any, Any]]:
    """Node, its field, its value and what to put there, in a fixed order; messages, annotations, bounds of inputs stay."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise) and not is_guard(child):
                yield from places(child)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, bool | int | float):
        v = tree.value
        yield tree, "value", v, not v if isinstance(v, bool) else v + 1 if isinstance(v, int) else v * 1.01 or 1.0
    for field in ("op", "ops"):
        old = getattr(tree, field, None)
        for new in SWAPS.get(type(old[0] if isinstance(old, list) else old), ()):
            yield tree, field, old, [new(), *old[1:]] if isinstance(old, list) else new()
    if isinstance(tree, ast.UnaryOp):
        yield (tree, "op", tree.op, ast.UAdd()) if isinstance(tree.op, ast.USub) else (
            tree, "operand", tree.operand, ast.UnaryOp(ast.Not(), tree.operand))
    for field in ("attr", "id"):
        if isinstance(tree, ast.Attribute | ast.Name) and (name := getattr(tree, field, None)) in NAMES:
            yield tree, field, name, NAMES[name]


def is_guard(node: ast.AST) -> bool:
    """Whether this only says which inputs are refused: no number comes out of it."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "within"


def mutants(module: str) -> Iterator[tuple[str, bool, Any]]:
    """What is changed, whether in a value that other modules may have imported, and the compiled module, one after the other."""
    path = ROOT / (module.replace(".", "/") + ".py")
    lines, tree = path.read_text().splitlines(), ast.parse(path.read_text())
    inside = {n for d in tree.body if not isinstance(d, ast.Assign | ast.AnnAssign) for n in ast.walk(d)}
    for node, field, old, new in list(places(tree)):
        line = node.lineno  # type: ignore[attr-defined]
        setattr(node, field, new)
        code = compile(ast.fix_missing_locations(tree), str(path), "exec")
        setattr(node, field, old)
        at = node.col_offset  # type: ignore[attr-defined]
        yield f"{line} {named(old)} → {named(new)} @{at} | {lines[line - 1].strip()}", node not in inside, code


def named(value: Any) -> str:
    """How a report names what was changed."""
    value = value[0] if isinstance(value, list) else value
    return type(value).__name__ if isinstance(value, ast.AST) else str(value)


def install(module: ModuleType, code: Any) -> None:
    """Put a mutant into the module that everybody has imported."""
    fresh: dict[str, Any] = {"__name__": module.__name__, "__package__": module.__package__, "__file__": module.__file__}
    exec(code, fresh)
    for name, new in fresh.items():
        old = vars(module).get(name)
        if isinstance(new, type) and isinstance(old, type) and new.__module__ == module.__name__:
            for attribute, value in vars(new).items():
                replace(vars(old).get(attribute), value)
        elif not replace(old, new) and not name.startswith("__") and repr(old) != repr(new):
            for other in [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]:
                for k in [k for k, v in vars(other).items() if v is old]:
                    setattr(other, k, new)


def replace(old: Any, new: Any) -> bool:
    """Give an old function the body and defaults of the new one."""
    for wrapper in ("__func__", "fget", "__wrapped__"):
        old, new = getattr(old, wrapper, old), getattr(new, wrapper, new)
    if not isinstance(old, FunctionType) or not isinstance(new, FunctionType):
        return False
    if old.__module__ == new.__module__:
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    return True


def passes(items: list[Any], i: int) -> bool:
    """Run one test."""
    following = items[i + 1] if i + 1 < len(items) else None
    return not any(report.failed for report in runtestprotocol(items[i], log=False, nextitem=following))


def noticed(items: list[Any], module: ModuleType, code: Any) -> bool:
    """Whether a test fails on a mutant, in a child; the test that does goes to the front: the next mutant is likely its too.

    A mutant that cannot be installed, or computes for 20 s, is noticed.
    """
    read, write = os.pipe()
    if not (child := os.fork()):
        gc.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        signal.setitimer(signal.ITIMER_PROF, 20)  # of the processor: on a busy machine the clock alone would notice mutants
        status = 1
        with contextlib.suppress(BaseException):
            install(module, code)
            failing = next((i for i in range(len(items)) if not passes(items, i)), None)
            status = int(failing is not None)
            os.write(write, str(failing or 0).encode())
        os._exit(status)
    os.close(write)
    with os.fdopen(read) as file:
        first = int(file.read() or 0)
    items.insert(0, items.pop(first))
    return os.waitpid(child, 0)[1] != 0


def files_entered(items: list[Any]) -> list[tuple[float, set[str]]]:
    """Seconds of each test and the source files whose code it enters, found in a child; all tests must pass."""
    read, write = os.pipe()
    if not os.fork():
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        found = []
        for i, item in enumerate(items):
            seen: set[str] = set()
            start = time.perf_counter()
            sys.setprofile(lambda frame, _, __, seen=seen: seen.add(frame.f_code.co_filename))
            passed = passes(items, i)
            sys.setprofile(None)
            found.append([time.perf_counter() - start, [f for f in seen if "/riskmodel/" in f]] if passed else item.nodeid)
        with os.fdopen(write, "w") as file:
            json.dump(found, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        found = json.load(file)
    os.wait()
    assert not (failing := [f for f in found if isinstance(f, str)]), f"fails without a mutant: {failing}"
    return [(seconds, set(files)) for seconds, files in found]


class Judge:
    """Replaces pytest's loop: every mutant against the tests that enter its module."""

    def __init__(self, modules: list[str], known: dict[str, Any]) -> None:
        self.modules, self.known, self.result = modules, known, {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        paired = sorted(zip(files_entered(session.items), session.items, strict=True), key=lambda p: p[0][0])
        gc.collect()
        gc.freeze()
        for name in self.modules:
            module, survivors, count = importlib.import_module(name), [], 0
            entering = [item for (_, files), item in paired if module.__file__ in files]
            quick = [*entering, *(i for (seconds, files), i in paired if seconds < 0.05 and module.__file__ not in files)]
            for what, shared, code in mutants(name):
                count += 1
                if not noticed(quick if shared else entering, module, code):
                    survivors.append(what)
            reasons = self.known.get(name.removeprefix("riskmodel."), {})
            alive = [s for s in survivors if s.split(" ", 1)[1] not in reasons]
            untrue = sorted(set(reasons) - {s.split(" ", 1)[1] for s in survivors})
            same = len(survivors) - len(alive)
            self.result[name] = {"mutants": count, "equivalent": same, "survivors": alive, "untrue": untrue}
            print(f"{name}: {count} mutants, {count - len(survivors)} killed, {same} equivalent", flush=True)
            for line in [*alive, *(f"explained, but noticed or gone: {reason}" for reason in untrue)]:
                print(f"    {line}", flush=True)
        return True


def main() -> int:
    """Judge the modules asked for; 1 if a mutant survives that nobody explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--without-examples", action="store_true", help="leave the examples in docstrings out")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    known = tomllib.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    os.environ["RISKMAP_TEST_ORACLES"] = "1"  # the page of outside numbers would notice the smallest change
    judge = Judge([m if m.startswith("riskmodel.") else f"riskmodel.{m}" for m in args.modules], known)
    examples = [] if args.without_examples else [str(ROOT / (m.replace(".", "/") + ".py")) for m in MODULES]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:logging", "--capture=no"]
    code = pytest.main([*options, *map(str, TESTS), *examples], plugins=[judge])
    if args.json:
        args.json.write_text(json.dumps(judge.result, ensure_ascii=False, indent=1) + "\n")
    return int(code not in (0, 5) or any(r["survivors"] or r["untrue"] for r in judge.result.values()))


if __name__ == "__main__":
    sys.exit(main())
