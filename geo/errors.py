"""Everything that can go wrong, as one small tree.

::

    RiskMapError
    ├── InputError              the user's data or request is wrong
    │   ├── BadFile             a file is missing, broken or of an unknown format
    │   ├── BadRow              one row breaks the declaration of its kind (goes to quarantine)
    │   ├── BadParameter        a query parameter, setting or model parameter is wrong
    │   ├── BadGeometry         a geometry is invalid, too large or outside the region
    │   ├── TooLarge            more is asked for than one answer may hold
    │   └── UnknownIdentifier   a substance, industry, kernel or kind that nothing matches
    ├── NotFound                the thing asked for does not exist
    ├── NotModelled             the model refuses: no valid method for this source
    ├── StoreError              the system of record cannot be opened, read or written
    ├── SnapshotError           no snapshot, or one whose checksums do not hold
    ├── RunError                a run could not start or finish
    │   ├── RunInProgress       somebody else holds the lock
    │   └── RunCancelled        somebody asked it to stop
    ├── EnvironmentProblem      the machine: home not writable, port in use, disk full
    └── Busy                    too much is being asked at this moment; later it works

Every error carries one sentence in Chinese and one in English, and what to do about it in both. What an error means
over HTTP is one table in :mod:`api.problems`; nothing below knows of HTTP.
"""

from __future__ import annotations

from typing import Any, Literal

Language = Literal["zh", "en"]


class RiskMapError(Exception):
    """Base of all errors of this product.

    Parameters
    ----------
    zh, en : str
        What happened and where, as one sentence in each language.
    remedy_zh, remedy_en : str
        What the user can do about it.
    **context
        Machine-readable details (file, row, field, value …), handed on to the API's problem body and to logs.
    """

    def __init__(self, zh: str, en: str, *, remedy_zh: str = "", remedy_en: str = "", **context: Any) -> None:
        super().__init__(zh)
        self.zh = zh
        self.en = en
        self.remedy_zh = remedy_zh
        self.remedy_en = remedy_en
        self.context = context

    def message(self, language: Language = "zh") -> str:
        """The sentence in the given language."""
        return self.zh if language == "zh" else self.en

    def remedy(self, language: Language = "zh") -> str:
        """What to do about it, in the given language; may be empty."""
        return self.remedy_zh if language == "zh" else self.remedy_en


class InputError(RiskMapError):
    """The user's data or request is wrong."""


class BadFile(InputError):
    """A file is missing, broken or of an unknown format."""


class BadRow(InputError):
    """One row breaks the declaration of its kind."""


class BadParameter(InputError):
    """A query parameter, a setting or a model parameter is wrong."""


class BadGeometry(InputError):
    """A geometry is invalid, too large or outside the region."""


class TooLarge(InputError):
    """More is asked for than one answer may hold."""


class UnknownIdentifier(InputError):
    """An identifier that nothing matches; never treated as zero risk."""


class NotFound(RiskMapError):
    """The thing asked for does not exist."""


class NotModelled(RiskMapError):
    """The model refuses: it has no valid method for this source."""


class StoreError(RiskMapError):
    """The system of record cannot be opened, read or written."""


class SnapshotError(RiskMapError):
    """There is no snapshot, or one whose checksums do not hold."""


class RunError(RiskMapError):
    """A run could not start or finish."""


class RunInProgress(RunError):
    """Another process holds the run lock."""


class RunCancelled(RunError):
    """Somebody asked the run to stop."""


class EnvironmentProblem(RiskMapError):
    """The machine refuses: home not writable, port in use, disk full."""


class Busy(RiskMapError):
    """Too much is being asked at this moment; the same request works later."""
