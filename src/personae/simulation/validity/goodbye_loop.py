"""Ending too late: does the persona go on with thanks and goodbyes after it is over?

Idea:   messages of nothing but courtesy, one after the other. The first is what people say; a second is odd, since the
        conversation could have ended; from the third on the two sides are caught in a loop.
Cost:   no call; a look at the words of short messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said

_CORE = frozenset(
    """
    thanks thank thx ty bye goodbye cheers farewell ciao welcome appreciate appreciated danke tschüss wiedersehen merci
    revoir gracias adiós obrigado obrigada tchau grazie arrivederci bedankt doei dziękuję tack hejdå спасибо
    свидания take care day evening night weekend one
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_BESIDE = frozenset(
    """
    you your so very much again a lot for everything all the help and have great good nice lovely wonderful rest of too
    as well it that this is was i i'll will be talk later see soon to ok okay alright perfect awesome no need not
    nothing else that's it's i'm fine here done set now really kind patience time support assistance yes sure it'd
    been pleasure same bye-bye best wishes regards vielen dank schönen tag noch ihnen auf beaucoup à vous au bonne
    journée muchas de nada buen día hasta luego muito at from in my we're were happy glad great and with by pero
    também
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_COURTESIES = _CORE | _BESIDE
_PLAIN = _CORE - {"day", "one", "evening", "night", "weekend", "take"}
"""Words that make a courtesy by themselves."""
_LONGEST = 22


@guards.method("goodbye_loop")
@dataclass(frozen=True)
class GoodbyeLoop:
    """Courtesies of the persona that follow one another."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        run = 0
        for one in talk.user:
            run = run + 1 if _is_courtesy(one) else 0
            if run < 2 or one.is_farewell:
                continue
            why = f"{run} messages of nothing but courtesy, one after the other"
            words = " ".join(one.text.split()[:12])
            yield Finding("goodbye_loop", one.number, words, why, "invalid" if run > 2 else "unsure")


def _is_courtesy(one: Said) -> bool:
    words = one.words
    if not words or len(words) > _LONGEST or "?" in one.text:
        return False
    return _COURTESIES.issuperset(words) and not _PLAIN.isdisjoint(words)
