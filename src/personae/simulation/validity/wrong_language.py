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

from personae.core.language import (
    TITLES,
    are_alike,
    is_plainly,
    language_of,
    language_of_given,
    languages_named,
)
from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards


@guards.method("wrong_language")
@dataclass(frozen=True)
class WrongLanguage:
    """Messages in a language that neither persona, scenario nor bot use or name."""

    longest_words: int = 10
    """How much of a message the finding shows."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        goal = _languages(talk.scenario.goal)
        odd = [one for one in talk.user if not _is_plainly_any(goal, one.own_words)]
        expected = _expected(talk) if odd else set()
        if not expected:
            return
        heard = 0
        for one in odd:
            if _is_plainly_any(expected, one.own_words):
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


def _is_plainly_any(codes: set[str], words: list[str]) -> bool:
    for code in codes:  # noqa: SIM110 - a loop takes half the time of `any` here
        if is_plainly(code, words):
            return True
    return False


def _expected(talk: Talk) -> set[str]:
    """The languages of the texts that were given, and those that they name; empty where none can be told."""
    written = _languages(talk.told, talk.scenario.goal, talk.persona.description)
    return written | languages_named(talk.told) if written else set()


def _languages(*texts: str) -> set[str]:
    return {code for text in texts if (code := language_of_given(text.lower())) is not None}
