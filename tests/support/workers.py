"""Which tests stay together where several processes share the work (``pytest -n``)."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share what takes long to make (the full city, a served city and a browser); elsewhere it is the file.
FOLDERS = ("tests/city", "tests/browser")

#: What takes longest comes first, so that no worker is left with it at the end.
FIRST = ("tests/api/test_nights.py", "tests/city", "tests/browser", "tests/benchmarks/test_benchmarks.py")


def together(nodeid: str) -> str:
    """The folder or file whose tests stay on one worker."""
    path = PurePosixPath(nodeid.split("::")[0])
    return str(path.parent) if str(path.parent) in FOLDERS else str(path)


def order(nodeid: str) -> int:
    """Key by which a stable sort puts what takes longest first."""
    group = together(nodeid)
    return FIRST.index(group) if group in FIRST else len(FIRST)


class ByWhatIsShared(LoadScopeScheduling):
    """Hands out whole groups of :func:`together` in their order.

    The option ``--dist loadgroup`` is meant for this; it does nothing with pytest 9.2 and pytest-xdist 3.8.
    """

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
