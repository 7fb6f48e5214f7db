"""Ending too early: does the persona leave before anything was answered?

Idea:   an end that the simulator chose before the bot said anything; `goal_met` where every reply of the bot was a
        question back, a greeting, or a request to wait; giving up after one reply that refused nothing.
Cost:   no call; a look at the bot's replies of conversations that the persona ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._refusals import declines

_SENTENCES = re.compile(r"[^.!?\n]+[.!?]*")
_EMPTY = re.compile(
    r"\W*(?:(?:hi|hello|hey|welcome|good (?:morning|day|afternoon|evening)|thanks|thank you|sure|of course|certainly"
    r"|absolutely|great|okay|ok|no problem|happy to help|glad to help)\b[\w\s,'&-]{0,60}"
    r"|(?:i|we)(?:'d| would|'ll| will|'m| am)? (?:be |am )?(?:happy|glad|here|sorry|understand|see|can help|need)\b.*"
    r"|(?:please|could you|can you|may i|let me|one moment|just a (?:moment|second)|before i|in order to|to (?:help"
    r"|assist"
    r"|proceed|do|look)|so that i|hold on|bear with)\b.*)\W*\Z",
    re.DOTALL,
)
_QUITTER = re.compile(r"impatient|giv(?:e|es) up|leaves?\b|hang|short[- ]tempered|end the|walks? away|adversarial|stop")


@guards.method("ended_early")
@dataclass(frozen=True)
class EndedEarly:
    """Conversations that the persona ended before it could have an answer."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        if talk.termination not in ("goal_met", "goal_failed", "stuck") or not talk.said:
            return
        last = talk.said[-1].number
        replies = [one for one in talk.bot if not one.is_given]
        if not any(one.squeezed for one in talk.bot):
            yield Finding("ended_early", last, "", "it ended before the bot had said anything", "invalid")
        elif talk.termination == "goal_met" and all(_is_no_answer(one.lower) for one in replies):
            words = " ".join(talk.bot[-1].text.split()[:12])
            why = f"it ended as goal_met, and all that the bot had said was a question or a courtesy ({words} …)"
            yield Finding("ended_early", last, "", why, "invalid")
        elif talk.termination != "goal_met" and len(replies) == 1 and not _has_reason(talk, replies[0].lower):
            why = f"it ended as {talk.termination} after one reply, which refused nothing"
            yield Finding("ended_early", last, "", why, "unsure")


def _has_reason(talk: Talk, reply: str) -> bool:
    """The bot said no, or the persona is one who leaves soon."""
    return declines(reply) or _QUITTER.search(talk.manner) is not None


def _is_no_answer(lower: str) -> bool:
    """Every sentence asks back, greets, or puts the user off."""
    sentences = [sentence for sentence in _SENTENCES.findall(lower) if sentence.strip()]
    return all(sentence.rstrip().endswith("?") or _EMPTY.match(sentence) for sentence in sentences)
