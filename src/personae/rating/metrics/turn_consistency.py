"""Turn consistency: does the bot contradict itself?

Source: multivon-eval's TurnConsistency, which compares with the last reply only; here every bot turn counts.
Idea:   ask for every bot turn but the first whether it contradicts an earlier one without correcting itself.
Cost:   none of its own: a question in the one rating call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personae.core.conversation import Turn
from personae.core.prompt import Prompt, load
from personae.core.rating import Score
from personae.rating.metrics import TurnAnswer, bot_turns, metrics, share_of_good_turns


@metrics.method("turn_consistency")
@dataclass(frozen=True)
class TurnConsistency:
    """The share of bot turns that do not contradict an earlier one."""

    threshold: float = 0.7
    """Score from which the metric counts as passed, 0 to 1."""

    @property
    def name(self) -> str:
        return "turn_consistency"

    @property
    def question(self) -> Prompt:
        return load("personae.rating", "turn_consistency")

    def asks_about(self, turns: Sequence[Turn]) -> tuple[int, ...]:
        return bot_turns(turns)[1:]

    def score(self, asked: Sequence[int], answers: Mapping[int, TurnAnswer]) -> Score:
        return share_of_good_turns(self.name, self.threshold, asked, answers)
