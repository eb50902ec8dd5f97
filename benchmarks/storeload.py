"""One load in a process of its own, as ``riskmap ingest`` does it: ``python -m benchmarks.storeload URL AREAS CSV``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def load_twice(url: str, areas: Path, csv: Path) -> dict[str, Any]:
    """Load the areas, then the file, then the file again; seconds, largest memory and what changed."""
    from geo.ingest import load_file
    from geo.store import open_store

    with open_store(url) as store:
        store.init()
        load_file(store, "area", areas)
        start = time.perf_counter()
        report = load_file(store, "enterprise", csv)
        load_s, load_mb, start = time.perf_counter() - start, largest_mb(), time.perf_counter()
        again = load_file(store, "enterprise", csv, complete=True)
    return {"load_1m_s": load_s, "load_1m_mb": load_mb, "load_rows": report.inserted, "load_quarantined": report.quarantined,
            "reload_s": time.perf_counter() - start, "reload_mb": largest_mb(),
            "reload_changes": again.inserted + again.updated + again.removed}


def largest_mb() -> float:
    """Largest resident memory of this program, MB (what ``getrusage`` says includes the process that started it)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    print(json.dumps(load_twice(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
