"""What all benchmarks share: arguments, timing, facts about the machine, and one object as JSON or as a table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

#: Every figure ends in its unit: seconds, milliseconds, megabytes (2²⁰ bytes), per second, or a pure number.
UNITS = ("_s", "_ms", "_mb", "_per_s", "_ratio")

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """What a benchmark found.

    Attributes
    ----------
    sizes : dict
        How much was worked on.
    conditions : str
        Cold or warm, how often repeated, what was left out.
    own : dict
        Our figures; keys end in a unit.
    peer_name : str
        Name and version of the peer and how it was used; if `peer` is None, why there is none.
    peer : dict or None
        The peer's figures, keys as in `own`.
    ratios : dict
        Peer over own where larger is better for us.
    agreement : dict
        How far the two results differ; empty if nothing can be compared.
    """

    sizes: Mapping[str, Any]
    conditions: str
    own: Mapping[str, float]
    peer_name: str
    peer: Mapping[str, float] | None = None
    ratios: Mapping[str, float] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.own, *(self.peer or {}), *self.ratios, *self.agreement):
            if not name.endswith(UNITS):
                raise ValueError(f"the figure {name!r} does not end in its unit")


def run(name: str, purpose: str, declare: Callable[[argparse.ArgumentParser], None],
        measure: Callable[[argparse.Namespace], Result], argv: Sequence[str] | None = None) -> None:
    """Parse the arguments, measure, and print one JSON object (``--json``) or a table."""
    from api.scoring import use_kernel_cache
    from geo.settings import Settings

    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=purpose)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    declare(parser)
    options = parser.parse_args(argv)
    use_kernel_cache(Settings())
    load, started = os.getloadavg()[0], datetime.now(UTC)
    result = measure(options)
    facts = {**machine(), "load_average_before": round(load, 2), "load_average_after": round(os.getloadavg()[0], 2)}
    answer = as_dict(name, started, facts, result)
    print(json.dumps(answer, ensure_ascii=False) if options.json else table(answer), flush=True)


def as_dict(name: str, started: datetime, facts: Mapping[str, Any], result: Result) -> dict[str, Any]:
    """The one object that a benchmark prints."""
    return {
        "benchmark": name, "started": started.isoformat(timespec="seconds"), "machine": dict(facts),
        "conditions": result.conditions, "sizes": dict(result.sizes), "own": _rounded(result.own),
        "peer": None if result.peer is None else {"name": result.peer_name, **_rounded(result.peer)},
        **({"peer_reason": result.peer_name} if result.peer is None else {}),
        "ratios": _rounded(result.ratios), "agreement": {name: float(f"{value:.7g}") for name, value in result.agreement.items()},
    }


def machine() -> dict[str, Any]:
    """Cores that we may use, processor, memory, system, Python."""
    return {
        "cores": len(os.sched_getaffinity(0)), "cpu": _first_of("/proc/cpuinfo", "model name") or platform.machine(),
        "memory_mb": int((_first_of("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
    }


def best(work: Callable[[], T], repeats: int = 3) -> tuple[float, T]:
    """Seconds of the quickest of some calls, and what the last one gave."""
    seconds = []
    for _ in range(repeats):
        taken, found = once(work)
        seconds.append(taken)
    return min(seconds), found


def once(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of one call, and what it gave."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def timed(work: Callable[[], T], repeats: int = 3) -> tuple[float, float, T]:
    """Wall and processor seconds of the quickest of some calls, and what the last one gave: others may load the machine."""
    found: list[tuple[float, float]] = []
    for _ in range(repeats):
        cpu = time.process_time()
        wall, result = once(work)
        found.append((wall, time.process_time() - cpu))
    return (*min(found), result)


def peak_mb() -> float:
    """Largest memory in use (RSS) of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def version(*packages: str) -> str:
    """``geopandas 1.2.0, pyogrio 0.13.0``."""
    return ", ".join(f"{package} {metadata.version(package)}" for package in packages)


def say(what: str) -> None:
    """One line on standard error about what is measured now."""
    print(f"… {what}", file=sys.stderr, flush=True)


def table(answer: Mapping[str, Any]) -> str:
    """The same object for people: sizes, then own and peer side by side, then ratios and agreement."""
    facts = answer["machine"]
    lines = [
        f"{answer['benchmark']} · {answer['started']}",
        f"{facts['cores']} cores {facts['cpu']}, {facts['memory_mb']} MB, {facts['system']}, Python {facts['python']}, "
        f"load {facts['load_average_before']} → {facts['load_average_after']}",
        answer["conditions"], "", *_pairs(answer["sizes"]), "",
    ]
    own, peer = answer["own"], answer["peer"] or {}
    lines.append(f"peer: {peer.get('name') or 'none, ' + answer['peer_reason']}")
    names = [*own, *(name for name in peer if name not in own and name != "name")]
    width = max(len(name) for name in names)
    lines.append(f"  {'':{width}}  {'own':>12}  {'peer':>12}")
    lines += [f"  {name:{width}}  {_number(own.get(name)):>12}  {_number(peer.get(name)):>12}" for name in names]
    for part in ("ratios", "agreement"):
        if answer[part]:
            lines += ["", f"{part}:", *_pairs(answer[part])]
    return "\n".join(lines)


def _pairs(values: Mapping[str, Any]) -> list[str]:
    width = max(len(name) for name in values)
    return [f"  {name:{width}}  {_number(value)}" for name, value in values.items()]


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_number(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else str(value)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in values.items()}


def _first_of(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
