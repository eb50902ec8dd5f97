"""What the command line shows: a bar on a terminal, plain lines elsewhere, one summary line at the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from api import interrupts
from geo.errors import Language, RiskMapError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Called by long work: what it does now, how much is done, of how much (0: not known).
Report = Callable[[str, int, int], None]

#: A plain line about the same stage at most this often.
_PLAIN_EVERY_S = 5.0


class Console:
    """Messages in one language.

    Parameters
    ----------
    tongue : {'zh', 'en'}
    """

    def __init__(self, tongue: Language = "zh") -> None:
        self.tongue = tongue
        self.terminal = sys.stderr.isatty()

    @classmethod
    def now(cls) -> Console:
        """The console in the language that ``RISKMAP_LANGUAGE`` asks for; works even if other settings are wrong."""
        return cls("en" if os.environ.get("RISKMAP_LANGUAGE") == "en" else "zh")

    def pick(self, zh: str, en: str) -> str:
        """The sentence in this console's language."""
        return zh if self.tongue == "zh" else en

    def say(self, zh: str, en: str) -> None:
        """One line of result on standard output."""
        print(self.pick(zh, en), flush=True)

    def note(self, zh: str, en: str) -> None:
        """One line about the work on standard error."""
        print(self.pick(zh, en), file=sys.stderr, flush=True)

    def fail(self, error: RiskMapError) -> None:
        """What went wrong and what to do about it, on standard error."""
        print(self.pick(f"错误：{error.zh}", f"Error: {error.en}"), file=sys.stderr)
        remedy = error.remedy(self.tongue)
        if remedy:
            print(self.pick(f"办法：{remedy}", f"Remedy: {remedy}"), file=sys.stderr)
        sys.stderr.flush()

    def table(self, title: tuple[str, str], heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
        """A table on standard output; title and headings in both languages, no cell can colour the screen or move the cursor."""
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self.pick(*title), title_justify="left")
        for head in heads:
            table.add_column(self.pick(*head), overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else printable(str(cell)))
                            for cell in row))  # Text: brackets of a name are no markup
        RichConsole(width=None if self.terminal else 160).print(table)

    @contextmanager
    def step(self, zh: str, en: str) -> Iterator[Report]:
        """Show one stage of long work; yields the function that the work reports to."""
        started = time.monotonic()
        title = self.pick(zh, en)
        if self.terminal:
            with _bar() as progress:
                yield _report_to_bar(progress, progress.add_task(title, total=None), title)
        else:
            print(f"{title} …", file=sys.stderr, flush=True)
            yield _report_plain(title)
        interrupts.check()
        print(f"{title} {self.pick('完成', 'done')} {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Without control characters, which could move the cursor or colour the screen."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _bar() -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=RichConsole(stderr=True), transient=True,
    )


def _report_to_bar(progress: Progress, task: TaskID, title: str) -> Report:
    def report(what: str, done: int, total: int) -> None:
        interrupts.check()
        progress.update(task, description=f"{title} {what}".strip(), completed=done, total=total or None)
    return report


def _report_plain(title: str) -> Report:
    last_what, last_time = "", time.monotonic()

    def report(what: str, done: int, total: int) -> None:
        nonlocal last_what, last_time
        interrupts.check()
        now = time.monotonic()
        if what == last_what and now - last_time < _PLAIN_EVERY_S:
            return
        share = f" {done}/{total}" if total else ""
        print(f"  {title} {what}{share}", file=sys.stderr, flush=True)
        last_what, last_time = what, now
    return report
