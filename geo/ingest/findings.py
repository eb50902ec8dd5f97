"""What is noticed while a file is read: said with its evidence, kept with the load, never mended in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Severity = Literal["info", "warning", "serious"]

#: Examples kept of each finding.
EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed, of one or of many rows.

    Attributes
    ----------
    code : str
        Name of the check, such as ``credit-code-check-digit``.
    severity : {'info', 'warning', 'serious'}
        Serious: most rows are probably wrong; ``--strict`` then loads nothing.
    zh, en : str
        One sentence in each language, with what to do if there is something to do.
    count : int
        Rows it is about; 0 where it is about the file.
    evidence : mapping
        What the judgement rests on: numbers and names that JSON can hold.
    examples : tuple of (row, value)
        The first rows it was seen in, counted from 1, and what stood there.
    """

    code: str
    severity: Severity
    zh: str
    en: str
    count: int = 0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[tuple[int, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON can hold it; this is what the store keeps."""
        return {"code": self.code, "severity": self.severity, "zh": self.zh, "en": self.en, "count": self.count,
                "evidence": dict(self.evidence), "examples": [list(example) for example in self.examples]}


class Findings:
    """The findings of one file; rows with the same code are counted together."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    def add(self, finding: Finding) -> None:
        """Note a finding; one of the same code is added up, its sentence stays the first one's."""
        before = self._found.get(finding.code)
        if before is not None:
            finding = replace(before, count=before.count + finding.count,
                              evidence=_summed(before.evidence, finding.evidence),
                              examples=(*before.examples, *finding.examples)[:EXAMPLES])
        self._found[finding.code] = finding

    def note(self, code: str, severity: Severity, zh: str, en: str, **evidence: Any) -> None:
        """Note something about the file as a whole."""
        self.add(Finding(code, severity, zh, en, evidence=evidence))

    def rows(self, code: str, severity: Severity, zh: str, en: str, labels: Sequence[int] | Iterable[int],
             values: Iterable[Any] = (), **evidence: Any) -> None:
        """Note something about rows (labels from 0); nothing where there are none."""
        numbers = [int(label) + 1 for label in labels]
        if numbers:
            shown = [str(value)[:120] for value, _ in zip(values, range(EXAMPLES), strict=False)]
            examples = tuple(zip(numbers[:EXAMPLES], shown or [""] * EXAMPLES, strict=False))
            self.add(Finding(code, severity, zh, en, len(numbers), evidence, examples))

    def __iter__(self) -> Iterator[Finding]:
        order = {"serious": 0, "warning": 1, "info": 2}
        return iter(sorted(self._found.values(), key=lambda one: (order[one.severity], -one.count)))

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, code: object) -> bool:
        return code in self._found

    def __getitem__(self, code: str) -> Finding:
        return self._found[code]


def _summed(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence of two parts: whole numbers are added, the rest stays as it was first."""
    both = dict(first)
    for name, value in second.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and isinstance(both.get(name, 0), int | float):
            both[name] = both.get(name, 0) + value
        else:
            both.setdefault(name, value)
    return both
