"""Several wishes at once: asks for two or more things in one message.

Source: tau2-bench tasks with several requests; our own detector
Idea:   sentences that ask or request something are counted, and what "and how", "plus" or a list add to them. To ask
        for help is no wish of its own.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, sentences

_DO = (
    r"(?:tell|send|give|block|cancel|change|book|move|add|refund|return|explain|show|check|find|let|help|put|make|get|order"
    r"|replace|raise|confirm)"
)
_ASK = r"(?:what|how|when|where|which|why|who|whether|if|is|are|can|could|do|does|will|would|should|may)"
_WISHES = cues(
    r"i(?:'d| would)? (?:also |still |really |just |then )?(?:like|want|need|wish|have) (?:to|an?|the|my|your|some)",
    r"(?:can|could|would|will|may|should) (?:you|i|we)",
    r"tell me|let me know",
)
_ORDERS = re.compile(rf"\W*(?:please,? |then |and |also )*{_DO}\b")
_ONE_MORE = cues(rf"(?:and|plus|as well as|,) (?:also |then |please |to )*(?:{_ASK}|{_DO})", r"and also|plus|also")
_MANY = cues(r"(?:two|three|four|several|a few|both|some) (?:things|questions|requests|points|matters|wishes)")
_LIST = re.compile(
    r"\b(?:need|want|like|have|send me|give me) (?:an?|the|my|your) [^,.?!]+(?:, [^,.?!]+)*,? and (?:an?|the|my)\b"
)
_COURTESY = cues(
    r"(?:can|could|will|would) you (?:please )?help(?: me)?", r"i need (?:your |some )?help", r"would you,? please"
)


@policies.method("several_wishes")
@dataclass(frozen=True)
class SeveralWishes(Policy):
    """More than one thing is asked for in one message."""

    name: ClassVar[str] = "several_wishes"
    instructions = by_intensity(
        "several_wishes",
        "In this message, ask for two things at once. Take both from what you want; if only one is left, "
        "ask about two sides of it.",
        "In this message, put all that you still want into one message, two or three things one after the "
        "other, without waiting for an answer to the first. Add nothing that you do not want.",
        "In this message, pile up everything that you still want and every question that you have about "
        "it, at least three, jumping from one to the other. Add nothing that you do not want.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        return bool(_MANY.search(text) or _LIST.search(text)) or sum(map(_wishes, sentences(text))) > 1


def _wishes(sentence: str) -> int:
    """How many things a sentence asks for: 0 where it only asks for help at all."""
    if not _WISHES.search(sentence) and not _ORDERS.match(sentence) and not sentence.rstrip().endswith("?"):
        return 0
    if _COURTESY.search(sentence):
        return 0
    return 1 + len(_ONE_MORE.findall(sentence))
