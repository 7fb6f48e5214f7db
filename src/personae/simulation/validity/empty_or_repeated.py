"""Empty or repeated turn: does the persona say nothing, or the very same again although it was answered?

Idea:   a message without a letter or digit; a message of some length that stood there before. Whoever repeats a short
        answer, or says again what a bot that repeats itself or asks back did not hear, does what people do.
Cost:   no call; one look-up for each message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said

_ASKS_AGAIN = re.compile(
    r"\b(?:(?:not|n't) (?:sure|certain|quite|really)?(?: that)?(?: i| we)? ?(?:understand|understood|get|got|catch"
    r"|follow)"
    r"|did(?:n't| not) (?:understand|get|catch)|(?:few |some )?more (?:details|information)|rephrase|repeat|clarify"
    r"|say (?:that"
    r"|it) again|pardon|what exactly|elaborate|tell me more|what do you mean|other words|how (?:can|may) i help"
    r"|hello\?)"
)
"""The bot has not understood."""
_LEAST_SAID = 5
"""Different words of a reply that may be an answer."""


@guards.method("empty_or_repeated")
@dataclass(frozen=True)
class EmptyOrRepeated:
    """Messages without a word, and long ones that were said before."""

    shortest: int = 6
    """Words that a message needs at least for its repetition to count."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        seen: dict[str, list[int]] = {}
        for one in talk.user:
            if len(one.words) < 3 and not one.squeezed:
                is_sign = bool(one.text.strip())
                if is_sign and set(one.text.strip()) <= set("?!"):  # `???` says enough
                    continue
                why = "there is no word in it" if is_sign else "it is empty"
                yield Finding(
                    "empty_or_repeated", one.number, one.text.strip(), why, "unsure" if is_sign else "invalid"
                )
                continue
            if len(one.words) < self.shortest:
                continue
            earlier = seen.setdefault(one.lower.strip(), [])
            if earlier and not _is_asked(talk, one):
                why = f"the same words as in turn {earlier[-1]}, although the bot has answered something else since"
                words = " ".join(one.text.split()[:12])
                severe = len(earlier) > 1
                yield Finding("empty_or_repeated", one.number, words, why, "invalid" if severe else "unsure")
            earlier.append(one.number)


def _is_asked(talk: Talk, one: Said) -> bool:
    """The bot repeats itself, asks back, says next to nothing, or echoes the user: to say it again is natural."""
    reply = talk.before(one)
    if reply is None:
        return False
    if sum(other.lower == reply.lower for other in talk.bot_before(one)) > 1:
        return True
    words = set(reply.words)
    if len(words) < _LEAST_SAID or _ASKS_AGAIN.search(reply.lower):
        return True
    return len(words.intersection(one.words)) * 2 >= len(words)
