"""What a report says, save for the transcripts: counts, rates with their intervals, and what was left out.

Only records. `tally` makes them from the rows of a result file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.conversation import DISCLAIMER
from personae.core.usage import NO_USAGE, Usage
from personae.experiments.doses import BehaviourDose, FactTold
from personae.experiments.fairness import Fairness
from personae.experiments.measured import INVALID, Kind, metric_title
from personae.stats.intervals import Estimate, undefined
from personae.stats.variance import Part


@dataclass(frozen=True, slots=True)
class Measure:
    """One question that was asked of every conversation, and the answer over all that were measured."""

    id: str
    """`goal`, `criterion:<name>` or `metric:<name>`."""
    name: str
    kind: Kind
    estimate: Estimate
    """A rate of yes for goal and criteria, a mean from 0 to 1 for metrics."""
    with_invalid: Estimate = field(default_factory=lambda: undefined("it was not counted"))
    """The same with the conversations that were no fair tests. Equal to `estimate` where there are none."""
    missing: int = 0
    """Measured conversations in which this one question has no answer."""
    reasons: tuple[Message, ...] = ()
    """Why it has none, most frequent first."""

    @property
    def title(self) -> str:
        """The name for people to read."""
        return metric_title(self.name) if self.kind == "metric" else self.name


@dataclass(frozen=True, slots=True)
class Message:
    """A text that occurred `count` times; numbers in it may differ."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """Conversations that are in no rate, for one reason."""

    reason: str
    """A termination (`bot_error`, `budget_exceeded` ...) or `not_judged`."""
    count: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The conversations of one persona, scenario or trait."""

    name: str
    conversations: int
    measured: int
    estimates: Mapping[str, Estimate]
    """By the measure's id."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the bot took for a reply."""

    n: int
    p50_ms: float | None
    p95_ms: float | None
    histogram: tuple[tuple[float, float, int], ...]
    """(from, below, replies), in milliseconds."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the rows' metadata say of the run. More than one value means that the file mixes runs."""

    name: str
    """The path of keys, with dots."""
    values: tuple[str, ...]
    more: int = 0
    """How many further values there are at least."""


