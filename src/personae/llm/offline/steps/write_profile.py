"""A fresh user with a goal: what `write_query` gives, with the manner, knowledge and goal that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.query import Example
from personae.core.seed import derive
from personae.llm.offline.steps.write_query import WriteQuery

_MANNER = (
    ("Writes one line at a time and asks for the next step.", ("terse", "impatient")),
    ("Tells the whole story before coming to the point.", ("verbose", "friendly")),
    ("Asks back whenever a word is not clear.", ("polite", "confused")),
    ("Wants the exact terms and checks each number.", ("skeptical", "detail-oriented")),
    ("Writes simple sentences with small mistakes.", ("non-native speaker", "polite")),
    ("Complains first and listens later.", ("angry", "persistent")),
)
_KNOWLEDGE = (
    "Knows the product only from the advertisement.",
    "Has used the product for years and knows its menus.",
    "Believes that exceptions are always possible.",
    "Has read the terms once, long ago.",
)


@dataclass(frozen=True, slots=True)
class WriteProfile:
    """Write a persona who comes with `topic`, another than the example's."""

    context: str
    topic: str
    example: Example
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        """All that a profile needs, with a goal on the topic."""
        draw = Random(derive(seed, "profile", self.seed))
        query = WriteQuery(self.context, self.topic, self.example, self.seed).answer(seed)
        manner, traits = draw.choice(_MANNER)
        words = query["user_background"].split(", ")
        return {
            "user_type": query["user_type"],
            "user_background": query["user_background"],
            "manner": manner,
            "knowledge": draw.choice(_KNOWLEDGE),
            "goal": f"Find out what to do about {self.topic.lower()}. Ask what it costs and how long it takes.",
            "success_criteria": f"The assistant explained what to do about {self.topic.lower()}.",
            "traits": list(traits),
            "age": words[1].split()[0],
            "occupation": words[0].partition(" is a ")[2],
            "query": query["query"],
        }
