"""Metrics: scores of 0 to 1 for a transcript, one per file.

A metric that needs a judge gives a question, which shares the one rating call with the criteria and with all other
metrics. The judge answers it for each bot turn that `asks_about` names, so that no turn hides behind the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from personae.core.conversation import Turn
from personae.core.prompt import Prompt
from personae.core.rating import Quote, Score
from personae.core.room import Room


class TurnAnswer(NamedTuple):
    """The judge's answer for one bot turn. `NA`: the question does not apply to it."""

    verdict: Literal["YES", "NO", "NA"]
    reason: str = ""
    quote: Quote | None = None


class Metric(Protocol):
    """What every file of this room registers."""

    @property
    def name(self) -> str: ...

    @property
    def question(self) -> Prompt:
        """What the judge is asked about each turn. YES is good."""
        ...

    def asks_about(self, turns: Sequence[Turn]) -> tuple[int, ...]:
        """Numbers (from 1, over all turns) of the bot turns to ask about. None: nothing can be measured."""
        ...

    def score(self, asked: Sequence[int], answers: Mapping[int, TurnAnswer]) -> Score:
        """The score from the answers, by turn number. Turns that the judge left out are missing in `answers`."""
        ...


metrics: Room[Metric] = Room("personae.rating.metrics", "metric")


def bot_turns(turns: Sequence[Turn]) -> tuple[int, ...]:
    """Numbers of the bot's turns, from 1 over all turns; without those that a scenario's opening gave."""
    return tuple(number for number, turn in enumerate(turns, 1) if turn.role == "assistant" and not turn.is_opening)


def share_of_good_turns(name: str, threshold: float, asked: Sequence[int], answers: Mapping[int, TurnAnswer]) -> Score:
    """The share of YES among the turns to which the question applies, with the bad turns as reason and quotes."""
    counted = {number: answers[number] for number in asked if number in answers and answers[number].verdict != "NA"}
    left_out = [number for number in asked if number not in answers]
    note = f" (the judge left out turn {_listed(left_out)})" if left_out else ""
    if not counted:
        return Score(name, None, f"nothing to measure: it applies to none of the bot turns{note}")
    bad = {number: answer for number, answer in counted.items() if answer.verdict == "NO"}
    value = 1 - len(bad) / len(counted)
    reason = "; ".join(f"turn {number}: {answer.reason or 'no reason given'}" for number, answer in bad.items())
    good = "the one bot turn" if len(counted) == 1 else f"all {len(counted)} bot turns"
    return Score(
        name,
        round(value, 4),
        (reason or f"{good} that it applies to") + note,
        tuple(answer.quote for answer in bad.values() if answer.quote is not None),
        value >= threshold,
        {"good": len(counted) - len(bad), "counted": len(counted), "asked": len(asked)},
    )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
