"""Conversation relevance: does the bot deal with what the user says?

Source: multivon-eval's ConversationRelevance, which asks about the last reply only; here every bot turn counts.
Idea:   ask for every bot turn whether it deals with the message before it; the score is the share that does.
Cost:   none of its own: a question in the one rating call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personae.core.conversation import Turn
from personae.core.prompt import Prompt, load
from personae.core.rating import Score
from personae.rating.metrics import TurnAnswer, bot_turns, metrics, share_of_good_turns


@metrics.method("conversation_relevance")
@dataclass(frozen=True)
class ConversationRelevance:
    """The share of bot turns that deal with what the user said."""

    threshold: float = 0.7
    """Score from which the metric counts as passed, 0 to 1."""

    @property
    def name(self) -> str:
        return "conversation_relevance"

    @property
    def question(self) -> Prompt:
        return load("personae.rating", "conversation_relevance")

    def asks_about(self, turns: Sequence[Turn]) -> tuple[int, ...]:
        return bot_turns(turns)

    def score(self, asked: Sequence[int], answers: Mapping[int, TurnAnswer]) -> Score:
        return share_of_good_turns(self.name, self.threshold, asked, answers)
