"""Impatient: presses for an answer now.

Source: PPol seed axis "frustrated" (arXiv 2605.12894); our own detector
Idea:   words of hurry and repeated signs. A message of few words without them may be haste or brevity: it cannot be
        told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, words

_PRESSES = cues(
    r"hurry",
    r"asap",
    r"quick(?:ly|er)?",
    r"fast(?:er)?",
    r"come on",
    r"right away",
    r"(?:it|this|that|me|answer) right now",
    r"immediately",
    r"at once",
    r"(?:still|been) waiting",
    r"how (?:much longer|long (?:will|does|is) (?:this|it))",
    r"no time",
    r"not (?:have )?all day",
    r"(?:don't|haven't) (?:have|got) (?:the |much |any )?(?:time|all day)",
    r"in a (?:hurry|rush)",
    r"this (?:is taking|takes)",
    r"taking (?:too long|forever|ages)",
    r"(?:just|simply) (?:do|tell|give|answer|fix|get)",
    r"already\?",
    r"enough",
    r"get (?:on with|to) (?:it|the point)",
    r"urgent(?:ly)?",
    r"short of time",
    r"running out of (?:time|patience)",
    r"hello\?",
)
_SIGNS = re.compile(r"!!|\?\?|\?!|!\?")


@policies.method("impatient")
@dataclass(frozen=True)
class Impatient(Policy):
    """The user presses."""

    name: ClassVar[str] = "impatient"
    instructions = by_intensity(
        "impatient",
        "In this message, be short of time: no pleasantries, and let it show that you would like this to go faster.",
        "In this message, be impatient: short sentences, and say that you have no time, that you are "
        "waiting, or that it should not take this long.",
        "In this message, be very impatient: press for an answer at once, complain about the time it "
        "takes, and allow no detours. Stay this person; threaten nothing.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        if _PRESSES.search(text) or _SIGNS.search(text):
            return True
        return None if len(words(text)) <= 6 else False
