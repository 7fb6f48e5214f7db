"""Queries: single messages to a chatbot, each by a user of its own, spread evenly over topics and example users.

Source: seeds/002 (topics and user profiles; the naive baseline it is held against)
Idea:   draw a topic and an example of it by seed, every one its share to within one; show them to the model with the
        company's description, and ask for a fresh user and what that user would write. A near-copy is asked for again.
Cost:   one call a query, and one or two more where it comes too close to another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load, versions
from personae.core.query import Example, Query, Topic
from personae.core.seed import derive, digest
from personae.core.text import shown
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, Studio, check_count, generators
from personae.generation._options import from_file, text_of
from personae.generation._sampling import MOST_TEXT, Place, novel, places, shown_to_writer, variation
from personae.llm.offline.steps.write_query import WriteQuery
from personae.llm.structured import NotUsable, ask
from personae.llm.tokens import estimate
from personae.sources._topics import read_topics
from personae.stats.similarity import NoveltyGate

SYSTEM = load("personae.generation", "queries")
TASK = load("personae.generation", "queries_task")
NAIVE = load("personae.generation", "queries_naive")

_FIELDS = ("user_type", "user_background", "query", "expected_outcome")
_NAIVE_FIELDS = ("query", "expected_outcome")


def _schema(names: Iterable[str]) -> OutputSchema:
    fields = {name: {"type": "string"} for name in names}
    shape = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return OutputSchema("query", shape)


_SCHEMA, _NAIVE_SCHEMA = _schema(_FIELDS), _schema(_NAIVE_FIELDS)


@generators.method("queries")
@dataclass(frozen=True)
class Queries:
    """Single queries by fresh users, spread evenly over the topics of a file; or the naive baseline without them."""

    makes: ClassVar[Makes] = "query"

    context: str = field(metadata=from_file(text_of("company profile")))
    """File that describes the company and its product."""
    topics: tuple[Topic, ...] = field(default=(), metadata=from_file(lambda path: tuple(read_topics(path))))
    """File of topics and example users (YAML); `personae generate topics` proposes one."""
    guidance: str = field(default="", metadata=from_file(text_of("guidance")))
    """File with more rules for the writer, as `personae generate refine` proposes them."""
    naive: bool = False
    """The baseline: the model is shown the company's description and nothing else."""

    def effort(self, n: int) -> Effort:
        return Effort((n, n if self.naive else 2 * n), 600 + estimate(self.context[:MOST_TEXT]), 150)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        self._check(n)
        if self.naive:
            pieces = [
                Place(f"naive.{number}", "", _NOBODY, derive(seed, "naive", number)) for number in range(1, n + 1)
            ]
        else:
            pieces = places(self.topics, n, seed)
        prompts = dict(versions(NAIVE) if self.naive else versions(SYSTEM, TASK))
        gate, source = NoveltyGate(), digest(self.context)
        for draft in studio.found.values():
            gate.add(draft.key, draft.query.query)

        async def work(place: Place, model: Model) -> Iterable[Draft]:
            query = await (self._naive(place, model) if self.naive else self._new(place, model, gate))
            return [
                Draft(
                    query,
                    studio.provenance("queries", key=place.key, seed=place.seed, prompts=prompts, source=source),
                )
            ]

        async for draft in studio.each(pieces, work):
            yield draft

    def _check(self, n: int) -> None:
        if not self.context.strip():
            raise InputError("the company profile is empty: say what the company and its product are", field="context")
        if self.naive and self.topics:
            raise InputError("the naive baseline knows no topics: give --naive or --topics, not both", field="topics")
        if not self.naive and not self.topics:
            raise InputError(
                "there are no topics: give --topics FILE (`personae generate topics` proposes one), or --naive",
                field="topics",
            )
        check_count(n, "queries")

    async def _new(self, place: Place, model: Model, gate: NoveltyGate) -> Query:
        """A query that is near none of the others. Raises NoDraft."""
        return await novel(
            place, lambda close: self._ask(place, model, close), gate, lambda made: made.query, model.name
        )

    async def _ask(self, place: Place, model: Model, close: list[str]) -> Query:
        task = TASK.render(**shown_to_writer(place, self.context, close))
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render(guidance=self.guidance)}, {"role": "user", "content": task}],
            purpose="generator",
            schema=_SCHEMA,
            parse=lambda data: self._query(data, place, _FIELDS),
            about=WriteQuery(self.context, place.topic, place.example, derive(place.seed, len(close))),
            max_output_tokens=1_000,
        )
        return parsed.value

    async def _naive(self, place: Place, model: Model) -> Query:
        task = NAIVE.render(seed=variation(place.seed), context=shown(self.context, MOST_TEXT))
        parsed = await ask(
            model,
            [{"role": "user", "content": task}],
            purpose="generator",
            schema=_NAIVE_SCHEMA,
            parse=lambda data: self._query(data, place, _NAIVE_FIELDS),
            about=WriteQuery(self.context, "", None, place.seed),
            max_output_tokens=500,
        )
        return parsed.value

    def _query(self, data: Any, place: Place, names: tuple[str, ...]) -> Query:
        """The query in an answer. Raises NotUsable."""
        if not isinstance(data, Mapping):
            raise NotUsable("It must be a JSON object.")
        blank = [name for name in names if name != "expected_outcome" and not str(data.get(name) or "").strip()]
        if blank:
            raise NotUsable(f"`{blank[0]}` is missing or blank.")
        try:
            made = {"topic": place.topic, "seed": place.seed} | {name: data.get(name) or "" for name in names}
            example_type = place.example.example_type if place.topic else ""
            return Query.model_validate(made | {"example_type": example_type})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise NotUsable(f"`{first['loc'][0]}`: {first['msg']}.") from None


_NOBODY = Example(example_type="-", example_background="-", example_query="-")
