"""What a tally keeps of personas in scenarios: of each pair, a cell, counts and sums; and what several judges said.

There may be very many cells, so each question has columns of numbers, in which a cell has a place.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.stats.intervals import Cluster
from personae.stats.variance import Cell, Sums

Pair = tuple[str, str]


@dataclass(slots=True)
class Answers:
    """Answers to one question: by cell, their sum and how many there are."""

    totals: array[float] = field(default_factory=lambda: array("d"))
    counts: array[int] = field(default_factory=lambda: array("L"))

    def grow(self, cells: int) -> None:
        """Places for so many more cells."""
        self.totals.frombytes(bytes(self.totals.itemsize * cells))
        self.counts.frombytes(bytes(self.counts.itemsize * cells))

    def clusters(self) -> list[Cluster]:
        """One of each cell; (0, 0) where there is no answer."""
        return list(zip(self.totals, self.counts, strict=True))


@dataclass(slots=True)
class CellCounts:
    """All that was counted, by cell."""

    places: dict[Pair, int] = field(default_factory=dict)
    """The place of each cell, in the order in which they were met; named by whoever counts."""
    conversations: array[int] = field(default_factory=lambda: array("L"))
    measured: array[int] = field(default_factory=lambda: array("L"))
    answers: dict[str, Answers] = field(default_factory=dict)
    """By measure."""
    invalid: dict[str, Answers] = field(default_factory=dict)
    """By measure, of conversations that were judged, but were no fair tests."""
    votes: dict[int, list[Sums]] = field(default_factory=dict)
    """By place: what several judges said of the goal, for each conversation that counts and was rated by several."""
    by_several: dict[int, Sums] = field(default_factory=dict)
    """By place: what these conversations came to, one verdict for each."""

    def place(self, persona: str, scenario: str) -> int:
        """Where the cell of the two stands: behind all others, if it is new."""
        place = self.places.get((persona, scenario))
        if place is None:
            place = self.places[persona, scenario] = len(self.places)
            self.conversations.append(0)
            self.measured.append(0)
            for answers in (*self.answers.values(), *self.invalid.values()):
                answers.grow(1)
        return place

    def column(self, table: dict[str, Answers], key: str) -> Answers:
        """That of a measure in `answers` or `invalid`, with a place for every cell."""
        answers = table.get(key)
        if answers is None:
            answers = table[key] = Answers()
            answers.grow(len(self.places))
        return answers

    def add_votes(self, place: int, goal: Mapping[str, Any] | None) -> None:
        """What several judges said of a conversation that counts: `goal` of its row."""
        if goal and goal["verdict"] is not None and "votes" in goal:
            votes = Sums.of([vote["verdict"] for vote in goal["votes"] if vote["verdict"] is not None])
            self.votes.setdefault(place, []).append(votes)
            self.by_several.setdefault(place, Sums()).add(Sums.of([goal["verdict"]]))

    def merge(self, other: CellCounts) -> None:
        """Add what was counted of rows that come after."""
        places = [self.place(*pair) for pair in other.places]
        for there, here in enumerate(places):
            self.conversations[here] += other.conversations[there]
            self.measured[here] += other.measured[there]
        for own, more in ((self.answers, other.answers), (self.invalid, other.invalid)):
            for key, answers in more.items():
                column = self.column(own, key)
                totals, counts = column.totals, column.counts
                for here, total, count in zip(places, answers.totals, answers.counts, strict=True):
                    totals[here] += total
                    counts[here] += count
        for there, votes in other.votes.items():
            self.votes.setdefault(places[there], []).extend(votes)
            self.by_several.setdefault(places[there], Sums()).add(other.by_several[there])

    def clusters(self, key: str) -> list[Cluster]:
        """By cell, the sum of a measure's answers and how many there are."""
        answers = self.answers.get(key)
        return [(0.0, 0)] * len(self.places) if answers is None else answers.clusters()

    def with_invalid(self, key: str) -> list[Cluster]:
        """The same, those conversations included that were no fair tests."""
        clusters = self.clusters(key)
        if (invalid := self.invalid.get(key)) is None:
            return clusters
        more = invalid.clusters()
        return [(a + c, b + d) for (a, b), (c, d) in zip(clusters, more, strict=True)]

    def ratings(self, key: str) -> Iterator[Cell]:
        """All ratings by cell: one of each conversation, or one of each of its judges.

        They are 0 and 1, so their squares add up to their sum.
        """
        nobody = Sums()
        for ((persona, scenario), place), (yes, count) in zip(self.places.items(), self.clusters(key), strict=True):
            if not count:
                continue
            one_each, votes = self.by_several.get(place, nobody), self.votes.get(place, ())
            every = Sums(count - one_each.n, yes - one_each.total, yes - one_each.squares)
            for of_one in votes:
                every.add(of_one)
            yield Cell(persona, scenario, every, tuple(votes))
