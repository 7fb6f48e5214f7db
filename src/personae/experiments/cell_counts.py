"""What a tally keeps of one persona in one scenario: counts, sums, and what several judges said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.experiments.measured import GOAL
from personae.stats.intervals import Cluster
from personae.stats.variance import Sums

_NONE: Cluster = (0.0, 0)


@dataclass(slots=True)
class CellCounts:
    """All that was counted of one persona in one scenario."""

    conversations: int = 0
    measured: int = 0
    answers: dict[str, Cluster] = field(default_factory=dict)
    """By measure: the sum of the answers, and how many there are."""
    invalid: dict[str, Cluster] = field(default_factory=dict)
    """Of conversations that were judged, but were no fair tests."""
    votes: list[Sums] = field(default_factory=list)
    """What several judges said of the goal, for each conversation that counts and was rated by several."""
    by_several: Sums = field(default_factory=Sums)
    """What these conversations came to, one verdict for each."""

    def with_invalid(self, key: str) -> Cluster:
        """Sum and count of a measure, those conversations included that were no fair tests."""
        total, count = self.answers.get(key, _NONE)
        more, invalid = self.invalid.get(key, _NONE)
        return total + more, count + invalid

    def add_votes(self, goal: Mapping[str, Any] | None) -> None:
        """What several judges said of a conversation that counts: `goal` of its row."""
        if goal and goal["verdict"] is not None and "votes" in goal:
            self.votes.append(Sums.of([vote["verdict"] for vote in goal["votes"] if vote["verdict"] is not None]))
            self.by_several.add(Sums.of([goal["verdict"]]))

    def goal_ratings(self) -> Sums:
        """All answers about the goal: one of each conversation, or one of each of its judges.

        They are 0 and 1, so their squares add up to their sum.
        """
        (yes, count), one_each = self.answers[GOAL], self.by_several
        every = Sums(count - one_each.n, yes - one_each.total, yes - one_each.squares)
        for votes in self.votes:
            every.add(votes)
        return every
