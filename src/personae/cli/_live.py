"""Live progress on the terminal; plain lines where there is none."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from personae.core.result import SimulationResult
from personae.experiments.run import Experiment
from personae.reports._text import one_line

_LAST = 6
_MOST_LINES = 60
_BAR = 8, 36
"""Columns of the bar, at least and at most."""
_GOAL = {True: ("reached", "green"), False: ("not reached", "red"), None: ("not judged", "yellow")}


class Live:
    """Shows how far an experiment is, until it is left."""

    def __init__(self, experiment: Experiment, console: Console) -> None:
        self._experiment = experiment
        self._console = console
        self._last: deque[SimulationResult] = deque(maxlen=_LAST)
        self._seen = 0
        self._step = max(1, experiment.progress.planned // _MOST_LINES)
        self._screen: Screen | None = None
        if console.is_terminal:
            self._screen = Screen(get_renderable=self._picture, console=console, refresh_per_second=5, transient=True)

    def __enter__(self) -> Self:
        if self._screen is not None:
            self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen is not None:
            self._screen.stop()

    def finished(self, result: SimulationResult) -> None:
        """One more conversation is done."""
        self._last.append(result)
        self._seen += 1
        if self._screen is None and self._seen % self._step == 0:
            self._console.print(Text(f"{self._count()} {_line(result).plain}"), soft_wrap=True)

    def _count(self) -> str:
        progress = self._experiment.progress
        planned = str(progress.planned)
        return f"[{progress.found_done + self._seen:>{len(planned)}}/{planned}]"

    def _picture(self) -> RenderableType:
        progress = self._experiment.progress
        done = progress.found_done + progress.done
        beside = (
            Text(f"{done:,} of {progress.planned:,} done"),
            Text(f"{progress.running} running", style="cyan"),
            Text(f"{progress.errors} errors", style="red" if progress.errors else "dim"),
            *([Text(f"{progress.repeated} again", style="yellow")] if progress.repeated else ()),
            Text(self._money()),
            Text(_duration(progress.left_s), style="dim"),
        )
        room = self._console.width - sum(text.cell_len + 1 for text in beside) - 1
        width = min(max(room, _BAR[0]), _BAR[1])
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(progress.planned, 1), completed=done, width=width, complete_style="cyan"), *beside
        )
        return Group(bar, *map(_line, tuple(self._last)))  # the screen's thread looks while results come in

    def _money(self) -> str:
        budget = self._experiment.budget
        spent = f"${budget.spent.priced_usd:.4f}"
        if budget.ceilings.usd is not None:
            spent += f" of ${budget.ceilings.usd:.2f}"
        return spent + (" + unpriced" if budget.spent.unpriced_calls else "")


def _line(result: SimulationResult) -> Text:
    word, color = _GOAL[result.goal_achieved]
    line = Text("  ")
    line.append(f"{one_line(result.persona.name, 28):<28} ")
    line.append(f"{result.turns:>2} turns  {result.stop_reason:<17} ", style="dim")
    line.append(f"goal {word}", style=color)
    if result.validity and result.validity.attempts:
        line.append(f"  held {len(result.validity.attempts) + 1} times", style="yellow")
    if result.error:
        line.append(f"  {one_line(result.error, 70)}", style="red")
    return line


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "time left: ?"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s left" if minutes else f"{rest} s left"
