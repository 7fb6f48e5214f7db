"""Wrong language: does the persona write in a language that nothing in this conversation calls for?

Source: the simulator's own rule, to write in the language in which persona and situation are described
Idea:   the language of each message, by script and small words, against those that may be expected: of the persona's
        and scenario's texts, those that they name, and what the bot has written so far. Messages too short to tell are
        passed over.
Cost:   no call; a look into a table for each word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._language import (
    TITLES,
    are_alike,
    is_plainly,
    language_of,
    languages_named,
)


@guards.method("wrong_language")
@dataclass(frozen=True)
class WrongLanguage:
    """Messages in a language that neither persona, scenario nor bot use or name."""

    longest_words: int = 10
    """How much of a message the finding shows."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        expected = set(_expected(talk.told, talk.scenario.goal, talk.persona.description))
        if not expected:
            return
        heard = 0
        for one in talk.user:
            if any([is_plainly(code, one.own_words) for code in expected]):  # noqa: C419 - a list is faster here
                continue
            spoken = language_of(one.own, one.own_words)
            if spoken is None or any(are_alike(spoken, code) for code in expected):
                continue
            for other in talk.bot[heard:]:
                if other.number > one.number:
                    break
                heard += 1
                if (code := language_of(other.text)) is not None:
                    expected.add(code)
            if not any(are_alike(spoken, code) for code in expected):
                words = " ".join(one.text.split()[: self.longest_words])
                why = f"it is in {TITLES[spoken]}, and nothing calls for that"
                yield Finding("wrong_language", one.number, words, why, "invalid")


@lru_cache(maxsize=4096)  # personas and scenarios are met again and again
def _expected(told: str, goal: str, description: str) -> frozenset[str]:
    """Of the texts that were given; empty where their language cannot be told."""
    written = {code for text in (told, goal, description) if (code := language_of(text.lower())) is not None}
    return frozenset(written | languages_named(told)) if written else frozenset()
