"""Topics of a company: what its description is about, with two example users each from a few patterns."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.query import Example
from personae.core.seed import derive
from personae.llm.offline.proposer import topics_of
from personae.llm.offline.steps.write_query import WriteQuery
from personae.llm.offline.words import sayable

_KINDS = ("{}", "Trouble With {}", "Costs of {}", "Complaint About {}", "Change of {}", "First Steps With {}")


@dataclass(frozen=True, slots=True)
class WriteTopics:
    """Propose `n` topics other than those that are taken."""

    context: str
    n: int
    taken: tuple[str, ...]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        """Exactly `n` topics."""
        found = topics_of(sayable(self.context[:20_000]))
        taken = {name.casefold() for name in self.taken}
        names: list[str] = []
        round_ = 0
        while len(names) < self.n:
            kind = _KINDS[round_ % len(_KINDS)] + ("" if round_ < len(_KINDS) else f" {round_ // len(_KINDS) + 1}")
            for topic in found:
                name = kind.format(" ".join(word[:1].upper() + word[1:] for word in topic.name.split()))
                if name.casefold() not in taken and len(names) < self.n:
                    taken.add(name.casefold())
                    names.append(name)
            round_ += 1
        return {"topics": [self._topic(name, seed) for name in names]}

    def _topic(self, name: str, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "topic", self.seed, name))
        nobody = Example(example_type="-", example_background="-", example_query="-")
        examples = []
        for _ in range(2):
            made = WriteQuery(self.context, name, nobody, draw.randrange(1 << 40)).answer(seed)
            background = made["user_background"].partition(" Comes with ")[0]
            examples.append(
                {"example_type": made["user_type"], "example_background": background, "example_query": made["query"]}
            )
        return {"topic": name, "example_types": examples}
