"""Knowledge retention: does the bot remember what the user told it?

Source: multivon-eval's KnowledgeRetention, which asks about the last reply only; here every bot turn counts.
Idea:   ask for every bot turn whether it forgets, asks again for, or misstates what the user gave before.
Cost:   none of its own: a question in the one rating call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personae.core.conversation import Turn
from personae.core.prompt import Prompt, load
from personae.core.rating import Score
from personae.rating.metrics import TurnAnswer, bot_turns, metrics, share_of_good_turns


@metrics.method("knowledge_retention")
@dataclass(frozen=True)
class KnowledgeRetention:
    """The share of bot turns that respect what the user told before."""

    threshold: float = 0.7
    """Score from which the metric counts as passed, 0 to 1."""

    @property
    def name(self) -> str:
        return "knowledge_retention"

    @property
    def question(self) -> Prompt:
        return load("personae.rating", "knowledge_retention")

    def asks_about(self, turns: Sequence[Turn]) -> tuple[int, ...]:
        return bot_turns(turns)

    def score(self, asked: Sequence[int], answers: Mapping[int, TurnAnswer]) -> Score:
        return share_of_good_turns(self.name, self.threshold, asked, answers)
