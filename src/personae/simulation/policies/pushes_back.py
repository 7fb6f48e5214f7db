"""Pushes back: does not take the bot's answer as it is.

Source: PPol seed axis "skeptical" (arXiv 2605.12894); our own detector
Idea:   phrases by which people doubt, contradict or refuse what they were told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain

_DOUBTS = cues(
    r"are you (?:really |quite )?(?:sure|certain|serious)",
    r"really\?",
    r"(?:that|this|it)(?:'s| is| can't| cannot| doesn't| isn't| was) "
    r"(?:be |seem |sound |look |make |just |simply |quite )*"
    r"(?:not |wrong|incorrect|right|true|good enough|acceptable|fair|sense|unacceptable|ridiculous|nonsense|help|absurd"
    r"|outrageous|news to me)\w*",
    r"(?:that|it|this) (?:can't|cannot) be\b(?! (?:changed|helped|done|returned))",
    r"(?:doesn't|don't|does not) add up|hard to believe",
    r"i (?:don't|do not|can't|cannot|won't) (?:agree|accept|believe|buy|see why|think (?:so|that))",
    r"i(?:'m| am) not (?:having|buying|accepting|paying|convinced|happy with)",
    r"i disagree|i (?:insist|doubt)|no way|nonsense",
    r"not (?:good enough|acceptable|what i asked|true)",
    r"why (?:not|should(?: i|n't)|can't|won't)",
    r"there must be",
    r"you(?:'re| are| must be| must have)? (?:able|mistaken|wrong|confused)",
    r"(?:check|look|count|read|try|calculate) (?:that |it |this )?(?:again|once more)",
    r"but (?:why|that|you)",
    r"where (?:does it say|did you get|do you get|is that written)|says who|according to",
    r"(?:website|page|docs?|documentation|contract|e-?mail|terms) (?:says?|said|states?|promises?|promised)",
    r"no,? (?:i|that|you|this|it) ?(?:'s|is|isn't|am|are|was|do|does|don't|doesn't|can't|want|need|won't)?",
)


@policies.method("pushes_back")
@dataclass(frozen=True)
class PushesBack(Policy):
    """The bot's last answer is doubted or contradicted. Not before the second message."""

    first_turn: int = 2

    name: ClassVar[str] = "pushes_back"
    excuses: ClassVar[frozenset[str]] = frozenset({"empty_or_repeated"})
    instructions = by_intensity(
        "pushes_back",
        "In this message, doubt what the assistant has just said before you go on: ask whether it is "
        "sure, or where that stands.",
        "In this message, push back on what the assistant has just said: say that it is not right or not "
        "good enough, and why, as this person sees it.",
        "In this message, refuse what the assistant has just said outright and insist on what you want, "
        "firmly and without insults. Do not offer a way out.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        return bool(said.heard) and bool(_DOUBTS.search(plain(said.text)))
