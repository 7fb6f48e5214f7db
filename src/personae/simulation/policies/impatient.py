"""Impatient: presses for an answer now.

Source: PPol seed axis "frustrated" (arXiv 2605.12894); our own detector
Idea:   words of hurry, of waiting, of little time left and of wanting it short; and repeated signs. A message of few
        words without them may be haste or brevity: it cannot be told.
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
    r"come on|right away|(?<!stops )(?<!fails )(?<!ends )(?<!comes )immediately|at once",
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
    r"as (?:fast|quick|quickly|soon) as (?:you can|possible)|(?:now|today),? please|(?:need|want)"
    r" (?:it|this|that|them) (?:\w+ )?(?:now|today|at last)",
    r"(?:can't|cannot|can not|won't|not going to|don't want to) wait(?: here)? (?:any|much|all|for ?ever"
    r"|around|that long)",
    r"(?:no|enough|without) (?:more |further |other )?(?:questions|detours|explanations|small talk|speeches)",
    r"(?:another|more|yet another) questions?\?|how many (?:more|other) (?:questions|steps|times|forms)",
    r"(?:skip|spare me|save me|never mind|forget) (?:the|all|your) (?:\w+ )?(?:explanations?|details|story|speech|"
    r"questions|small talk|pleasantries|rest|intro\w*)",
    r"(?:short|quick|brief|straight) (?:version|answer)|keep it (?:short|brief)|(?:in one|one) (?:word"
    r"|sentence),? please",
    r"(?:come|cut|get) (?:straight |right )?to the (?:point|chase)|yes or no",
    r"(?:are we|is it|is that|is this) (?:done|finished|there|ready|fixed) yet|any (?:day|time) now",
    r"what(?:'s| is) (?:taking|keeping)|(?:what|who) are (?:you|we) waiting|why (?:is|does|are) (?:this|it"
    r"|that|you) tak\w+",
    r"tak(?:e|es|ing|en) (?:you |me |us )?(?:ages|forever|hours|for ever)",
    r"wast(?:e|es|ed|ing) (?:of )?(?:my |our |any more |more )?time|(?:losing|lost|lose) (?:my |all )?patience",
    r"(?:only|just) (?:have|got|had) (?:(?:got )?(?:a|one|two|three|five|ten|\d+)|a (?:few"
    r"|couple of)) (?:minutes?|seconds?)",
    r"(?:leaves|starts|goes|departs|closes|(?:have to|must|need to|got to) (?:be|go|leave|catch|run)\b[\w ]{0,24}?)"
    r" in (?:a few|a couple of|one|two|three|four|five|six|seven|ten|fifteen|twenty|\d+|half an?) (?:minutes?|hour)",
    r"been (?:at (?:this|it)|on hold|sitting here) (?:for|since|all)",
    r"(?:i've got|i have|there's) (?:a|an|another) (?:call|meeting|train|bus|flight|appointment|patient) (?:\w+ )?"
    r"(?:starting|waiting|to catch|in)|(?:taxi|cab|bus|train|driver) is (?:outside|waiting|here|leaving)",
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
