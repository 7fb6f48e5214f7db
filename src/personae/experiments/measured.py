"""What one conversation says: whether it was measured, its answers to what was asked about it, and how its turns went.

A conversation is *measured* when it ended by itself, is not known to be an unfair test of the bot, and the judge
answered at least one question about it. All others are excluded from every rate, each under exactly one reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from personae.core.conversation import CUT, ERRORS
from personae.core.result import SimulationResult

Kind = Literal["goal", "criterion", "metric"]
GOAL = "goal"
"""The id of the measure that says whether the goal was achieved."""
GOAL_TITLE = "Goal achieved"
INVALID = "invalid"
"""The reason of exclusion of those that were judged, and were no fair tests."""
_NUMBER: Mapping[bool | None, float | None] = {True: 1.0, False: 0.0, None: None}


def exclusion(result: SimulationResult) -> tuple[str, str] | None:
    """Why a conversation is in no rate: the reason's name and a message; None where it was measured."""
    if (left_out := unjudged(result)) is not None:
        return left_out
    if result.validity is not None and result.validity.verdict == "invalid":
        return INVALID, result.validity.reason
    return None


def unjudged(result: SimulationResult) -> tuple[str, str] | None:
    """Why a conversation has no rating, as `exclusion` does; None where it has one, a fair test or not."""
    termination = result.conversation.termination
    if termination in ERRORS or termination in CUT:
        return termination, result.conversation.error
    given = list(answers(result))
    if any(value is not None for _, _, value, _ in given):
        return None
    reasons = [reason for _, _, _, reason in given if reason]
    nothing = "nothing was asked: no expected outcome, no criteria, no metrics"
    return "not_judged", reasons[0] if reasons else ("the judge gave no reason" if given else nothing)


def failure(result: SimulationResult) -> str:
    """Why a conversation is worth another try: a side failed, or the judge did. Blank where it is not.

    One that was cut short is not meant: it goes on anyway.
    """
    termination = result.conversation.termination
    if termination in CUT or (termination not in ERRORS and not result.turns):
        return ""
    if (left_out := unjudged(result)) is not None and (termination in ERRORS or any(answers(result))):
        return ": ".join(left_out)
    errors = [rating.error for rating in (result.goal, *result.ratings) if rating is not None and rating.error]
    return f"not_judged: {errors[0]}" if errors else ""


def answers(result: SimulationResult) -> Iterator[tuple[Kind, str, float | None, str]]:
    """Kind, name, value (1 and 0 for yes and no) and the reason where there is no value."""
    if result.goal is not None:
        yield "goal", GOAL_TITLE, _NUMBER[result.goal.verdict], result.goal.error
    for rating in result.ratings:
        yield "criterion", rating.criterion, _NUMBER[rating.verdict], rating.error
    for score in result.scores:
        yield "metric", score.metric, score.value, score.reason


def metric_title(name: str) -> str:
    """`turn_consistency` as `Turn consistency`."""
    return name.replace("_", " ").replace("-", " ").capitalize()


@cache
def measure_id(kind: Kind, name: str) -> str:
    """How a measure is called in data and links."""
    return GOAL if kind == "goal" else f"{kind}:{name}"


def is_retried(metadata: Mapping[str, Any]) -> bool:
    """The turn with these metadata had to be asked for more than once."""
    attempts = metadata.get("attempts")
    return bool(metadata.get("retried")) or (isinstance(attempts, int) and attempts > 1)


def is_cut(metadata: Mapping[str, Any]) -> bool:
    """The reply with these metadata was cut off at a limit of length."""
    return bool(metadata.get("cut")) or metadata.get("finish_reason") == "length"
