"""How near a set of personas comes to the shares of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from personae.generation import Told
from personae.generation.sampling import Plan, percent


@dataclass(frozen=True, slots=True)
class Reached:
    """One share: what was to be, and what is."""

    of: str
    value: str
    share: float
    wanted: float
    """Of so many as there are."""
    count: int

    @property
    def is_met(self) -> bool:
        """It is the share of the number of personas where that is whole, else a whole number beside it."""
        return floor(self.wanted) <= self.count <= ceil(self.wanted)

    def as_dict(self) -> dict[str, Any]:
        return {
            "of": self.of, "value": self.value, "share": self.share, "wanted": self.wanted, "count": self.count,
            "met": self.is_met,
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.of} {self.value}: {self.count}, wanted {self.wanted:.4g} ({percent(self.share)})"


def targets_of(plan: Plan) -> dict[str, dict[str, float]]:
    """The shares of each attribute's values, as `quality.persona_set` takes them."""
    return {one.name: {value: float(share) for value, share in one.shares.items() if share} for one in plan}


def quotas_told(plan: Plan, personas: Iterable[Mapping[str, object]]) -> Told:
    """Which shares are met, and the first that are not."""
    rows = list(reached(plan, personas))
    missed = [row for row in rows if not row.is_met]
    first = f"quotas: {len(rows) - len(missed)} of {len(rows)} shares are met"
    return Told((first, *(f"  {row}" for row in missed[:10])), {"quotas": [row.as_dict() for row in rows]})


def reached(plan: Plan, personas: Iterable[Mapping[str, object]]) -> Iterator[Reached]:
    """Each share of the plan against the personas, given by their attributes."""
    cells = [plan.cell_of(attributes) for attributes in personas]
    known = [plan.named(cell) for cell in cells if cell is not None]
    for one in plan:
        yield from _counted(one.name, {(value,): share for value, share in one.shares.items()}, (one.name,), known)
    for joint in plan.joint:
        yield from _counted(" and ".join(joint.names), joint.shares, joint.names, known)


def _counted(
    of: str, shares: Mapping[Any, Any], names: tuple[str, ...], known: list[dict[str, str]]
) -> Iterator[Reached]:
    counts = Counter(tuple(persona[name] for name in names) for persona in known)
    for value, share in shares.items():
        yield Reached(of, " ".join(value), float(share), float(share * len(known)), counts[value])
