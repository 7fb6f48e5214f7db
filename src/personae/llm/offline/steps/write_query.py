"""A fresh user and a query of theirs: the topic's words in another person's situation, from a few patterns."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.query import Example
from personae.core.seed import derive
from personae.llm.offline.proposer import topics_of
from personae.llm.offline.words import sayable

_READ = 20_000
_FIRST = (
    "Amara", "Ben", "Chiara", "Diego", "Esra", "Farid", "Greta", "Hana", "Ivo", "Joan", "Kofi", "Lena", "Mateus",
    "Noor", "Owen", "Petra", "Quentin", "Rosa", "Samir", "Tove", "Uma", "Viktor", "Wanda", "Yan",
)  # fmt: skip
_WORK = (
    "nurse", "florist", "bus driver", "student of law", "school teacher", "software tester", "chef", "plumber",
    "violinist", "bookkeeper", "night porter", "gardener", "translator", "carpenter", "midwife", "courier",
)  # fmt: skip
_WHERE = (
    "at the supermarket", "in a hotel in Lisbon", "on the train to Vienna", "at the pharmacy", "during lunch",
    "at my daughter's school", "while moving house", "at the airport", "in a shop in Porto", "at the garage",
)  # fmt: skip
_WHEN = ("this morning", "yesterday evening", "last Friday", "two days ago", "on the 3rd", "an hour ago", "last month")
_MOOD = (
    ("Impatient", "and has no time for long answers", "I need an answer today."),
    ("Careful", "and checks everything twice", "Could you explain it step by step?"),
    ("Worried", "and is afraid of having done something wrong", "Did I do something wrong?"),
    ("Annoyed", "and has asked about it before", "This is the second time I ask."),
    ("Curious", "and likes to understand how things work", "How does this work exactly?"),
    ("Thrifty", "and counts every euro", "I do not want to pay more than I must."),
)
_ASKS = (
    "I have a question about {topic}: it happened {where} {when}, and it is about {amount} euros. {end}",
    "{when_} {where} I ran into this: {topic}. As a {work} I cannot wait for {days} days. {end}",
    "My {kin} told me to ask you about {topic}. It came up {when} {where}. {end}",
    "Hello, {topic} again. I was {where} {when} with {amount} euros to pay. {end}",
    "{topic_}: what can I do? I am a {work}, and {when} {where} it cost me {days} hours. {end}",
)
_KIN = ("brother", "neighbour", "boss", "flatmate", "aunt", "son", "colleague")
_NAIVE = (
    "What is the {topic}?", "Can you tell me more about the {topic}?", "How does the {topic} work?",
    "What are the benefits of the {topic}?", "What are the terms of the {topic}?",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WriteQuery:
    """Write a query on `topic`, by another user than the example's. Without an example: any query."""

    context: str
    topic: str
    example: Example | None
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        """User type, background, query and expected outcome; query and outcome alone without an example."""
        draw = Random(derive(seed, "query", self.seed))
        facts = topics_of(sayable(self.context[:_READ]))
        fact = facts[draw.randrange(len(facts))]
        outcome = f"The answer says: {fact.fact}." if fact.fact else ""
        if self.example is None:
            query = _NAIVE[draw.randrange(len(_NAIVE))].format(topic=fact.name)
            return {"query": query, "expected_outcome": outcome}
        mood, manner, end = draw.choice(_MOOD)
        work, when, topic = draw.choice(_WORK), draw.choice(_WHEN), sayable(self.topic)
        query = draw.choice(_ASKS).format(
            topic=topic.lower(), topic_=topic, where=draw.choice(_WHERE), when=when, when_=when.capitalize(),
            amount=draw.randrange(9, 900), days=draw.randrange(2, 9), work=work, kin=draw.choice(_KIN), end=end,
        )  # fmt: skip
        background = (
            f"{draw.choice(_FIRST)} is a {work}, {draw.randrange(19, 80)} years old, {manner}. Comes with "
            f"{topic.lower()}."
        )
        return {
            "user_type": f"{mood} {work.title()}",
            "user_background": background,
            "query": query,
            "expected_outcome": f"The answer deals with {topic.lower()}.",
        }
