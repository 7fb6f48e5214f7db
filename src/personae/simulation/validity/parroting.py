"""Parroting: does the persona say back what the bot has just said, as if it were its own?

Source: a known failure of models that see the conversation with roles flipped: they go on with the other side's text
Idea:   the share of a message's runs of four words that stand in a message of the bot before it. Quoted words, and
        what the user says that the bot said, do not count, nor do the user's own words that a bot has echoed.
Cost:   no call; a look at the words that both share, and only where these are most, at their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said

_RUN, _SHORT = 4, 15
_CONFIRMS = re.compile(r"\W*(?:yes|no|yeah|yep|ok|okay|right|correct|sure|fine|ja|nein|oui|non|sí|si|sim)\b")
"""Whoever begins like this takes up what the bot said, and may need its words for it."""


@guards.method("parroting")
@dataclass(frozen=True)
class Parroting:
    """Messages that are made of the bot's own words."""

    shortest: int = 9
    """Words of its own that a message needs at least. Shorter ones confirm, as people do."""
    surely: float = 0.8
    """Share of its runs of four words from which it is parroting."""
    maybe: float = 0.55
    """Share from which it may be."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        heard: list[tuple[Said, set[str]]] = []
        all_heard: set[str] = set()
        for one in talk.said:
            if one.role == "assistant":
                heard.append((one, set(one.words)))
                all_heard |= heard[-1][1]
                continue
            words = one.own_words
            if one.is_given or len(words) < self.shortest:
                continue
            own = set(words)
            least = self.maybe * len(own)
            if len(own & all_heard) < least:
                continue
            for other in [other for other, vocabulary in heard if len(own & vocabulary) >= least]:
                share = _runs(talk, words, other) / (len(words) - _RUN + 1)
                if share >= self.maybe and not _is_natural(one):
                    why = f"{share:.0%} of it stands word for word in the bot's turn {other.number}"
                    text = " ".join(one.text.split()[:14])
                    yield Finding("parroting", one.number, text, why, "invalid" if share >= self.surely else "unsure")
                    break


def _runs(talk: Talk, words: list[str], other: Said) -> int:
    """How many runs of four words stand in the other turn, and were not the user's own words before it."""
    line = other.line
    runs = (f" {' '.join(words[place : place + _RUN])} " for place in range(len(words) - _RUN + 1))
    shared = [run for run in runs if run in line]
    if not shared:
        return 0
    own = "\n".join([one.line for one in talk.said if one.role == "user" and one.number < other.number])
    own += f"\n{talk.told_line}"
    return sum(run not in own for run in shared)


def _is_natural(one: Said) -> bool:
    """A short yes, a question back, or the user says whose words these are, first or last."""
    if one.is_framed:
        return True
    return len(one.own_words) <= _SHORT and (_CONFIRMS.match(one.own) is not None or one.own.rstrip().endswith("?"))
