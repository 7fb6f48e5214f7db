"""What experiments decide, as the server tells it: comparisons and gates."""

from __future__ import annotations

from typing import Any, Literal

from personae.sdk.nouns import Received


class Estimate(Received):
    """A rate, a mean or a change, with its interval. What is None has its reason."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str


class Difference(Received):
    """One question that was asked in both experiments."""

    id: str
    """`goal`, `criterion:<name>` or `metric:<name>`."""
    verdict: Literal["better", "worse", "no difference shown", "undefined"]
    before: Estimate
    after: Estimate
    change: Estimate
    better: int
    worse: int
    same: int
    unanswered: int
    """Pairs in which a side has no answer to it."""
    p: float | None
    adjusted_p: float | None
    """Corrected for the number of criteria and metrics; the goal is asked first, and is not corrected."""
    effect_h: float | None
    """Cohen's h, for yes and no."""
    method: str
    reason: str


class PairedConversations(Received):
    """Two conversations of the same persona, row and epoch."""

    outcome: Literal["worse", "better", "same"]
    before_response_id: int
    after_response_id: int
    persona: str
    scenario: str
    epoch: int
    changed: tuple[str, ...]
    """Ids of the yes/no questions with another answer."""
    gained: tuple[str, ...]
    """Of these, those that are answered YES after, and were not before."""
    first_turn: int | None
    """The first turn that differs, from 1."""


class UnpairedConversation(Received):
    """A conversation that is in no comparison."""

    side: Literal["before", "after", "both"]
    before_response_id: int | None
    after_response_id: int | None
    persona: str
    scenario: str
    epoch: int
    reason: str
    """`only here`, or why it was left out of all rates."""


class Comparison(Received):
    """An experiment beside the one before the change."""

    forced: bool
    """More differs than the bot: no number says what the bot did."""
    incomparable: tuple[dict[str, Any], ...]
    pairs: int
    worse: int
    better: int
    same: int
    unpaired: int
    level: float
    detectable: float | None
    """The smallest change of the goal rate that so many pairs are likely to see."""
    differences: tuple[Difference, ...]
    """The goal first, then criteria and metrics."""
    paired_conversations: tuple[PairedConversations, ...]
    """The worse ones first."""
    unpaired_conversations: tuple[UnpairedConversation, ...]
    disclaimer: str


class Check(Estimate):
    """What came of one rule, in one slice."""

    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE"]
    rule: dict[str, Any]
    more: int | None
    """How many more conversations would settle it."""


class Gate(Received):
    """What came of a policy."""

    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE"]
    more: int | None
    """How many more conversations would settle all that is open; None where none would, or nobody can tell."""
    conversations: int
    checks: tuple[Check, ...]
    disclaimer: str
