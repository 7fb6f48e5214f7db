"""Goal abandoned: does the persona pursue something else, or drop what it came for without need?

Idea:   words of the goal that the user never says, whatever they talk about; and a plain `never mind`, where the bot
        has refused nothing and nobody told the persona to give up. Both can have reasons that rules do not see, so
        they are never sure.
Cost:   no call; the beginnings of the user's words against those of the goal's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from personae.core.language import SMALL_WORDS, is_plainly, language_of, language_of_given
from personae.core.text import words_of
from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._refusals import declines

_STEM = 4
_FRAME = frozenset(
    """
    find out ask get make sure whether learn have tell give bot assistant agent chatbot user customer persona
    conversation would like help wants goal try also first then about information info able check see let
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_DROPS = re.compile(
    r"\b(?:never ?mind|forget (?:it|about it|the whole thing)|i(?:'ve| have)? changed my mind|doesn't matter any ?more"
    r"|don't need (?:it|that|this) any ?more|let's talk about something else|i don't (?:really )?want (?:it"
    r"|that) any ?more)"
)
_SIGNS = ("never mind", "nevermind", "forget", "my mind", "something else", "any more", "anymore")
_GIVES_UP = re.compile(r"giv(?:e|es|ing) up|change[sd]? (?:her|his|their|your|its|my)? ?mind|impatient|adversarial"
    r"|indecisive"
                       r"|moves on|never ?mind|drops?\b|accept")  # fmt: skip


@guards.method("goal_abandoned")
@dataclass(frozen=True)
class GoalAbandoned:
    """Conversations in which the goal is never named, and goals that are dropped for nothing."""

    fewest_turns: int = 3
    """Messages of the user before it is said that the goal was never named."""
    fewest_words: int = 12
    """Words that they must have said in all."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        if not talk.user:
            return
        yield from self._dropped(talk)
        wanted = _stems(talk.scenario.goal)
        spoken = [one for one in talk.user if not one.is_farewell]
        if len(spoken) < self.fewest_turns or len(wanted) < 2 or talk.scenario.opening:
            return
        for one in spoken:
            if not wanted.isdisjoint([word[:_STEM] for word in one.words]):
                return
        said = [word for one in spoken for word in one.words]
        if len(said) < self.fewest_words:
            return
        goal = talk.scenario.goal.lower()
        if any(len(word) > _STEM and word in goal for word in set(said)):  # a part of a longer word, as in German
            return
        language = language_of_given(goal)
        if language is None or not (
            all([is_plainly(language, one.words) for one in spoken])  # noqa: C419 - a list is faster here
            or language_of(" ".join(said), said) == language
        ):
            return
        why = f"no word of the goal ({talk.scenario.label}) is in any of {len(spoken)} messages"
        yield Finding("goal_abandoned", 0, "", why, "unsure")

    def _dropped(self, talk: Talk) -> Iterator[Finding]:
        if not talk.says_any(_SIGNS):
            return
        for one in talk.user:
            if not (found := _DROPS.search(one.own)) or one.is_said_of_another(found.start()):
                continue
            rest = one.own[found.end() :]
            if re.match(r"[^.!?]*\b(?:i found|i see|got it|i have it|that'?s|just|instead|tell me|what about)\b", rest):
                continue
            earlier = list(talk.bot_before(one))
            if _GIVES_UP.search(talk.manner) or any(declines(other.lower) for other in earlier) or len(earlier) > 3:
                continue
            why = "the goal is dropped although the bot has refused nothing"
            yield Finding("goal_abandoned", one.number, one.piece(*found.span()), why, "unsure")


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    words = words_of(text.lower())
    return frozenset(word[:_STEM] for word in words if len(word) > 2 and word not in SMALL_WORDS and word not in _FRAME)
