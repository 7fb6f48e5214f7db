"""Which topic and example each query is made after: seeded, and stratified so that everybody gets their share.

Idea: rounds over all topics, each round in an order of its own; a topic takes its examples in turn, in blocks of their
      own order. Any beginning of the sequence is fair: topics differ by at most one, and so do the examples of one
      topic. So a larger number only adds to a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from random import Random

from personae.core.query import Example, Topic
from personae.core.seed import derive


@dataclass(frozen=True, slots=True)
class Place:
    """One query to be made: after which example of which topic."""

    key: str
    topic: str
    example: Example
    seed: int


def places(topics: Sequence[Topic], n: int, seed: int) -> list[Place]:
    """The first `n` places, in the order in which they are worked at."""
    return list(islice(_places(topics, seed), n))


def _places(topics: Sequence[Topic], seed: int) -> Iterator[Place]:
    for turn in count():
        order = list(range(len(topics)))
        Random(derive(seed, "topics", turn)).shuffle(order)
        for number in order:
            examples = topics[number].example_types
            block, place = divmod(turn, len(examples))
            chosen = list(range(len(examples)))
            Random(derive(seed, "examples", number, block)).shuffle(chosen)
            key = f"{number + 1}.{chosen[place] + 1}.{block + 1}"
            yield Place(key, topics[number].topic, examples[chosen[place]], derive(seed, "query", key))
