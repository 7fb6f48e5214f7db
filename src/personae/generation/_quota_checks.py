"""What code can check of a draft: rules of the schema, lengths, facts in the text, and text that is no description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from personae.core.template import pieces
from personae.generation._person import NO_PERSON
from personae.generation._quota_schema import Part, Schema

_BLOCK = re.compile(r"\n\s*\n|^\s*(?:[-*•#]|\d+[.)])\s", re.MULTILINE)
_AGE = re.compile(r"\b(\d{1,3})[- ]years?[- ]old\b|\baged? (\d{1,3})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that is wrong, and the part whose author is to mend it."""

    part: str
    problem: str


@dataclass(frozen=True, slots=True)
class Written:
    """One part as its role wrote it."""

    text: str
    ratings: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"text": self.text} | ({"ratings": dict(self.ratings)} if self.ratings else {})


@dataclass(frozen=True, slots=True)
class Board:
    """The draft that all roles share."""

    facts: Mapping[str, int | str]
    parts: Mapping[str, Written] = field(default_factory=dict)
    name: str = ""

    def with_part(self, name: str, written: Written) -> Board:
        return replace(self, parts={**self.parts, name: written}, name=written.name or self.name)

    @property
    def text(self) -> str:
        """All parts, one paragraph each: what the simulator will play."""
        return "\n\n".join(written.text for written in self.parts.values())

    @property
    def ratings(self) -> dict[str, str]:
        return {of: level for written in self.parts.values() for of, level in written.ratings.items()}


def issues_of(schema: Schema, board: Board) -> list[Issue]:
    """What is wrong with a whole draft."""
    found = [Issue(part.name, problem) for part in schema.parts for problem in _of_part(part, board)]
    return [*found, *_of_ratings(schema, board)]


def _of_part(part: Part, board: Board) -> Iterator[str]:
    text = board.parts[part.name].text
    low, high = part.words
    if not low <= (count := len(text.split())) <= high:
        yield f"it has {count} words, and must have {low} to {high}"
    if _BLOCK.search(text):
        yield "it must be one paragraph, without lists or headings"
    if len(pieces(text)) > 1:
        yield "it must not hold a placeholder in braces"
    if NO_PERSON.search(text):
        yield "it must describe the person, not speak of its author"
    for name in part.says:
        if str(board.facts[name]).casefold() not in text.casefold():
            yield f"it must say that {name} is {board.facts[name]}"
    for match in _AGE.finditer(text):
        age = board.facts.get("age")
        own_sentence = board.name.split()[0].casefold() in text[max(0, match.start() - 60) : match.start()].casefold()
        if isinstance(age, int) and own_sentence and int(match[1] or match[2]) != age:
            yield f"it says {match[0]!r}, and the person's age is {age}"


def _of_ratings(schema: Schema, board: Board) -> Iterator[Issue]:
    ratings = board.ratings
    persona = dict(ratings)
    for one in schema.plan:
        if (value := one.value_of(board.facts[one.name])) is not None:
            persona[one.name] = value
    owner = {of: part.name for part in schema.parts for of in part.rate}
    for rule in schema.rules:
        if rule.is_broken(persona):
            rated = next(name for name in reversed([*rule.values]) if name in owner)
            yield Issue(owner[rated], f"its ratings must not combine {rule.named}: change {rated} and the text")
    for names in schema.vary:
        if len({ratings[name] for name in names}) == 1:
            yield Issue(owner[names[-1]], f"not all of {', '.join(names)} can be {ratings[names[0]]}: let some differ")
