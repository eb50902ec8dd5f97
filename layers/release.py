"""Which program this is: its release, and a hash over the model's own source files."""

from __future__ import annotations

import hashlib
from importlib import metadata, resources
from pathlib import Path


def code_version() -> str:
    """Release and a short hash over the model's own source files; equal on two machines that run the same code."""
    digest = hashlib.sha256()
    for package in ("geo", "riskmodel", "layers"):
        for path in sorted(Path(str(resources.files(package))).rglob("*.py")):
            digest.update(path.read_bytes())
    return f"{metadata.version('riskmap')}+{digest.hexdigest()[:12]}"
