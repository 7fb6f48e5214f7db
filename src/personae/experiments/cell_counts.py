"""What a tally keeps of one persona in one scenario: counts, sums, and what several judges said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.experiments.measured import GOAL
from personae.stats.variance import Sums


@dataclass(slots=True)
class CellCounts:
    """All that was counted of one persona in one scenario."""

    conversations: int = 0
    measured: int = 0
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    invalid_sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    invalid_counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Of conversations that were judged, but were no fair tests."""
    votes: list[Sums] = field(default_factory=list)
    """What several judges said of the goal, for each conversation that counts and was rated by several."""
    by_several: Sums = field(default_factory=Sums)
    """What these conversations came to, one verdict for each."""

    def with_invalid(self, key: str) -> tuple[float, int]:
        """Sum and count of a measure, those conversations included that were no fair tests."""
        total = self.sums.get(key, 0.0) + self.invalid_sums.get(key, 0.0)
        return total, self.counts.get(key, 0) + self.invalid_counts.get(key, 0)

    def add_votes(self, goal: Mapping[str, Any] | None) -> None:
        """What several judges said of a conversation that counts: `goal` of its row."""
        if goal and goal["verdict"] is not None and "votes" in goal:
            self.votes.append(Sums.of([vote["verdict"] for vote in goal["votes"] if vote["verdict"] is not None]))
            self.by_several.add(Sums.of([goal["verdict"]]))

    def goal_ratings(self) -> Sums:
        """All answers about the goal: one of each conversation, or one of each of its judges.

        They are 0 and 1, so their squares add up to their sum.
        """
        yes, one_each = self.sums[GOAL], self.by_several
        every = Sums(self.counts[GOAL] - one_each.n, yes - one_each.total, yes - one_each.squares)
        for votes in self.votes:
            every.add(votes)
        return every
