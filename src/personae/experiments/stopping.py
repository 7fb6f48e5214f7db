"""Adaptive stopping: no new conversation once it is sure on which side of the gate the goal rate lies.

Source: `stats.sequential`
Idea:   conversations are drawn in random order, and the test looks at them in just that order, however fast each of
        them ends: else the quick ones, which are the easy ones, would be heard first. It may look after every one, and
        still errs in no more than one of twenty runs. What it is sure of is the rate over this plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from personae.core.result import SimulationResult
from personae.experiments.measured import exclusion
from personae.experiments.plan import Plan
from personae.experiments.result_file import read_rows, verdicts_of
from personae.stats.sequential import Decision, RateTest


@dataclass(slots=True)
class Stopping:
    """The test, and what has ended before its turn came. `plan` must be in random order: see `Plan.is_shuffled`."""

    test: RateTest
    plan: Plan
    _next: str | None = None
    _keys: Iterator[str] = field(init=False)
    _waiting: dict[str, bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys = (spec.key for spec in self.plan)
        self._next = next(self._keys, None)

    @property
    def decision(self) -> Decision | None:
        return self.test.decision

    def read(self, path: Path) -> None:
        """What earlier runs left in the result file."""
        if path.exists():
            for row in read_rows(path):
                self.finished(verdicts_of(row))

    def finished(self, result: SimulationResult) -> None:
        """One conversation ended. One that is in no rate says nothing."""
        self._waiting[result.key] = result.goal_achieved if exclusion(result) is None else None
        while self._next is not None and self._next in self._waiting:
            answer = self._waiting.pop(self._next)
            if answer is not None:
                self.test.add(answer)
            self._next = next(self._keys, None)

    def in_words(self, not_run: int) -> str:
        """What was decided, and what was not run for it."""
        low, high = self.test.interval()
        side = "under" if self.decision == "below" else "at or above"
        which = "1 conversation was" if not_run == 1 else f"{not_run:,} conversations were"
        return (
            f"sure after {self.test.n:,}: goal completion over this plan is {side} {self.test.bound:.0%} "
            f"(it lies in {low:.0%} to {high:.0%}, at every look at once); {which} not run"
        )
