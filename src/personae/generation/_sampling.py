"""Which topic and example each query is made after: seeded, and stratified so that everybody gets their share.

Idea: rounds over all topics, each round in an order of its own; a topic takes its examples in turn, in blocks of their
      own order. Any beginning of the sequence is fair: topics differ by at most one, and so do the examples of one
      topic. So a larger number only adds to a smaller one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from random import Random
from typing import TypeVar

from personae.core.query import Example, Topic
from personae.core.seed import derive
from personae.core.text import shown
from personae.generation import NoDraft
from personae.stats.similarity import NoveltyGate

T = TypeVar("T")

MOST_TEXT = 60_000
"""Characters of the company's description that the model is shown."""
TRIES = 3
"""For something that is not a near-copy of another."""


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


def variation(seed: int) -> str:
    """The number that tells a prompt from all others of its kind: of so many that ten thousand hardly share one."""
    return str(seed % 10**12)


def shown_to_writer(place: Place, context: str, close: Sequence[str]) -> dict[str, str]:
    """What a task says of its place. `close`: what was written for it before, and came too close to others."""
    example = place.example
    return {
        "topic": place.topic,
        "example_type": example.example_type,
        "example_background": example.example_background,
        "example_query": example.example_query,
        "too_close": "\n".join(f"- {one}" for one in close),
        "seed": variation(place.seed),
        "context": shown(context, MOST_TEXT),
    }


async def novel(
    place: Place,
    write: Callable[[list[str]], Awaitable[T]],
    gate: NoveltyGate,
    text: Callable[[T], str],
    who: str,
) -> T:
    """What `write` writes that is near nothing in the gate. It is told what came too close. Raises NoDraft."""
    close: list[str] = []
    for _ in range(TRIES):
        written = await write(close)
        if gate.admit(place.key, text(written)) is None:
            return written
        close.append(text(written))
    raise NoDraft(f"{who} wrote near-copies of what is there, {TRIES} times: {close[-1][:120]!r}")
