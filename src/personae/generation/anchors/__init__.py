"""Anchors: who somebody is before a model is asked, drawn from tables.

Source: DeepPersona, arXiv 2511.07338: a core that the model does not choose
Idea:   left to itself a model makes the same few people again and again. Age, place, work and what matters most are
        drawn by weight instead, and everything that the model writes has to fit them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from personae.core.seed import derive
from personae.errors import InputError
from personae.sources.yaml import Node, read_tree

AGE = "age"
_RANGE = re.compile(r"\s*(\d{1,3})\s*(?:-|\u2013|to)\s*(\d{1,3})\s*")
_KEYS = ("is", "weight", "ages", "themes")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table."""

    text: str
    weight: float = 1.0
    ages: tuple[int, int] = (0, 130)
    """For whom it can be drawn, in years, both ends included."""
    themes: str = ""
    """Words that belong to it, for finding what else may matter to such a person."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Who somebody is."""

    facts: Mapping[str, str | int]
    """By table, such as `age` and `occupation`."""
    themes: str

    @property
    def lines(self) -> str:
        """The facts, one a line, as prompts show them."""
        return "\n".join(f"- {name}: {value}" for name, value in self.facts.items())

    @property
    def text(self) -> str:
        """All words of it, for comparing with other texts."""
        return " ".join([*map(str, self.facts.values()), self.themes])


@dataclass(frozen=True, slots=True)
class Anchored:
    """A persona to be made from an anchor."""

    number: int
    seed: int
    anchor: Anchor

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass(frozen=True)
class Tables:
    """What anchors are drawn from: a table `age` of ranges in years, and any others."""

    ages: tuple[Entry, ...]
    others: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)

    def draw(self, seed: int) -> Anchor:
        """An anchor; the same for the same seed."""
        span = _drawn(self.ages, derive(seed, AGE))
        age = Random(derive(seed, AGE, "years")).randint(*span.ages)
        facts: dict[str, str | int] = {AGE: age}
        themes = []
        for name, entries in self.others.items():
            fitting = [entry for entry in entries if entry.ages[0] <= age <= entry.ages[1]]
            if fitting:
                entry = _drawn(fitting, derive(seed, name))
                facts[name] = entry.text
                themes.append(entry.themes)
        return Anchor(facts, " ".join(part for part in themes if part))


def _drawn(entries: tuple[Entry, ...] | list[Entry], seed: int) -> Entry:
    return Random(seed).choices(entries, [entry.weight for entry in entries])[0]


@cache
def own_tables() -> Tables:
    """The tables that come with personae."""
    return read_tables(Path(__file__).with_name("tables.yaml"))


def read_tables(path: Path) -> Tables:
    """Tables from a YAML or JSON file: by name, a list of entries. Raises InputError with line and field."""
    top, problems = read_tree(path)
    if problems:
        raise InputError(problems[0].text, file=path, line=problems[0].line, field=problems[0].field)
    if top is None or not isinstance(top.value, dict):
        raise InputError("must be a mapping of tables, each a list of entries", file=path, line=1)
    tables = {name: _table(name, node, path) for name, node in top.value.items()}
    if AGE not in tables:
        raise InputError(f"needs a table {AGE!r} of ranges such as 18-29", file=path, line=1)
    return Tables(tables.pop(AGE), tables)


def _table(name: str, node: Node, path: Path) -> tuple[Entry, ...]:
    if not isinstance(node.value, list) or not node.value:
        raise InputError("must be a list of entries", file=path, line=node.line, field=name)
    entries = []
    for one in node.value:
        try:
            entries.append(_entry(name, one.plain()))
        except ValueError as error:
            raise InputError(str(error), file=path, line=one.line, field=name) from None
    if not any(entry.weight for entry in entries):
        raise InputError("needs an entry with a weight above 0", file=path, line=node.line, field=name)
    return tuple(entries)


def _entry(table: str, data: Any) -> Entry:
    """Raises ValueError."""
    given = data if isinstance(data, dict) else {"is": data}
    if unknown := [key for key in given if key not in _KEYS]:
        raise ValueError(f"{unknown[0]!r} is not known: an entry has {', '.join(_KEYS)}")
    text, weight = given.get("is"), given.get("weight", 1)
    if isinstance(text, bool) or not isinstance(text, str | int) or not str(text).strip():
        raise ValueError("an entry needs a text under 'is'")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
        raise ValueError(f"'weight' must be a number from 0 up, not {weight!r}")
    ages = _span(str(text if table == AGE else given.get("ages", "0-130")))
    return Entry(str(text).strip(), float(weight), ages, str(given.get("themes", "")))


def _span(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text) or (_RANGE.fullmatch(f"{text}-{text}") if text.strip().isdigit() else None)
    if match is None or int(match[1]) > int(match[2]):
        raise ValueError(f"{text!r} is no range of years: write it as 18-29")
    return int(match[1]), int(match[2])
