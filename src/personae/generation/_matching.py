"""Matching: which surveyed story stands for which person of a population.

Source: "Higher-Order Binding", arXiv 2504.11673, and its Anthology forerunner (demographic matching)
Idea:   a story fits a person as well as its survey makes the person's answers likely: the product over the traits of
        the share with which the story gave that answer. `hungarian` binds one to one so that the sum of fits is the
        greatest; `greedy` gives each person the story that fits best, one story to many if need be.
Cost:   no call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal, get_args

from personae.core.persona import Persona
from personae.errors import InputError
from personae.sources._text import read_text
from personae.sources.csv import records
from personae.stats.assignment import assign

Way = Literal["hungarian", "greedy"]
WAYS: tuple[Way, ...] = get_args(Way)
Shares = Mapping[str, Mapping[str, float]]
"""By trait, the share of each answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the population."""

    line: int
    answers: Mapping[str, str]
    """By trait. Without those that are blank."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A person, the story that stands for them, and how well it fits, 0 to 1."""

    member: int
    story: int
    fit: float


@dataclass(frozen=True, slots=True)
class Binding:
    """What came of matching."""

    pairs: tuple[Bound, ...]
    """In the population's order."""
    distances: Mapping[str, float]
    """By trait, how far the likeliest answers of the matched stories are from the population's shares, 0 to 1 (total
    variation)."""
    alone: int
    """People for whom no story was left, or none can stand: each gives one of their answers never."""

    @property
    def mean_fit(self) -> float | None:
        """None where nobody was matched."""
        return sum(one.fit for one in self.pairs) / len(self.pairs) if self.pairs else None


def read_population(path: Path, traits: Sequence[str] = ()) -> tuple[Member, ...]:
    """People from a CSV with a column per trait; `traits`: only these. Raises InputError with line and field."""
    found = records(read_text(path), path)
    _, header = next(found, (0, []))
    names = [name.strip() for name in header]
    if missing := [trait for trait in traits if trait not in names]:
        raise InputError(
            f"has no such column; it has {', '.join(names) or 'none'}", file=path, line=1, field=missing[0]
        )
    wanted = list(traits) or names
    people = []
    for line, cells in found:
        if len(cells) != len(names):
            raise InputError(f"has {len(cells)} cells, the header has {len(names)}", file=path, line=line)
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        people.append(Member(line, {trait: row[trait] for trait in wanted if row[trait]}))
    if not people:
        raise InputError("holds no people: it needs a header row of traits and a row a person", file=path)
    return tuple(people)


def shares_of(persona: Persona) -> Shares:
    """What the survey of a persona's story said; empty where it was not surveyed."""
    identity = persona.sections.identity if persona.sections is not None else None
    return identity.shares if identity is not None else {}


def check_answers(people: Sequence[Member], stories: Sequence[Shares], path: Path) -> None:
    """Raises InputError where a trait was not surveyed, or an answer was given by no story in any of its repeats."""
    known: dict[str, set[str]] = {}
    for shares in stories:
        for trait, own in shares.items():
            known.setdefault(trait, set()).update(own)
    for member in people:
        for trait, answer in member.answers.items():
            if trait not in known:
                traits = ", ".join(known) or "nothing"
                raise InputError(f"was not surveyed (the stories were asked for {traits})", file=path, field=trait)
            if answer not in known[trait]:
                raise InputError(
                    f"{answer!r} is no answer that a story gave ({', '.join(sorted(known[trait]))}): population and "
                    "survey must use the same words",
                    file=path,
                    line=member.line,
                    field=trait,
                )


def bind(people: Sequence[Member], stories: Sequence[Shares], way: Way = "hungarian") -> Binding:
    """Stories to people. Who has a fit of 0 with every story that is left stays alone."""
    fits = [[_fit(member, shares) for shares in stories] for member in people]
    if way == "greedy":
        chosen: list[int | None] = [max(range(len(row)), key=row.__getitem__, default=None) for row in fits]
    else:
        chosen = assign([[-fit for fit in row] for row in fits])
    pairs = [
        Bound(number, story, fits[number][story])
        for number, story in enumerate(chosen)
        if story is not None and fits[number][story] > 0
    ]
    traits = dict.fromkeys(trait for member in people for trait in member.answers)
    distances = {trait: _distance(trait, people, [stories[pair.story] for pair in pairs]) for trait in traits}
    told = {trait: one for trait, one in distances.items() if one is not None}
    return Binding(tuple(pairs), told, len(people) - len(pairs))


def _fit(member: Member, shares: Shares) -> float:
    return prod(shares.get(trait, {}).get(answer, 0.0) for trait, answer in member.answers.items())


def _distance(trait: str, people: Sequence[Member], matched: Sequence[Shares]) -> float | None:
    """Half the sum of differences between the population's shares and those of the matched stories."""
    target = Counter(member.answers[trait] for member in people if trait in member.answers)
    found: Counter[str] = Counter()
    for shares in matched:
        if own := shares.get(trait):
            found[max(own, key=own.__getitem__)] += 1
    if not target or not found:
        return None
    answers = {*target, *found}
    return sum(abs(target[one] / target.total() - found[one] / found.total()) for one in answers) / 2
