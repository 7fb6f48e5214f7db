"""Progress: how far a run is, for whoever shows it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from personae.core.conversation import CUT, ERRORS
from personae.core.result import SimulationResult
from personae.experiments.measured import exclusion


@dataclass(slots=True)
class Progress:
    """Counts of one run. Read it whenever you like."""

    planned: int = 0
    found_done: int = 0
    """Finished by an earlier run of the same file."""
    running: int = 0
    done: int = 0
    turns: int = 0
    terminations: Counter[str] = field(default_factory=Counter)
    goals: Counter[bool | None] = field(default_factory=Counter)
    repeated: int = 0
    """Conversations that were no fair tests and were held again."""
    measured: int = 0
    """Conversations that are in a rate."""
    clock: Callable[[], float] = time.monotonic
    began: float = 0.0

    def begin(self, planned: int, found_done: int) -> None:
        self.planned, self.found_done, self.began = planned, found_done, self.clock()

    def finished(self, result: SimulationResult) -> None:
        self.done += 1
        self.terminations[result.conversation.termination] += 1
        is_measured = exclusion(result) is None
        if is_measured:
            self.goals[result.goal_achieved] += 1
        self.measured += is_measured

    @property
    def goal_rate(self) -> float | None:
        """The share of goals achieved, or None where none was judged."""
        judged = self.goals[True] + self.goals[False]
        return self.goals[True] / judged if judged else None

    @property
    def errors(self) -> int:
        return sum(self.terminations[termination] for termination in ERRORS)

    @property
    def cut(self) -> int:
        return sum(self.terminations[termination] for termination in CUT)

    @property
    def elapsed_s(self) -> float:
        return self.clock() - self.began

    @property
    def left_s(self) -> float | None:
        """About how long the rest takes at the pace so far; None until a first conversation is done."""
        if not self.done:
            return None
        left = self.planned - self.found_done - self.done
        return self.elapsed_s / self.done * left
