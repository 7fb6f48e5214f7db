"""Attempts: a conversation that was no fair test is held again, under the next child seed, up to a cap.

What was said in it is kept beside the conversation that counts, and what it took stays counted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from personae.core.conversation import Conversation
from personae.core.result import Spec
from personae.core.seed import derive
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt, Finding, Validity, judged
from personae.rating.judge import Ratings
from personae.simulation.conversation import Ended
from personae.simulation.validity import NOTHING_AT_END, check, with_findings

log = logging.getLogger(__name__)


def nth(seed: int, attempt: int) -> int:
    """The seed of a conversation's attempt, counted from 0: the plan's own, then its children."""
    return derive(seed, "repeat", attempt) if attempt else seed


def checked(spec: Spec, conversation: Conversation, ended: Ended) -> Validity:
    """The guards' verdict. A defect in one of them is no verdict on the conversation."""
    try:
        at_end = ended.metadata.get("behaviours_at_end", NOTHING_AT_END)
        return check(spec.persona, spec.scenario, conversation, at_end)
    except Exception as error:  # a boundary like that of the conversation itself: one defect is one row
        log.exception("a guard failed", extra={"case": spec.key})
        return judged((Finding("driver", 0, "", f"it could not be checked: {error}", "unsure", "infrastructure"),))


def with_rating(validity: Validity, ratings: Ratings) -> Validity:
    """The same, or invalid by the judge's fault where it answered nothing that it was asked about the conversation."""
    asked = [rating for rating in (ratings.goal, *ratings.criteria) if rating is not None]
    if not asked or validity.verdict == "invalid" or any(rating.verdict is not None for rating in asked):
        return validity
    if any(score.value is not None for score in ratings.scores):
        return validity
    return with_findings(validity, [Finding("rating", 0, "", asked[0].error, "invalid", "judge")])


def attempt_of(
    conversation: Conversation, validity: Validity, total: Mapping[str, Usage], earlier: Sequence[Attempt]
) -> Attempt:
    """What is kept of a conversation that does not count. `total`: what it and all `earlier` attempts took, by role."""
    usage = dict(total)
    for attempt in earlier:
        for role, used in attempt.usage.items():
            usage[role] = usage.get(role, NO_USAGE) - used
    turns = tuple(turn.as_dict() for turn in conversation.turns)
    kept = {role: used for role, used in usage.items() if used.calls or used.tokens}
    return Attempt(turns, conversation.termination, validity.findings, kept)
