"""Live progress of a method on the terminal; plain lines where there is none."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from personae.core.persona import Persona
from personae.core.query import Query
from personae.experiments.generating import Generating
from personae.generation import Draft
from personae.reports._text import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

_MOST_LINES = 20


class Live:
    """Shows how far a method is, until it is left."""

    def __init__(self, generating: Generating, console: Console, noun: str, *, quiet: bool) -> None:
        self._generating, self._console, self._noun, self._quiet = generating, console, noun, quiet
        self._seen = 0
        self._progress: Progress | None = None
        if console.is_terminal and not quiet:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._progress = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task(self._noun, total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def made(self, draft: Draft) -> None:
        """One more draft is there."""
        self._seen += 1
        planned = self._generating.planned
        if self._progress is not None:
            spent = self._generating.budget.spent
            told = f"{self._noun}, {self._generating.running} running, {len(self._generating.failures)} failed, "
            self._progress.update(
                self._task, completed=self._seen, total=planned, description=f"{told}${spent.priced_usd:.4f}"
            )
        elif not self._quiet and self._seen % max(1, planned // _MOST_LINES) == 0:
            self._console.print(Text(f"[{self._seen:>{len(str(planned))}}/{planned}] {_line(draft)}"), soft_wrap=True)


def _line(draft: Draft) -> str:
    made = draft.made
    if isinstance(made, Query):
        return one_line(f"{made.topic}: {made.query}" if made.topic else made.query, 110)
    if isinstance(made, Persona):
        return one_line(f"{made.name}: {made.description}", 110)
    return one_line(made.label, 110)
