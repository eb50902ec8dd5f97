"""Data quality as a product: what every street, kind and source has, lacks, contradicts, repeats or puts in the wrong place.

Pure functions on frames. :func:`assess` looks at every row once and gives a :class:`QualityReport`: counts per street, kind
and data set that add up to any larger area, a score whose formula is one line, and findings row by row. What counts as
complete, fresh or plausible is declared in ``rules.toml``; an installation may bring its own file. Names are imported when
they are first used: whoever only reads results needs no pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geo.quality.assessment import Examined, Examiner, assess, assess_store, examine, summarise
    from geo.quality.checks import CHECKS, GROUP_ZH, Check, detail
    from geo.quality.report import QualityReport
    from geo.quality.rules import Rules, load_rules
    from geo.quality.scoring import COUNTS, completeness, ratios, score

_HOME = {
    "CHECKS": "checks", "COUNTS": "scoring", "Check": "checks", "Examined": "assessment", "Examiner": "assessment",
    "GROUP_ZH": "checks", "QualityReport": "report", "Rules": "rules", "assess": "assessment",
    "assess_store": "assessment", "completeness": "scoring", "detail": "checks", "examine": "assessment",
    "load_rules": "rules", "ratios": "scoring", "score": "scoring", "summarise": "assessment",
}

__all__ = [
    "CHECKS", "COUNTS", "GROUP_ZH", "Check", "Examined", "Examiner", "QualityReport", "Rules", "assess", "assess_store",
    "completeness", "detail", "examine", "load_rules", "ratios", "score", "summarise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'geo.quality' has no attribute {name!r}")
    return getattr(import_module(f"geo.quality.{_HOME[name]}"), name)
