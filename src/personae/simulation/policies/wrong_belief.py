"""Wrong belief: takes something for a fact that is not so, and speaks from it.

Source: false presuppositions in user questions (CREPE, arXiv 2211.17257); our own detector
Idea:   whether a belief is wrong is beyond words, so what is looked for is that one is put forward: "I thought",
        "I was told", "isn't it". A message that only asks or only answers in a few words puts none forward.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, words

_BELIEVES = cues(
    r"i (?:always |had |have |really |just )?(?:assumed|believed|figured|understood|heard)(?: that)?",
    r"i (?:always |had |have |really |just )?thought(?! about| i\b| that (?:i|nothing)\b)",
    r"i (?:always |had |have |really |just )?read (?:that|on|in|somewhere|it)",
    r"i(?:'ve| have) (?:heard|seen)|i know (?:that )?(?:you|it|they|the|there|a)",
    r"i(?:'m| am) (?:pretty |quite |very |absolutely )?(?:sure|certain) (?:that|it|you|there|they|this)",
    r"i was (?:told|promised|under the impression)",
    r"(?:they|someone|somebody|a friend|a colleague) (?:told|said)",
    r"as far as i know|my understanding|as (?:everybody|everyone) knows|(?:everybody|everyone) knows",
    r"it says (?:on|in)",
    r"(?:isn't|aren't|doesn't|don't|wasn't) (?:it|that|you|there|they)",
    r"surely|by law|the law (?:gives|says|is)|normally",
    r"that(?:'s| is) (?:the (?:rule|law)|how it works|standard)",
    r"(?:shop|bank|airline|company|provider|you) (?:has|have) to (?:pay|give|refund|replace|take)",
    r"you (?:always|usually|normally)",
)


@policies.method("wrong_belief")
@dataclass(frozen=True)
class WrongBelief(Policy):
    """A belief about how things work is stated that does not hold."""

    name: ClassVar[str] = "wrong_belief"
    excuses: ClassVar[frozenset[str]] = frozenset({"invented_fact"})
    instructions = by_intensity(
        "wrong_belief",
        "In this message, take for granted one plausible thing about how this kind of service works that "
        'is not so, such as a deadline, a rule or a price, and say it in passing ("I thought ..."). '
        "Your own data stays true.",
        "In this message, state one plausible but wrong thing about how this kind of service works as if "
        "you had read or heard it, and build your request on it. Your own data stays true.",
        "In this message, insist on one plausible but wrong thing about how this kind of service works: "
        "you were told so, you are sure of it, and you doubt whoever says otherwise. Your own data stays "
        "true.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        if _BELIEVES.search(text):
            return True
        return False if len(words(text)) < 4 else None