@dataclass(frozen=True, slots=True)
class Run:
    """What ran, as far as the metadata say; each is empty where they do not."""

    bot: tuple[str, ...] = ()
    simulator: tuple[str, ...] = ()
    simulator_temperature: tuple[str, ...] = ()
    judge: tuple[str, ...] = ()
    judge_temperature: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    git_commit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report says, save for the transcripts."""

    conversations: int = 0
    measured: int = 0
    excluded: tuple[Excluded, ...] = ()
    measures: tuple[Measure, ...] = ()
    """Goal completion first, then criteria and metrics in the order of the rows."""
    personas: tuple[Slice, ...] = ()
    scenarios: tuple[Slice, ...] = ()
    traits: tuple[Slice, ...] = ()
    terminations: Mapping[str, int] = field(default_factory=dict)
    """Only those that occurred, in the order of `core.conversation.TERMINATIONS`."""
    turns: Mapping[int, int] = field(default_factory=dict)
    """Bot replies in a conversation, and how many conversations had so many."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By role."""
    latency: Latency = field(default_factory=lambda: Latency(0, None, None, ()))
    retried: int = 0
    """Turns that had to be asked for more than once."""
    failed: int = 0
    """Conversations that failed, or whose rating did: they are worth another try."""
    run_again: int = 0
    """Conversations that were tried again after that."""
    cut_replies: int = 0
    """Replies that were cut off at a limit of length."""
    refusals: int = 0
    """Replies in which the bot declined to help at all."""
    refusals_undecided: int = 0
    """Replies of which nobody could tell whether they were refusals."""
    epochs: int = 0
    """The highest number of repeats of one persona in one scenario."""
    pass_hat: Mapping[int, Estimate] = field(default_factory=dict)
    """pass^k by k: the chance that k repeats all achieve the goal. Empty without repeats."""
    pass_at: Mapping[int, Estimate] = field(default_factory=dict)
    """pass@k by k: the chance that at least one of k repeats does. Empty without repeats."""
    variance: tuple[Part, ...] = ()
    """Where the spread of the goal comes from. Empty with fewer than two answers."""
    run: Run = field(default_factory=Run)
    facts: tuple[Fact, ...] = ()
    """All other metadata."""
    behaviours: tuple[BehaviourDose, ...] = ()
    """What was planned against what was delivered. Empty where no conversation has behaviours."""
    facts_told: tuple[FactTold, ...] = ()
    """How personas' facts came into their conversations. Empty where no persona has facts with rules."""
    fairness: Fairness = field(default_factory=Fairness)
    """Whether the conversations were fair tests of the bot."""
    half_lines: int = 0
    """Last lines that were only half written, and left out."""
    superseded: int = 0
    """Rows left out because the same conversation was recorded again further down."""

    @property
    def goal(self) -> Estimate:
        """The rate of goals achieved."""
        return self.measures[0].estimate if self.measures else undefined("there are no conversations")

    @property
    def left_out_as_invalid(self) -> int:
        """Conversations that were judged, and are in no rate because they were no fair tests."""
        return sum(one.count for one in self.excluded if one.reason == INVALID)

    @property
    def is_crossed(self) -> bool:
        """Whether several personas share a scenario: else the scenarios' table would say what the personas' does."""
        return len(self.scenarios) > 1 and len(self.scenarios) * max(self.epochs, 1) < self.conversations

    @property
    def total_usage(self) -> Usage:
        return sum(self.usage.values(), NO_USAGE)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. What is undefined is null with its reason."""
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "conversations": self.conversations,
            "measured": self.measured,
            "excluded": [
                {"reason": one.reason, "count": one.count, "messages": _messages(one.messages)} for one in self.excluded
            ],
            "goal_completion": self.goal.as_dict(),
            "goal_completion_with_invalid": self.measures[0].with_invalid.as_dict() if self.measures else None,
            "validity": self.fairness.as_dict(),
            "measures": [
                {"id": one.id, "name": one.name, "kind": one.kind, **one.estimate.as_dict()}
                | {"with_invalid": one.with_invalid.as_dict()}
                | {"missing": one.missing, "missing_reasons": _messages(one.reasons)}
                for one in self.measures
            ],
            "pass_hat": {str(k): estimate.as_dict() for k, estimate in self.pass_hat.items()},
            "pass_at": {str(k): estimate.as_dict() for k, estimate in self.pass_at.items()},
            "variance": [part.as_dict() for part in self.variance],
            "personas": [_slice(one) for one in self.personas],
            "scenarios": [_slice(one) for one in self.scenarios],
            "traits": [_slice(one) for one in self.traits],
            "terminations": dict(self.terminations),
            "turns": {str(turns): count for turns, count in self.turns.items()},
            "cost_usd": self.total_usage.cost_usd,
            "usage": {role: usage.as_dict() for role, usage in self.usage.items()},
            "latency_ms": {"n": self.latency.n, "p50": self.latency.p50_ms, "p95": self.latency.p95_ms},
            "retried": self.retried,
            "failed": self.failed,
            "run_again": self.run_again,
            "cut_replies": self.cut_replies,
            "refusals": self.refusals,
            "refusals_undecided": self.refusals_undecided,
            "epochs": self.epochs,
            "run": {name: list(getattr(self.run, name)) for name in Run.__dataclass_fields__},
            **({"behaviours": [one.as_dict() for one in self.behaviours]} if self.behaviours else {}),
            **({"facts_told": [one.as_dict() for one in self.facts_told]} if self.facts_told else {}),
            "facts": {fact.name: list(fact.values) for fact in self.facts},
            "half_lines": self.half_lines,
            "superseded": self.superseded,
        }


def _messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [{"text": message.text, "count": message.count} for message in messages]


def _slice(one: Slice) -> dict[str, Any]:
    estimates = {name: estimate.as_dict() for name, estimate in one.estimates.items()}
    return {"name": one.name, "conversations": one.conversations, "measured": one.measured, "estimates": estimates}
