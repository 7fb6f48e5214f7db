"""Doses: of each behaviour, what was planned against what was delivered; of each persona's facts, what was elicited.

Only counts are kept, by persona and scenario, so that repeats of one pair widen the intervals as they do elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.persona import When
from personae.core.result import SimulationResult
from personae.simulation.facts import told
from personae.stats.intervals import Cluster, Estimate, rate

_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class BehaviourDose:
    """One behaviour over all conversations that have it."""

    name: str
    doses: tuple[str, ...]
    """Probability and intensity as they were chosen, such as `0.3 at intensity 2`; more than one where they differ."""
    turns: int
    """Messages of the user in these conversations."""
    planned: Estimate
    """Share of those messages in which it was asked for."""
    delivered: Estimate
    """Share of the planned ones that show it, among those of which it can be told."""
    unplanned: Estimate
    """Share of the other messages that show it all the same, among those of which it can be told."""
    cannot_tell: int
    """Planned messages of which it cannot be told."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "doses": list(self.doses),
            "turns": self.turns,
            "planned": self.planned.as_dict(),
            "delivered": self.delivered.as_dict(),
            "unplanned": self.unplanned.as_dict(),
            "cannot_tell": self.cannot_tell,
        }


@dataclass(frozen=True, slots=True)
class FactTold:
    """How one fact of one persona came into its conversations."""

    persona: str
    fact: str
    when: When
    """Its rule."""
    elicited: Estimate
    """Share of the conversations in which the user told it after the bot had asked for something."""
    volunteered: int
    """Conversations in which the user told it of their own accord."""
    untold: int

    @property
    def is_broken(self) -> bool:
        """The simulator did not keep to the rule: it told what it should not, or not until it was asked."""
        told = self.elicited.n - self.untold
        return (self.when == "never" and told > 0) or (self.when == "if_asked" and self.volunteered > 0)

    def as_dict(self) -> dict[str, Any]:
        return {
            "persona": self.persona,
            "fact": self.fact,
            "when": self.when,
            "elicited": self.elicited.as_dict(),
            "volunteered": self.volunteered,
            "untold": self.untold,
        }


@dataclass(slots=True)
class _Counts:
    """Of one behaviour: sums and numbers by pair."""

    doses: dict[str, None] = field(default_factory=dict)
    turns: dict[_Pair, list[int]] = field(default_factory=dict)
    """Planned, all."""
    asked: dict[_Pair, list[int]] = field(default_factory=dict)
    """Delivered, told, among the planned."""
    other: dict[_Pair, list[int]] = field(default_factory=dict)
    cannot_tell: int = 0

    def merge(self, other: _Counts) -> None:
        for dose in other.doses:
            self.doses.setdefault(dose)
        self.cannot_tell += other.cannot_tell
        for own, more in ((self.turns, other.turns), (self.asked, other.asked), (self.other, other.other)):
            for pair, (yes, n) in more.items():
                cell = own.setdefault(pair, [0, 0])
                cell[0] += yes
                cell[1] += n


@dataclass(slots=True)
class Doses:
    """Counts, while results go by."""

    behaviours: dict[str, _Counts] = field(default_factory=dict)
    facts: dict[tuple[str, str], tuple[When, dict[str, int]]] = field(default_factory=dict)

    def add(self, result: SimulationResult) -> None:
        if "behaviours" in result.metadata:
            self._add_behaviours(result)
        if result.persona.facts and result.conversation.bot_turns:
            self._add_facts(result)

    def _add_behaviours(self, result: SimulationResult) -> None:
        pair = (result.persona.name, result.scenario.version_hash)
        for dose in _dicts(result.metadata["behaviours"]):
            counts = self.behaviours.setdefault(str(dose.get("name")), _Counts())
            counts.doses.setdefault(f"{dose.get('probability')} at intensity {dose.get('intensity')}")
        everything = [turn.metadata.get("behaviours") for turn in result.conversation.turns]
        for shown in (*everything, result.metadata.get("behaviours_at_end")):
            for name, seen in shown.items() if isinstance(shown, Mapping) else ():
                if isinstance(seen, Mapping):
                    self._add_turn(self.behaviours.setdefault(name, _Counts()), pair, seen)

    def _add_turn(self, counts: _Counts, pair: _Pair, seen: Mapping[str, bool | None]) -> None:
        planned, delivered = bool(seen.get("planned")), seen.get("delivered")
        _count(counts.turns, pair, planned)
        if delivered is not None:
            _count(counts.asked if planned else counts.other, pair, delivered)
        elif planned:
            counts.cannot_tell += 1

    def _add_facts(self, result: SimulationResult) -> None:
        found = told(result.persona.facts, result.conversation.turns)
        for fact in result.persona.facts:
            _, counts = self.facts.setdefault((result.persona.name, fact.name), (fact.when, {}))
            counts[found[fact.name]] = counts.get(found[fact.name], 0) + 1

    def merge(self, other: Doses) -> None:
        """Add what was counted of results that come after."""
        for name, counts in other.behaviours.items():
            self.behaviours.setdefault(name, _Counts()).merge(counts)
        for fact, (when, more) in other.facts.items():
            _, own = self.facts.setdefault(fact, (when, {}))
            for how, count in more.items():
                own[how] = own.get(how, 0) + count

    def finished_behaviours(self) -> tuple[BehaviourDose, ...]:
        return tuple(
            BehaviourDose(
                name,
                tuple(counts.doses),
                sum(n for _, n in counts.turns.values()),
                _rate(counts.turns, "the user said nothing"),
                _rate(counts.asked, "it was planned in no message of which it can be told"),
                _rate(counts.other, "there is no other message of which it can be told"),
                counts.cannot_tell,
            )
            for name, counts in sorted(self.behaviours.items())
        )

    def finished_facts(self) -> tuple[FactTold, ...]:
        return tuple(
            FactTold(
                persona,
                fact,
                when,
                rate(
                    [(1, 1)] * counts.get("elicited", 0) + [(0, 1)] * (sum(counts.values()) - counts.get("elicited", 0))
                ),
                counts.get("volunteered", 0),
                counts.get("untold", 0),
            )
            for (persona, fact), (when, counts) in self.facts.items()
        )


def _count(table: dict[_Pair, list[int]], pair: _Pair, is_so: bool) -> None:  # noqa: FBT001 - it is what is counted
    cell = table.setdefault(pair, [0, 0])
    cell[0] += is_so
    cell[1] += 1


def _rate(table: Mapping[_Pair, list[int]], reason: str) -> Estimate:
    clusters: list[Cluster] = [(yes, n) for yes, n in table.values()]
    return rate(clusters, reason=reason)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
