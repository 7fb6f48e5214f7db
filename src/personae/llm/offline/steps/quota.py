"""Steps of `quota`: a role writes its part from lists of plain sentences; the critic finds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.seed import derive
from personae.llm.offline import people


@dataclass(frozen=True, slots=True)
class WritePart:
    """Write one part of a persona, or mend it."""

    part: str
    write: str
    facts: tuple[tuple[str, int | str], ...]
    says: tuple[str, ...]
    rate: tuple[str, ...]
    levels: tuple[str, ...]
    words: tuple[int, int]
    named: bool
    """The role gives the person's name too."""
    number: str
    issues: tuple[str, ...]
    """What is to be mended."""

    def answer(self, seed: int) -> Any:
        draw = Random(derive(seed, "part", self.part, self.number, repr(self.facts), *self.issues))
        facts = dict(self.facts)
        told = [f"{name[0].upper()}{name[1:]}: {facts[name]}." for name in self.says]
        data: dict[str, Any] = {"name": people.name(draw)} if self.named else {}
        data["text"] = people.text(draw, *self.words, *told)
        if self.rate:
            data["ratings"] = {of: draw.choice(self.levels) for of in self.rate}
        return data


@dataclass(frozen=True, slots=True)
class Criticise:
    """Find what does not fit together in a draft."""

    parts: tuple[str, ...]

    def answer(self, seed: int) -> Any:
        del seed  # it reads nothing, and so finds nothing
        return {"issues": []}
