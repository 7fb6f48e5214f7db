"""What a comparison of two runs says. Only records; `compare` makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from personae.core.conversation import DISCLAIMER
from personae.experiments.measured import GOAL, Kind, metric_title
from personae.stats.intervals import Estimate

Outcome = Literal["better", "worse", "same"]
Verdict = Literal["better", "worse", "no difference shown", "undefined"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that was asked in both runs, over the pairs that have an answer on both sides."""

    id: str
    name: str
    kind: Kind
    before: Estimate
    after: Estimate
    change: Estimate
    """After less before, -1 to 1."""
    better: int
    worse: int
    same: int
    unanswered: int
    """Pairs in which one side, or both, have no answer to it."""
    p: float | None
    method: str
    adjusted_p: float | None = None
    """Corrected for the number of criteria and metrics. The goal is the question asked first, and is not corrected."""
    effect_h: float | None = None
    """Cohen's h, for yes and no."""
    reason: str = ""
    """Why there is no p-value."""

    @property
    def title(self) -> str:
        return metric_title(self.name) if self.kind == "metric" else self.name

    def verdict(self, level: float) -> Verdict:
        """What the test says at `level`, such as 0.95."""
        p = self.p if self.adjusted_p is None else self.adjusted_p
        if p is None or self.change.value is None:
            return "undefined"
        if p > 1 - level or not self.change.value:
            return "no difference shown"
        return "better" if self.change.value > 0 else "worse"

    def as_dict(self, level: float) -> dict[str, Any]:
        data = asdict(self)
        return {"verdict": self.verdict(level)} | data


@dataclass(frozen=True, slots=True)
class Pair:
    """Two conversations of the same persona, scenario and epoch, whose answers differ."""

    outcome: Outcome
    """By the goal; where that stayed as it was, by the number of criteria that are answered YES."""
    before_key: str
    after_key: str
    persona: str
    scenario: str
    epoch: int
    changed: tuple[str, ...]
    """Ids of the yes/no questions with another answer."""
    first_turn: int | None
    """The first turn that differs, from 1; None where all turns are the same words."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A conversation that is in no comparison."""

    side: Literal["before", "after", "both"]
    key: str
    persona: str
    scenario: str
    epoch: int
    reason: str
    """`only here`, or why it was left out of all rates."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Incomparable:
    """One thing in which the runs differ, though a comparison of bots needs it to be the same."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before} against {self.after}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs beside each other."""

    before: str
    after: str
    bots: tuple[str, str]
    conversations: tuple[int, int]
    pairs: int
    """Pairs that were measured on both sides."""
    repeats: float
    """Pairs for each (persona, scenario)."""
    same: int
    changed: tuple[Pair, ...]
    """The worse ones first."""
    unpaired: tuple[Unpaired, ...]
    differences: tuple[Difference, ...]
    correction: str
    level: float
    detectable: float | None
    """The smallest change of the goal rate that so many pairs are likely to see, with as many differing as did."""
    incomparable: tuple[Incomparable, ...] = ()
    """What differs and was told to be overlooked. Where there is any, no number says what the bot's change did."""

    @property
    def goal(self) -> Difference | None:
        return next((one for one in self.differences if one.id == GOAL), None)

    @property
    def better(self) -> int:
        return sum(pair.outcome == "better" for pair in self.changed)

    @property
    def worse(self) -> int:
        return sum(pair.outcome == "worse" for pair in self.changed)

    @property
    def is_forced(self) -> bool:
        return bool(self.incomparable)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. What is undefined is null with its reason."""
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "forced": self.is_forced,
            "incomparable": [asdict(one) for one in self.incomparable],
            "before": {"name": self.before, "bot": self.bots[0], "conversations": self.conversations[0]},
            "after": {"name": self.after, "bot": self.bots[1], "conversations": self.conversations[1]},
            "pairs": self.pairs,
            "repeats": self.repeats,
            "better": self.better,
            "worse": self.worse,
            "same": self.same,
            "unpaired": len(self.unpaired),
            "level": self.level,
            "correction": self.correction,
            "detectable": self.detectable,
            "differences": [one.as_dict(self.level) for one in self.differences],
            "changed_pairs": _dicts(self.changed),
            "unpaired_conversations": _dicts(self.unpaired),
        }


def _dicts(records: Iterable[Pair | Unpaired]) -> list[dict[str, Any]]:
    return [one.as_dict() for one in records]
