"""Profiles: personas with goals of their own, each after an example user of a topic, spread evenly over all of them.

Source: seeds/002 (user profiles for topics), carried from single queries to whole conversations
Idea:   as `queries`, but the model writes what a simulator needs to play the user: background, manner, knowledge, goal.
        The parts are kept as sections, and the description is put together from them.
Cost:   one call a persona, and one or two more where it comes too close to another.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.query import Topic
from personae.core.sections import Identity, Sections, Statement, Statements
from personae.core.seed import derive, digest
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, Studio, check_count, generators
from personae.generation._options import from_file, text_of
from personae.generation._sampling import MOST_TEXT, Place, novel, places, shown_to_writer
from personae.llm.offline.steps.write_profile import WriteProfile
from personae.llm.structured import NotUsable, ask
from personae.llm.tokens import estimate
from personae.sources._topics import read_topics
from personae.stats.similarity import NoveltyGate

SYSTEM = load("personae.generation", "profiles")
TASK = load("personae.generation", "profiles_task")

_TEXTS = ("user_type", "user_background", "manner", "knowledge", "goal", "success_criteria", "query")
_TEXT = {"type": "string"}
_FIELDS = dict.fromkeys((*_TEXTS, "age", "occupation"), _TEXT) | {"traits": {"type": "array", "items": _TEXT}}
SCHEMA = OutputSchema(
    "profile", {"type": "object", "properties": _FIELDS, "required": list(_FIELDS), "additionalProperties": False}
)


@generators.method("profiles")
@dataclass(frozen=True)
class Profiles:
    """Personas by fresh users with goals of their own, spread evenly over the topics of a file."""

    makes: ClassVar[Makes] = "persona"

    context: str = field(metadata=from_file(text_of("company profile")))
    """File that describes the company and its product."""
    topics: tuple[Topic, ...] = field(metadata=from_file(lambda path: tuple(read_topics(path))))
    """File of topics and example users (YAML); `personae generate topics` proposes one."""
    guidance: str = field(default="", metadata=from_file(text_of("guidance")))
    """File with more rules for the writer, as `personae generate refine` proposes them."""

    def effort(self, n: int) -> Effort:
        return Effort((n, 2 * n), 800 + estimate(self.context[:MOST_TEXT]), 350)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        if not self.context.strip():
            raise InputError("the company profile is empty: say what the company and its product are", field="context")
        if not self.topics:
            raise InputError("there are no topics: `personae generate topics` proposes some", field="topics")
        check_count(n, "personas")
        gate = NoveltyGate()
        for draft in studio.found.values():
            gate.add(draft.key, draft.persona.description)

        async def work(place: Place, model: Model) -> Iterable[Draft]:
            persona = await self._new(place, model, gate)
            prompts, source = dict(versions(SYSTEM, TASK)), digest(self.context)
            came = studio.provenance("profiles", key=place.key, seed=place.seed, prompts=prompts, source=source)
            return [Draft(persona, came)]

        async for draft in studio.each(places(self.topics, n, seed), work):
            yield draft

    async def _new(self, place: Place, model: Model, gate: NoveltyGate) -> Persona:
        """A persona that is near none of the others. Raises NoDraft."""
        return await novel(
            place, lambda close: self._ask(place, model, close), gate, lambda made: made.description, model.name
        )

    async def _ask(self, place: Place, model: Model, close: list[str]) -> Persona:
        task = TASK.render(**shown_to_writer(place, self.context, close))
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render(guidance=self.guidance)}, {"role": "user", "content": task}],
            purpose="generator",
            schema=SCHEMA,
            parse=lambda data: _persona(data, place),
            about=WriteProfile(self.context, place.topic, place.example, derive(place.seed, len(close))),
            max_output_tokens=1_500,
        )
        return parsed.value


def _persona(data: Any, place: Place) -> Persona:
    """The persona in an answer. Raises NotUsable."""
    if not isinstance(data, Mapping):
        raise NotUsable("It must be a JSON object.")
    texts = {name: data.get(name) for name in _TEXTS}
    if blank := next((name for name, text in texts.items() if not isinstance(text, str) or not text.strip()), ""):
        raise NotUsable(f"`{blank}` is missing or blank.")
    facts = {name: value for name in ("age", "occupation") if (value := data.get(name))}
    try:
        return Persona(
            name=f"{_label(str(data['user_type']))}_{place.key}",
            description=f"{data['user_background'].strip()} {data['manner'].strip()}",
            domain_knowledge=data["knowledge"],
            traits=data.get("traits") or (),
            attributes={
                "topic": place.topic,
                "example_type": place.example.example_type,
                "user_type": data["user_type"],
                "query": data["query"],
                **facts,
            },
            goal=data["goal"],
            success_criteria=data["success_criteria"],
            kind="demographic",
            sections=Sections(
                identity=Identity(facts=facts) if facts else None,
                behaviour=Statements(statements=(Statement(text=data["manner"]),)),
                knowledge=Statements(statements=(Statement(text=data["knowledge"]),)),
                language=Statements(statements=(Statement(text=data["query"]),)),
            ),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise NotUsable(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}.") from None


def _label(user_type: str) -> str:
    return re.sub(r"[\W_]+", "_", user_type.casefold()).strip("_") or "user"
