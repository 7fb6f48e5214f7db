"""What a comparison of two runs says. Only records; `compare` makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from personae.core.conversation import DISCLAIMER
from personae.errors import Conflict
from personae.experiments.measured import GOAL, Kind, metric_title
from personae.stats.intervals import Estimate

Outcome = Literal["worse", "better", "same"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""In the order in which a reader wants to see them."""
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
    """Two conversations of the same persona, scenario and epoch, both of them measured."""

    outcome: Outcome
    """By the goal; where that stayed as it was, by the number of criteria that are answered YES."""
    before_key: str
    after_key: str
    persona: str
    scenario: str
    epoch: int
    changed: tuple[str, ...]
    """Ids of the yes/no questions with another answer."""
    gained: tuple[str, ...]
    """Of these, those that are answered YES after, and were not before."""
    first_turn: int | None
    """The first turn that differs, from 1; None where all turns are the same words."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A conversation that is in no comparison."""

    side: Literal["before", "after", "both"]
    """Where the reason lies: of `only here`, the one that is there."""
    before_key: str | None
    after_key: str | None
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


class NotComparable(Conflict):
    """Two runs differ in more than the bot, so that no difference between them says what the bot did."""

    def __init__(self, incomparable: tuple[Incomparable, ...]) -> None:
        lines = "\n".join(f"  {one}" for one in incomparable)
        super().__init__(
            f"these runs cannot be compared, for more than the bot differs:\n{lines}\nRun one of them again with the "
            "other's settings, or force it (`--force`, `force=true`) to compare all the same; the result is then marked"
        )
        self.incomparable = incomparable
        self.details = {"incomparable": [asdict(one) for one in incomparable]}


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other."""

    before: str
    after: str
    bots: tuple[str, str]
    conversations: tuple[int, int]
    paired: tuple[Pair, ...]
    """In the order of the run after."""
    repeats: float
    """Pairs for each (persona, scenario)."""
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
    def pairs(self) -> int:
        """Pairs that were measured on both sides."""
        return len(self.paired)

    def of(self, outcome: Outcome) -> list[Pair]:
        """The pairs that went that way."""
        return [pair for pair in self.paired if pair.outcome == outcome]

    def moved(self, question: str, *, is_better: bool) -> list[Pair]:
        """The pairs whose answer to this question, by its id, went that way."""
        return [one for one in self.paired if question in one.changed and (question in one.gained) == is_better]

    @cached_property
    def counts(self) -> Mapping[Outcome, int]:
        """Pairs by how they went."""
        counts = Counter(pair.outcome for pair in self.paired)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def is_forced(self) -> bool:
        return bool(self.incomparable)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. What is undefined is null with its reason."""
        return self.summary() | {
            "paired_conversations": [one.as_dict() for outcome in OUTCOMES for one in self.of(outcome)],
            "unpaired_conversations": [one.as_dict() for one in self.unpaired],
        }

    def summary(self) -> dict[str, Any]:
        """The same without the list of conversations."""
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "forced": self.is_forced,
            "incomparable": [asdict(one) for one in self.incomparable],
            "before": {"name": self.before, "bot": self.bots[0], "conversations": self.conversations[0]},
            "after": {"name": self.after, "bot": self.bots[1], "conversations": self.conversations[1]},
            "pairs": self.pairs,
            "repeats": self.repeats,
            **{str(outcome): count for outcome, count in self.counts.items()},
            "unpaired": len(self.unpaired),
            "level": self.level,
            "correction": self.correction,
            "detectable": self.detectable,
            "differences": [one.as_dict(self.level) for one in self.differences],
        }
