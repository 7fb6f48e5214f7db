"""Comparisons and gates on the wire. The answers are made by `as_dict` of what they tell."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from personae.server.schemas.experiment import Reference


class GateIn(BaseModel):
    """A policy to hold an experiment against."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "policy": {
                    "level": 0.95,
                    "rules": [{"rule": "goal", "at_least": 0.8}, {"rule": "goal", "drop_at_most": 0.05}],
                },
                "baseline_id": 1,
            }
        },
    )

    policy: dict[str, Any]
    """`rules`, and `level` (0.95): what a policy file has, see docs/statistics.md."""
    baseline_id: Reference | None = None
    """The experiment before, for rules with `drop_at_most`."""


class _Open(BaseModel):
    """May have more keys than are told here."""

    model_config = ConfigDict(extra="allow")


class Side(_Open):
    """One of the two experiments."""

    experiment_id: int
    name: str
    bot: str
    conversations: int


class Difference(_Open):
    """One question that was asked in both, over the pairs that have an answer on both sides."""

    id: str
    """`goal`, `criterion:<name>` or `metric:<name>`."""
    before_criterion_id: int | None
    """Of a criterion, in the experiment before: its responses are found by it."""
    after_criterion_id: int | None
    verdict: Literal["better", "worse", "no difference shown", "undefined"]
    before: dict[str, Any]
    """`value`, `low`, `high`, `n`, and a `reason` where there is none."""
    after: dict[str, Any]
    change: dict[str, Any]
    """After less before, with its interval."""
    better: int
    worse: int
    same: int
    unanswered: int
    p: float | None
    adjusted_p: float | None
    effect_h: float | None
    """Cohen's h."""
    method: str
    reason: str


class PairedConversations(_Open):
    """Two conversations of the same persona, row and epoch."""

    outcome: Literal["worse", "better", "same"]
    before_response_id: int
    after_response_id: int
    persona: str
    scenario: str
    epoch: int
    changed: list[str]
    """Ids of the questions with another answer."""
    gained: list[str]
    """Of these, those that are answered YES after, and were not before."""
    first_turn: int | None
    """The first turn that differs, from 1; null where they say the same."""


class UnpairedConversation(_Open):
    """A conversation that is in no comparison."""

    side: Literal["before", "after", "both"]
    before_response_id: int | None
    after_response_id: int | None
    persona: str
    scenario: str
    epoch: int
    reason: str
    """`only here`, or why it was left out of all rates."""


class Comparison(_Open):
    """Two experiments beside each other."""

    simulated: bool
    disclaimer: str
    forced: bool
    """More differs than the bot, and it was compared all the same: no number says what the bot did."""
    incomparable: list[dict[str, Any]]
    """`what` differs, `before` and `after`."""
    before: Side
    after: Side
    pairs: int
    worse: int
    better: int
    same: int
    unpaired: int
    level: float
    correction: str
    detectable: float | None
    """The smallest change of the goal rate that so many pairs are likely to see."""
    differences: list[Difference]
    paired_conversations: list[PairedConversations]
    """The worse ones first; at most `most` of each outcome."""
    unpaired_conversations: list[UnpairedConversation]


class Gate(_Open):
    """What came of a policy."""

    simulated: bool
    disclaimer: str
    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE"]
    more: int | None
    """How many more conversations would settle what is open; null where none would, or nobody can tell."""
    conversations: int
    level: float
    checks: list[dict[str, Any]]
    """One for each rule and slice: `verdict`, `rule`, `value`, `low`, `high`, `n`, `more`, `reason`."""
