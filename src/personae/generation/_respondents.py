"""Answers of real people, one JSON object a line, for `identity`.

    {"id": "r1", "social": {"age": 34, "work": "nurse"}, "traits": {"1": 4, ...}, "values": {"1": 5, ...},
     "likes": [...], "dislikes": [...], "weekday": "...", "weekend": "..."}

Only what the chosen parts need must be there. Items are numbered as docs/generate-identity.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personae.errors import InputError
from personae.generation._identity_answers import Life
from personae.generation.questionnaires import questionnaire
from personae.sources import Problem
from personae.sources.jsonl import JSONLines

_KEYS = ("id", "name", "social", "traits", "values", "likes", "dislikes", "weekday", "weekend")
_NEEDED = {"S": ("social",), "P": ("traits", "values"), "C": ("likes", "dislikes", "weekday", "weekend")}


@dataclass(frozen=True, slots=True)
class Respondent:
    """One person's answers, as far as they are given."""

    key: str
    name: str
    facts: Mapping[str, int | str]
    answers: Mapping[str, Mapping[int, int]]
    life: Life | None
    given: tuple[str, ...]
    file: str = field(default="", repr=False, compare=False)
    line: int | None = field(default=None, repr=False, compare=False)

    def check(self, parts: str) -> None:
        """Raises InputError where something is missing that the parts need."""
        for part in parts:
            if missing := [key for key in _NEEDED[part] if key not in self.given]:
                raise InputError(f"is missing: part {part} needs it", file=self.file, line=self.line, field=missing[0])


def read_respondents(path: Path) -> tuple[Respondent, ...]:
    """The respondents in a file. Raises InputError with file, line and field."""
    found: dict[str, Respondent] = {}
    for number, row in enumerate(JSONLines().rows(path, "persona"), 1):
        if isinstance(row, Problem):
            raise InputError(row.text, file=path, line=row.line, field=row.field)
        one = _Reading(path, row.line, row.data).respondent(str(number))
        if one.key in found:
            raise InputError(
                f"{one.key!r} stands at line {found[one.key].line} too", file=path, line=row.line, field="id"
            )
        found[one.key] = one
    if not found:
        raise InputError("is empty: it holds no respondents", file=path)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Reading:
    path: Path
    line: int | None
    data: Any

    def refuse(self, problem: str, name: str) -> InputError:
        return InputError(problem, file=self.path, line=self.line, field=name)

    def respondent(self, number: str) -> Respondent:
        if not isinstance(self.data, Mapping):
            raise InputError("must be an object with the answers of one person", file=self.path, line=self.line)
        for name in self.data:
            if name not in _KEYS:
                raise self.refuse(f"is not known here: there is {', '.join(_KEYS)}", name)
        key = self.text("id") or number
        if "/" in key:
            raise self.refuse("must not hold a slash", "id")
        answers = {name: self.answers(name) for name in ("traits", "values") if name in self.data}
        name = self.text("name")
        life = None
        if all(one in self.data for one in _NEEDED["C"]):
            life = Life(name, self.texts("likes"), self.texts("dislikes"), self.text("weekday"), self.text("weekend"))
        given = tuple(one for one in _KEYS if self.data.get(one))
        return Respondent(key, name, self.facts(), answers, life, given, str(self.path), self.line)

    def text(self, name: str) -> str:
        value = self.data.get(name, "")
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise self.refuse("must be a text", name)
        return " ".join(str(value).split())

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.data[name]
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.refuse("must be a list of texts", name)
        return tuple(value)

    def facts(self) -> dict[str, int | str]:
        value = self.data.get("social") or {}
        if not isinstance(value, Mapping) or not all(isinstance(one, (str, int)) for one in value.values()):
            raise self.refuse("must be an object of texts and whole numbers", "social")
        return dict(value)

    def answers(self, name: str) -> dict[int, int]:
        of = questionnaire("big_five" if name == "traits" else "values")
        value = self.data[name]
        if not isinstance(value, Mapping):
            raise self.refuse("must be an object with the answer to each item by its number", name)
        found = {}
        for number, answer in value.items():
            if not number.isdigit() or not isinstance(answer, int) or isinstance(answer, bool):
                raise self.refuse(f"must hold whole numbers by item, not {number!r}: {answer!r}", name)
            found[int(number)] = answer
        if problem := of.problem(found):
            raise self.refuse(problem, name)
        return found
