"""Success criteria leaked: does the persona know how the bot is graded?

Source: the simulator's rule of this project: rubric, expected outcome and criteria are never shown to it
Idea:   words of grading (`expected outcome`, `success criteria`); a run of words of the expected outcome; an id, an
        amount or a number that stands in the expected outcome alone and that the bot has not named yet.
Cost:   no call; one pattern over each message, and a look for what only the expected outcome has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from personae.core.text import words_of
from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said

_GRADING = re.compile(
    r"\b(?:success criteri(?:a|on)|expected outcome|evaluation criteri(?:a|on)|grading (?:criteria|rubric)|rubric"
    r"|(?:the|a|your) (?:judge|grader|evaluator) (?:will|would|wants|expects|needs|checks)"
    r"|(?:meets?|fulfil(?:ls?)?|satisf(?:y|ies)) (?:the|my|all(?: the)?) (?:criteria|criterion)"
    r"|(?:to|you) pass th(?:e|is) test|for (?:the|this) (?:evaluation|test) to (?:pass|succeed))\b"
)
_SIGNS = ("criteri", "outcome", "rubric", "judge", "grader", "evaluat", "test")
_RUN = 6
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@guards.method("criteria_leaked")
@dataclass(frozen=True)
class CriteriaLeaked:
    """Messages that show knowledge of what only the judge is told."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        runs, vocabulary, numbers = _taken_apart(talk.scenario.expected_outcome)
        numbers = frozenset(number for number in numbers if number in talk.blob)
        if numbers:
            numbers -= set(_NUMBER.findall(talk.told))
        is_graded = talk.says_any(_SIGNS)
        for one in talk.user:
            if is_graded and (found := _GRADING.search(one.own)):
                if found[0] not in talk.told and not one.is_said_of_another(found.start()):
                    words = one.piece(*found.span())
                    yield Finding("criteria_leaked", one.number, words, "a user knows nothing of grading", "invalid")
                continue
            if runs and (run := _run_in(runs, vocabulary, talk, one)):
                why = "these words stand in the expected outcome, which the simulator never sees"
                yield Finding("criteria_leaked", one.number, run, why, "invalid")
            elif numbers and (number := _number_in(numbers, talk, one)):
                why = "this number stands in the expected outcome alone, and the bot has not named it"
                yield Finding("criteria_leaked", one.number, number, why, "unsure")


def _run_in(runs: frozenset[str], vocabulary: frozenset[str], talk: Talk, one: Said) -> str:
    words = one.own_words
    if len(words) < _RUN or len(vocabulary.intersection(words)) < _RUN - 2:
        return ""
    for place in range(len(words) - _RUN + 1):
        if words[place] not in vocabulary or words[place + _RUN - 1] not in vocabulary:
            continue
        run = " ".join(words[place : place + _RUN])
        if run in runs and f" {run} " not in talk.told_line and not _has_said_most(talk, one, run):
            return run
    return ""


def _has_said_most(talk: Talk, one: Said, run: str) -> bool:
    """The bot has said the run before, but for its first or its last word."""
    parts = f" {run.partition(' ')[2]} ", f" {run.rpartition(' ')[0]} "
    return any(part in other.line for other in talk.bot_before(one) for part in parts)


def _number_in(numbers: frozenset[str], talk: Talk, one: Said) -> str:
    for number in _NUMBER.findall(one.own):
        if number in numbers and not any(number in other.lower for other in talk.bot_before(one)):
            return str(number)
    return ""


@lru_cache(maxsize=4096)
def _taken_apart(outcome: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Runs of words of the expected outcome, their words, and its numbers."""
    outcome = outcome.lower()
    words = words_of(outcome)
    runs = frozenset(" ".join(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1))
    numbers = frozenset(number for number in _NUMBER.findall(outcome) if sum(map(str.isdigit, number)) > 2)
    return runs, frozenset(words), numbers
