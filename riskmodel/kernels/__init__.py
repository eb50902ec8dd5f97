"""Compiled kernels: how footprints fall on cells, in exact integers.

Everything here is numba code that the rest of the model calls; importing it is what costs the compile (or cache) time,
so the serving process imports it only when somebody asks for an explanation.

One module's code is compiled into another's, but numba asks only whether the caller's own file changed. The compiled code is
therefore kept in a folder named by the sources of the whole package: after an upgrade, none of the old is used.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba import config as numba_config


def _keep_by_sources() -> None:
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(here.glob("*.py")):
        digest.update(path.read_bytes())
    settings: Any = numba_config
    settings.CACHE_DIR = str(Path(settings.CACHE_DIR or here / "__pycache__") / f"kernels-{digest.hexdigest()}")


_keep_by_sources()
