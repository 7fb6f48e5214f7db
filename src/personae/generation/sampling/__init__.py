"""Sampling plans: attributes with target shares, shares of combinations, and combinations that never occur.

Idea: what a set of personas is to look like is said by people, as shares; which persona gets what is drawn from
      that, so that no language model decides how common anything is. `slots` draws, `plan_file` and `fragments` read,
      `report` counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Protocol, runtime_checkable

from personae.core.seed import derive
from personae.sources import Fragment

Cell = tuple[str, ...]
"""A value of each attribute of a plan, in the plan's order."""
_RANGE = re.compile(r"\s*(-?\d+)\s*(?:-|–|—|\.\.|to)\s*(-?\d+)\s*")  # noqa: RUF001 - dashes as people write ranges


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing in which personas differ, and how common each of its values is to be."""

    name: str
    shares: Mapping[str, Fraction]
    """Adds up to 1. A value such as `18-29` is a range of whole numbers, both ends in it."""
    about: str = ""
    line: int | None = field(default=None, repr=False, compare=False)
    """Where it stands in its file. No part of what a plan is."""

    def drawn(self, value: str, seed: int) -> int | str:
        """A number out of the range `value`, all of them alike often; `value` itself where it is none."""
        ends = range_of(value)
        return Random(derive(seed, "drawn", self.name)).randint(*ends) if ends else value

    def value_of(self, drawn: object) -> str | None:
        """The value that something drawn stands for; None where it is of none."""
        text = str(drawn)
        if text in self.shares:
            return text
        if isinstance(drawn, int):
            for value in self.shares:
                ends = range_of(value)
                if ends and ends[0] <= drawn <= ends[1]:
                    return value
        return None


@dataclass(frozen=True, slots=True)
class Joint:
    """How common combinations of some attributes' values are to be; they add up to 1."""

    names: tuple[str, ...]
    shares: Mapping[Cell, Fraction]
    line: int | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Never:
    """Values that never come together: one of each attribute that is named."""

    values: Mapping[str, tuple[str, ...]]
    line: int | None = field(default=None, repr=False, compare=False)

    def is_broken(self, persona: Mapping[str, str]) -> bool:
        """Whether a persona, of whom some values may not be known, has such a combination."""
        return all(persona.get(name) in values for name, values in self.values.items())

    @property
    def named(self) -> str:
        """The rule as people say it: `age 70-90 with channel app`."""
        return " with ".join(f"{name} {' or '.join(values)}" for name, values in self.values.items())

    @property
    def place(self) -> str:
        return f"the rule at line {self.line} ({self.named})" if self.line else f"the rule that forbids {self.named}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a set of personas is to look like."""

    attributes: tuple[Attribute, ...]
    joint: tuple[Joint, ...] = ()
    never: tuple[Never, ...] = ()
    file: str = field(default="", repr=False, compare=False)
    fragments: Mapping[str, Fragment] = field(default_factory=dict)
    """What those get who have `yes` for the attribute of that name."""

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.attributes)

    @property
    def names(self) -> Cell:
        return tuple(one.name for one in self.attributes)

    def named(self, cell: Cell) -> dict[str, str]:
        return dict(zip(self.names, cell, strict=True))

    def drawn(self, cell: Cell, seed: int) -> dict[str, int | str]:
        """A value for each attribute: numbers out of ranges, the others as they are."""
        return {one.name: one.drawn(value, seed) for one, value in zip(self.attributes, cell, strict=True)}

    def cell_of(self, drawn: Mapping[str, object]) -> Cell | None:
        """The cell that a persona's attributes stand for; None where one is missing or of no value."""
        cell = [one.value_of(drawn.get(one.name)) for one in self.attributes]
        return tuple(value for value in cell if value is not None) if None not in cell else None

    def broken(self, cell: Cell) -> Never | None:
        """A rule that the cell breaks."""
        persona = self.named(cell)
        return next((rule for rule in self.never if rule.is_broken(persona)), None)


@runtime_checkable
class Planned(Protocol):
    """A method that deals its personas out by a plan."""

    def whole_plan(self) -> Plan | None:
        """All that is dealt out; None where nothing is. Raises InputError where the plan cannot be."""
        ...


def range_of(value: str) -> tuple[int, int] | None:
    """Both ends of a range such as `18-29`; None for anything else."""
    match = _RANGE.fullmatch(value)
    if match is None:
        return None
    low, high = int(match[1]), int(match[2])
    return (low, high) if low <= high else None


def percent(share: Fraction | float) -> str:
    """`12.5 %`"""
    return f"{float(100 * share):.4g} %"
