"""Where a conversation stands: the agenda, and what became of each thing on it, read off the turns alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from personae.core.conversation import Turn
from personae.llm.offline import facts
from personae.llm.offline.agenda import Agenda, Item
from personae.llm.offline.heard import Heard, hear
from personae.llm.offline.rules import Rule
from personae.llm.offline.words import coverage, likeness, read

_YIELDS = re.compile(
    r"\b(?:i promise|i can (?:do|make|offer) (?:that|an? exception)|i(?:'ve| have) (?:made|approved)|as an exception"
    r"|here (?:is|are))\b"
)
_FITS = {"question": 0.1, "request": 0.25, "remark": 1.0}
"""Share of an item's words from which a reply of some length to just this item counts as its answer."""
_FREE_QUESTIONS = 4
"""Questions of the bot's own that count as getting on, though nothing on the agenda is answered."""


@dataclass(slots=True)
class Standing:
    """Where the conversation stands: the agenda, and what became of it."""

    agenda: Agenda
    said: set[Item] = field(default_factory=set)
    answered: set[Item] = field(default_factory=set)
    refused: dict[Item, int] = field(default_factory=dict)
    """How often each was declined."""
    ruled: set[Rule] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    current: Item | None = None
    """What was raised last."""
    heard: list[Heard] = field(default_factory=list)
    spoken: list[frozenset[str]] = field(default_factory=list)
    useless: int = 0
    """Replies in a row that brought nothing."""
    repeats: int = 0
    """How often in a row the bot said nearly the same."""
    questions: int = 0

    def open_items(self) -> list[Item]:
        """What is not yet settled, in order."""
        return [item for item in self.agenda.items if item not in self.answered and not self.is_lost(item)
                and (item.is_due or item not in self.said)]  # fmt: skip

    def is_lost(self, item: Item) -> bool:
        pushes = 0 if self.agenda.accepts_refusal else self.agenda.manner.pushes
        return self.refused.get(item, 0) > pushes

    def hears(self, text: str) -> None:
        """Takes in one turn of the bot."""
        heard = hear(text)
        repeated = bool(self.heard) and any(likeness(heard.words, past.words) > 0.8 for past in self.heard[-3:])
        progress, before = False, len(self.answered)
        if heard.refuses and not heard.done:
            if self.current is not None and not repeated:
                progress = True
            if self.current is not None:
                self.refused[self.current] = self.refused.get(self.current, 0) + 1
        else:
            progress = self._answers(heard)
        if new := set(heard.asked) - self.given:
            progress = progress or any(
                kind not in {asked for past in self.heard for asked in past.asked} for kind in new
            )
        elif heard.questions and not repeated and self.questions < _FREE_QUESTIONS:
            self.questions += 1
            progress = True
        if heard.confirms and not repeated:
            progress = True
        if new_answers := len(self.answered) > before:
            progress, repeated = True, False
        self.heard.append(heard)
        self.repeats = self.repeats + 1 if repeated else 0
        self.useless = 0 if new_answers or (progress and not repeated) else self.useless + 1

    def _answers(self, heard: Heard) -> bool:
        told = heard.told
        if not told:
            return False
        asked = self.spoken[-1] if self.spoken else frozenset[str]()
        news = told - asked
        progress = False
        for item in self.agenda.items:
            if item in self.answered or item not in self.said or not item.is_due:
                continue
            share = coverage(item.words, told)
            is_current = item is self.current
            fits = share >= 0.5 or (is_current and (share >= 0.3 or (share >= _FITS[item.kind] and len(news) >= 4)))
            if item.text.startswith("I want you to") and self.agenda.manner.has("adversarial"):
                fits = share >= 0.8 or (share >= 0.5 and bool(_YIELDS.search(heard.text)))
            finished = item.kind == "question" or heard.done or not (heard.confirms or heard.asked or heard.questions)
            if finished and len(news) >= 2 and (fits or (is_current and heard.done)):
                self.answered.add(item)
                progress = True
        return progress

    def says(self, text: str) -> None:
        """Takes in one turn of the user."""
        reading = read(text)
        self.spoken.append(reading.words)
        for item in self.agenda.items:
            if coverage(item.words, reading.words) >= 0.6:
                self.said.add(item)
                if item.is_due:
                    self.current = item
        for rule in self.agenda.rules:
            if rule.say_words and coverage(rule.say_words, reading.words) >= 0.8:
                self.ruled.add(rule)
        self.given |= facts.given(text).keys()

    def lost_items(self) -> list[Item]:
        """What the user came for and was declined once too often."""
        return [item for item in self.agenda.items if item.is_due and self.is_lost(item) and item not in self.answered]

    def remark(self) -> Item | None:
        """The next thing to tell that asks for nothing."""
        return next((item for item in self.agenda.items if not item.is_due and item not in self.said), None)


def stand(agenda: Agenda, turns: Sequence[Turn]) -> Standing:
    """Where the conversation stands after `turns`."""
    standing = Standing(agenda)
    for turn in turns:
        if turn.role == "user":
            standing.says(turn.content)
        else:
            standing.hears(turn.content)
    return standing
