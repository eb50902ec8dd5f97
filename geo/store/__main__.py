"""For developers: ``python -m geo.store "what changed"`` writes the migration from the newest revision to the declared kinds."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from geo.store.store import open_store


def main(arguments: list[str]) -> int:
    """Make an empty store of the newest revision, compare it with the declaration, and write the next revision if they differ."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{Path(folder) / 'empty.sqlite'}") as store:
        store.init()
        written = store.write_revision(arguments[0])
    print(written or "the migrations already say what geo.kinds declares")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
