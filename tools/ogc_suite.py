"""Run a test suite of OGC (ets-ogcapi-features10, ets-ogcapi-tiles10) against a server, where Java and its jar are at hand.

    python tools/ogc_suite.py SUITE-aio.jar [http://127.0.0.1:8000/api]

The all-in-one jar comes from the suite's release page, or is built from its source by ``mvn package``. Prints what failed
and ends with 1 if anything did. The same abstract tests, without Java, are in ``tests/outside/test_ogc_features_ats.py``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

_PROPERTIES = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">
<properties version="1.0"><entry key="iut">{address}</entry><entry key="noofcollections">-1</entry></properties>
"""


def main() -> int:
    """Run the suite and print its findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jar", type=Path)
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000/api")
    given = parser.parse_args()
    java = shutil.which("java")
    if java is None or not given.jar.is_file():
        print(f"needed: java ({java or 'not found'}) and {given.jar}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "test-run-props.xml"
        settings.write_text(_PROPERTIES.format(address=given.address), encoding="utf-8")
        done = subprocess.run([java, "-jar", str(given.jar), "-o", folder, str(settings)], capture_output=True, text=True,
                              check=False)
        results = sorted(Path(folder).rglob("testng-results.xml"))
        if not results:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
            return 2
        return report(results[-1])


def report(results: Path) -> int:
    """Print how many passed, and what failed; 1 if anything did."""
    root = ElementTree.parse(results).getroot()
    print(", ".join(f"{name} {root.get(name)}" for name in ("total", "passed", "failed", "skipped")))
    failed = [method for method in root.iter("test-method") if method.get("status") == "FAIL"]
    for method in failed:
        message = method.findtext("exception/message") or ""
        print(f"FAIL {method.get('name')}: {method.get('description') or ''}\n     {message.strip()[:500]}")
    return 1 if failed or root.get("passed") in (None, "0") else 0


if __name__ == "__main__":
    sys.exit(main())
