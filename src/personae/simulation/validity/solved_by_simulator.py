"""Solved by the simulator: does the persona do the bot's work, by answering itself or by having solved it meanwhile?

Source: the simulator's own rule, not to do the assistant's work and not to suggest the solution
Idea:   a question of the user's that the same message answers (`Can I return it? Yes, you can return it within 30
        days.`), and a problem that the user says to have solved without the bot, which told them no step.
Cost:   no call; two patterns over each message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards

_ANSWERS = re.compile(
    r"\?[\"')]*\s+((?:yes|sure|certainly|of course|no problem|great question|absolutely),? (?:you|your|we"
    r"|our)\b[^.?!\n]*"
    r"|(?:the answer is|you (?:can|will|should|'ll|have to|need to) (?:return|find|expect|receive|get|use|contact|go to"
    r"|click|simply|also|cancel)\b|you (?:can|could) \w+ (?:it|this|that|them|your \w+) (?:in|on|at|by|within|with"
    r"|under|via)\b"
    r"|your (?:refund|order|booking|account|return|request) (?:is|has|will|can)\b"
    r"|we (?:offer|ship|accept|will|can|have|do)\b|our (?:policy|return policy|store|team|warranty) )[^.?!\n]*)"
)
_SOLVED = re.compile(
    r"\bi(?:'ve| have)? (?:just |already |actually |now |managed to |went ahead and |since )*(?:figured (?:it|this"
    r"|that) out"
    r"|(?:solved|fixed|sorted|resolved|found|cancell?ed|changed|returned|refunded|did|handled|booked|updated) "
    r"(?:it|this|that|everything|(?:the|my) \w+)(?: \w+)?"
    r" (?:myself|on my own|by myself|online|on the website|without (?:you|your help)))\b"
    r"|\b(?:problem|issue|it) (?:is|was|has been|'s) (?:now |already )?(?:solved|resolved|fixed) by (?:itself|me)\b"
    r"|\bi (?:already )?(?:got|received) (?:my|the) (?:refund|money back|replacement|confirmation)\b"
    r"|\b(?:figured|worked|sorted) it (?:all )?out (?:myself|on my own|in the meantime|meanwhile)\b"
)
_SIGNS = (
    "myself", "on my own", "online", "website", "without you", "itself", "by me", "meanwhile", "meantime", "got ",
    "received",
)  # fmt: skip
_STEPS = re.compile(
    r"\b(?:you can|you could|please|try|go to|click|open|select|restart|visit|log ?in|sign in|use|follow|check"
    r"|should)\b"
)


@guards.method("solved_by_simulator")
@dataclass(frozen=True)
class SolvedBySimulator:
    """Messages in which the persona answers its own question, or has solved its problem without the bot."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        has_question, may_be_solved = "?" in talk.blob, talk.says_any(_SIGNS)
        if not has_question and not may_be_solved:
            return
        for one in talk.user:
            own = one.own
            if "?" in own and (found := _ANSWERS.search(own)) and not one.is_said_of_another(found.end(1)):
                why = "the persona answers its own question"
                yield Finding("solved_by_simulator", one.number, one.piece(*found.span(1)), why, "invalid")
                continue
            if not may_be_solved or not (found := _SOLVED.search(own)) or one.is_said_of_another(found.start()):
                continue
            if found[0] in talk.told or any(_STEPS.search(other.lower) for other in talk.bot_before(one)):
                continue
            why = "the persona says that it was solved without the bot, which named no step"
            yield Finding("solved_by_simulator", one.number, one.piece(*found.span()), why, "unsure")
