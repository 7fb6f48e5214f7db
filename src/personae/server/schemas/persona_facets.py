"""What a list of personas can be narrowed by: their traits and attributes, each with how many have it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel

MOST_TRAITS, MOST_ATTRIBUTES, MOST_VALUES = 50, 30, 20
_LONGEST = 200
"""Characters of a value: what is longer is a text of its own, and nothing to filter by."""


def as_asked(value: Any) -> str:
    """An attribute's value as it is asked for: texts as they are, everything else as JSON: `71`, `true`."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Facet(BaseModel):
    """One value."""

    value: str
    """As the list takes it behind `trait=` or `attribute=NAME=`."""
    count: int


class AttributeFacet(BaseModel):
    """One attribute."""

    name: str
    values: list[Facet]
    """The commonest ones, in order of the alphabet."""
    distinct: int
    """How many values there are in all."""


class Facets(BaseModel):
    """The commonest traits and attributes."""

    count: int
    """Of personas."""
    traits: list[Facet]
    attributes: list[AttributeFacet]

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]]) -> Self:
        """From personas as they are stored. Traits that differ in case alone are one."""
        traits: Counter[str] = Counter()
        written: dict[str, str] = {}
        attributes: dict[str, Counter[str]] = {}
        count = 0
        for record in records:
            count += 1
            own = {trait.casefold(): trait for trait in record.get("traits", ()) if len(trait) <= _LONGEST}
            traits.update(own.keys())
            for folded, trait in own.items():
                written.setdefault(folded, trait)
            for name, value in record.get("attributes", {}).items():
                text = as_asked(value)
                if len(text) <= _LONGEST and len(name) <= _LONGEST and "=" not in name:
                    attributes.setdefault(name, Counter())[text] += 1
        commonest = sorted(attributes, key=lambda name: (-attributes[name].total(), name))[:MOST_ATTRIBUTES]
        return cls(
            count=count,
            traits=[Facet(value=written[one.value], count=one.count) for one in _commonest(traits, MOST_TRAITS)],
            attributes=[
                AttributeFacet(
                    name=name, values=_commonest(attributes[name], MOST_VALUES), distinct=len(attributes[name])
                )
                for name in commonest
            ],
        )


def _commonest(counted: Counter[str], most: int) -> list[Facet]:
    chosen = sorted(counted, key=lambda value: (-counted[value], value))[:most]
    return [Facet(value=value, count=counted[value]) for value in sorted(chosen, key=str.casefold)]
