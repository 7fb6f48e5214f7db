"""Flags: which queries and personas a reviewer should look at first, and why.

Idea: a near-copy of an earlier query; a query that says more of another topic than of its own, by the words that topics
      have for themselves alone; one that shows no or one sign of a person's own situation. All by rules, so that a flag
      is a reason to look and never a verdict: of 52 real examples, each read with its topic's other example alone, 11
      were called off-topic, and 37 of 52 under a wrong topic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from personae.core.persona import Persona
from personae.core.query import Query, Topic
from personae.generation.quality.contradictions import contradictions
from personae.generation.quality.specificity import is_english, signs
from personae.llm.offline.words import content
from personae.stats.similarity import NoveltyGate

Reason = Literal["near-duplicate", "off-topic", "generic", "contradiction"]
LEAST_TOPICS = 2
MOST_GENERIC = 1
"""Signs of a person's own situation, of five, that a generic query shows at most."""
_HOW_MUCH_MORE, _NEAREST = 2.0, 3
"""A query is off its topic where another's words weigh so many times more, and a third of all topics is nearer."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a query should be looked at."""

    reason: Reason
    detail: str
    other: str = ""
    """Key of what it is nearly a copy of."""


def flags(queries: Sequence[Query], topics: Iterable[Topic] = ()) -> dict[str, tuple[Flag, ...]]:
    """By key, the flags of each query that has some. `topics` tell the topics' own words; else the queries do."""
    found: dict[str, list[Flag]] = {}
    gate = NoveltyGate()
    words = _TopicWords(queries, topics)
    for query in queries:
        mine: list[Flag] = []
        near = gate.admit(query.key, query.query)
        if near is not None:
            mine.append(Flag("near-duplicate", f"{near.shared:.0%} of the words of another", near.key))
        if detail := words.off_topic(query):
            mine.append(Flag("off-topic", detail))
        shown = signs(query.query)
        if is_english(query.query) and len(shown) <= MOST_GENERIC:
            mine.append(
                Flag("generic", f"shows {f'only {shown[0]}' if shown else 'nothing'} of a person's own situation")
            )
        if mine:
            found[query.key] = mine
    return {key: tuple(mine) for key, mine in found.items()}


def persona_flags(personas: Iterable[tuple[str, Persona]]) -> dict[str, tuple[Flag, ...]]:
    """By key, the flags of each persona that has some: near-copies of earlier ones, and what contradicts itself."""
    gate = NoveltyGate()
    found: dict[str, tuple[Flag, ...]] = {}
    for key, persona in personas:
        mine = [Flag("contradiction", what) for what in contradictions(persona)]
        if near := gate.admit(key, persona.description):
            mine.insert(0, Flag("near-duplicate", f"{near.shared:.0%} of the words of another", near.key))
        if mine:
            found[key] = tuple(mine)
    return found


class _TopicWords:
    """The words of each topic, and how much each word tells of a topic."""

    def __init__(self, queries: Sequence[Query], topics: Iterable[Topic]) -> None:
        self._words: dict[str, Counter[str]] = {}
        for topic in topics:
            for example in topic.example_types:
                self._add(topic.topic, f"{topic.topic} {example.example_background} {example.example_query}")
        self._is_given = bool(self._words)
        if not self._is_given:
            for query in queries:
                self._add(query.topic, f"{query.topic} {query.query}")
        self._in = Counter(word for words in self._words.values() for word in words)

    def _add(self, topic: str, text: str) -> None:
        if topic:
            self._words.setdefault(topic, Counter()).update(content(text))

    def off_topic(self, query: Query) -> str:
        """What is wrong with the query's topic, or nothing."""
        if not query.topic or len(self._words) < LEAST_TOPICS:
            return ""
        if query.topic not in self._words:
            return f"the topics do not hold {query.topic!r}"
        said = content(query.query)
        own = self._score(query.topic, said, 0 if self._is_given else 1)
        others = sorted(
            ((self._score(topic, said, 0), topic) for topic in self._words if topic != query.topic), reverse=True
        )
        nearest = others[: max(1, len(self._words) // _NEAREST)]
        if nearest[-1][0] <= own or nearest[0][0] < own * _HOW_MUCH_MORE:
            return ""
        return f"its words are rather those of {nearest[0][1]!r}"

    def _score(self, topic: str, said: frozenset[str], without: int) -> float:
        """How much of what is said is this topic's; `without` counts the query itself out of its own topic."""
        words, all_topics = self._words[topic], len(self._words)
        found = (word for word in said if words[word] > without)
        return sum(math.log(1 + all_topics / self._in[word]) for word in found)
