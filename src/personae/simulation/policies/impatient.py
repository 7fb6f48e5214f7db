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
    r"(?<!no )(?<!any )(?<!not in a )hurry|asap|urgent(?:ly)?",
    r"speed (?:this|it|things|up)|(?:be|make it|go|work) (?:quick(?:er)?|fast(?:er)?|brief)",
    r"(?:quickly|faster),? please|please,? [\w ]{0,12}?(?:quickly|faster)|(?:go|be|get|work) (?:a bit |any )?faster",
    r"come on|right away|immediately|at once",
    r"(?:it|this|that|me|answer) right now",
    r"(?:still|been) waiting|standing in (?:a|the) (?:queue|line)",
    r"how (?:much longer|long (?:will|does|is) (?:this|it))",
    r"no time|running out of (?:time|patience)|short of time",
    r"(?:don't|haven't|not|do not) (?:have |got )*"
    r"(?:(?:the |much |any )?time|all (?:day|morning|afternoon|evening|night))",
    r"(?<!not )in a (?:hurry|rush)",
    r"this (?:is taking|takes)|(?:takes?|taking|took) (?:so|too|this|that) long|taking (?:forever|ages)",
    r"(?:said|asked|told|wrote)\b[\w ]{0,16}? (?:minutes|hours) ago",
    r"(?:that's|that is) enough|enough (?:of|talk|questions|already)|had enough",
    r"get (?:on with|to) (?:it|the point)|hello\?|already\?",
    r"(?:just|simply) (?:do|tell|give|answer|fix|get|block|cancel|send|change|say|book|refund)",
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
