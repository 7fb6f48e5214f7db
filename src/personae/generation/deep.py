"""Deep: personas with hundreds of attributes and a narrative, filled step by step along a taxonomy.

Source: DeepPersona, arXiv 2511.07338
Idea:   draw an anchor from tables; have a life written that fits it; choose attributes near the anchor, in the middle
        and far from it, 5:3:2; have them filled a category at a time, each batch knowing all that was decided before;
        have a narrative written of it all. Unlike the paper's, likeness is by words and not by a model's embedding,
        attitude, stories and interests are one call, and the taxonomy is our own.
Cost:   2 calls a persona, and one for each batch of at most 40 attributes: some 16 for 200 attributes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

from personae.core.model import Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.sections import Attributes, Identity, Sections, Statement, Statements, Story
from personae.core.seed import derive, digest
from personae.generation import Draft, Effort, Makes, NoDraft, Studio, check_count, generators
from personae.generation._options import from_file
from personae.generation._shapes import list_of, object_of, rows_of, text_needed, texts_in, texts_of
from personae.generation.anchors import Anchored, Tables, own_tables, read_tables
from personae.generation.taxonomy import (
    AttributePath,
    Mix,
    Taxonomy,
    choose,
    in_batches,
    own_taxonomy,
    read_taxonomy,
    written,
)
from personae.llm.offline.steps.deep import FillValues, LiveLife, Narrate
from personae.llm.structured import NotUsable, ask
from personae.stats.vectors import vector

T = TypeVar("T")
SYSTEM = load("personae.generation", "deep")
LIFE, VALUES, NARRATIVE = (load("personae.generation", f"deep_{name}") for name in ("life", "values", "narrative"))
BATCH = 40
LONGEST = 100
"""Characters of one value."""
MOST_MISSING = 0.2
"""A persona that lacks a larger share of its attributes after both tries is none."""
_TRIES = 2
_NO_VALUES = frozenset(
    {
        "",
        "-",
        "n/a",
        "na",
        "none",
        "unknown",
        "not applicable",
        "unspecified",
        "not specified",
        "average",
        "tbd",
        "null",
    }
)

LIFE_SCHEMA = OutputSchema(
    "life",
    object_of({
        "name": {"type": "string"},
        "attitude": {"type": "string"},
        "stories": texts_of(),
        "interests": texts_of(),
    }),
)  # fmt: skip
VALUES_SCHEMA = OutputSchema(
    "attribute_values",
    object_of({"values": list_of(object_of({"number": {"type": "integer"}, "value": {"type": "string"}}))}),
)
NARRATIVE_SCHEMA = OutputSchema(
    "narrative",
    object_of({"narrative": {"type": "string"}, "manner": {"type": "string"}, "traits": texts_of()}),
)


@dataclass(frozen=True, slots=True)
class _Life:
    name: str
    attitude: str
    stories: tuple[str, ...]
    interests: tuple[str, ...]

    @property
    def text(self) -> str:
        stories = "\n\n".join(self.stories)
        return f"Name: {self.name}\nAttitude: {self.attitude}\nInterests: {', '.join(self.interests)}\n\n{stories}"


@generators.method("deep")
@dataclass(frozen=True)
class Deep:
    """Personas with hundreds of attributes: an anchor from tables, a life, values filled step by step, a narrative."""

    makes: ClassVar[Makes] = "persona"

    attributes: int = 200
    """How many attributes each persona has."""
    mix: str = "5:3:2"
    """Shares of attributes near the persona's anchor, in the middle, and far from it."""
    taxonomy: Taxonomy = field(default_factory=own_taxonomy, metadata=from_file(read_taxonomy))
    """File of attributes by path (YAML), as `personae taxonomy build` writes it. Default: the one of personae."""
    anchors: Tables = field(default_factory=own_tables, metadata=from_file(read_tables))
    """File of tables from which age, place, occupation and the like are drawn (YAML). Default: those of personae."""

    def effort(self, n: int) -> Effort:
        batches = -(-self.attributes // BATCH)
        most = len(self.taxonomy.categories) + batches
        known = 12 * self.attributes
        return Effort(
            ((2 + batches) * n, (2 + 2 * most) * n), 1500 + known // 2, 25 * min(BATCH, self.attributes) + 200
        )

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")
        check_count(self.attributes, "attributes")
        mix = Mix.parse(self.mix)
        choose(self.taxonomy, {}, self.attributes, mix, seed)

        async def work(person: Anchored, model: Model) -> list[Draft]:
            return [await self._draft(studio, person, mix, model)]

        async for draft in studio.each(map(self._person, range(1, n + 1), [seed] * n), work):
            yield draft

    def _person(self, number: int, seed: int) -> Anchored:
        own = derive(seed, "deep", number)
        return Anchored(number, own, self.anchors.draw(own))

    async def _draft(self, studio: Studio, person: Anchored, mix: Mix, model: Model) -> Draft:
        life = await _life(model, person)
        about = vector(f"{person.anchor.text} {life.text}")
        chosen = choose(self.taxonomy, about, self.attributes, mix, derive(person.seed, "attributes"))
        values: dict[AttributePath, str] = {}
        for batch in in_batches(chosen, BATCH):
            values |= await _filled(model, person, life, values, batch)
        if (missing := len(chosen) - len(values)) > MOST_MISSING * len(chosen):
            raise NoDraft(f"{missing} of {len(chosen)} attributes got no value, though asked for twice")
        narrative = await _narrative(model, person, life, values)
        provenance = studio.provenance(
            "deep",
            key=person.key,
            seed=person.seed,
            prompts=dict(versions(SYSTEM, LIFE, VALUES, NARRATIVE)),
            source=f"taxonomy {digest(*map(written, self.taxonomy.paths))}",
        )
        return Draft(_persona(person, life, values, narrative), provenance)


def _persona(
    person: Anchored, life: _Life, values: Mapping[AttributePath, str], narrative: tuple[str, str, tuple[str, ...]]
) -> Persona:
    text, manner, traits = narrative
    return Persona(
        name=f"{life.name} #{person.key}",
        description=f"{text}\n\n{manner}",
        traits=traits,
        kind="demographic",
        sections=Sections(
            identity=Identity(facts={"name": life.name, **person.anchor.facts}),
            attributes=Attributes(by_path={written(path): value for path, value in values.items()}),
            story=Story(text="\n\n".join([life.attitude, *life.stories])),
            language=Statements(statements=(Statement(text=manner),)),
        ),
    )


async def _asked(
    model: Model, task: str, schema: OutputSchema, parse: Callable[[Any], T], about: object, most: int
) -> T:
    messages = [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}]
    answer = await ask(
        model, messages, purpose="generator", schema=schema, parse=parse, about=about, max_output_tokens=most
    )
    return answer.value


async def _life(model: Model, person: Anchored) -> _Life:
    def parse(data: Any) -> _Life:
        stories = texts_in(data, "stories")[:3]
        if sum(len(story.split()) for story in stories) < 20:
            raise NotUsable("The `stories` are too short: write one to three, each of 80 to 200 words.")
        name, attitude = text_needed(data, "name"), text_needed(data, "attitude")
        return _Life(name[:60], attitude, stories, texts_in(data, "interests")[:8])

    task = LIFE.render(anchor=person.anchor.lines)
    return await _asked(model, task, LIFE_SCHEMA, parse, LiveLife(person.anchor.facts, person.seed), 2000)


async def _filled(
    model: Model, person: Anchored, life: _Life, known: Mapping[AttributePath, str], batch: Sequence[AttributePath]
) -> dict[AttributePath, str]:
    """Values for the batch. What an answer leaves out is asked for once more; what is missing then stays so."""
    found: dict[AttributePath, str] = {}
    for _ in range(_TRIES):
        left = [path for path in batch if path not in found]
        if not left:
            break
        task = VALUES.render(
            anchor=person.anchor.lines,
            life=life.text,
            known=_lines({**known, **found}),
            asked="\n".join(f"{number}. {written(path)}" for number, path in enumerate(left, 1)),
            longest=str(LONGEST),
        )
        step = FillValues(tuple(map(written, left)), person.anchor.facts, derive(person.seed, written(left[0])))
        parse = partial(_values, asked=left)
        found |= await _asked(model, task, VALUES_SCHEMA, parse, step, 300 + 40 * len(left))
    return {path: found[path] for path in batch if path in found}


def _values(data: Any, asked: Sequence[AttributePath]) -> dict[AttributePath, str]:
    """The usable values by path, each number's first; numbers that were not asked for are left out.

    NotUsable where there is none, and where most of them say the same.
    """
    found: dict[AttributePath, str] = {}
    for row in rows_of(data, "values"):
        number, value = row.get("number"), row.get("value")
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(asked):
            continue
        text = " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
        if text.casefold().strip(" .") not in _NO_VALUES and len(text) <= 2 * LONGEST:
            found.setdefault(asked[number - 1], text)
    if not found:
        raise NotUsable(f"None of its values can be used: give each number from 1 to {len(asked)} a short text.")
    texts = list(found.values())
    often = max(texts, key=texts.count)
    if len(texts) >= 8 and texts.count(often) > len(texts) / 2:
        raise NotUsable(f"It says {often!r} of most of them: each needs a value of its own.")
    return found


async def _narrative(
    model: Model, person: Anchored, life: _Life, values: Mapping[AttributePath, str]
) -> tuple[str, str, tuple[str, ...]]:
    def parse(data: Any) -> tuple[str, str, tuple[str, ...]]:
        text, manner = text_needed(data, "narrative"), text_needed(data, "manner")
        if len(text.split()) < 40:
            raise NotUsable("The `narrative` is too short: it must have 150 to 400 words.")
        return text, manner, texts_in(data, "traits")[:5]

    task = NARRATIVE.render(anchor=person.anchor.lines, life=life.text, known=_lines(values))
    step = Narrate(life.name, person.anchor.facts, {written(path): text for path, text in values.items()}, person.seed)
    return await _asked(model, task, NARRATIVE_SCHEMA, parse, step, 1500)


def _lines(values: Mapping[AttributePath, str]) -> str:
    return "\n".join(f"{written(path)}: {value}" for path, value in values.items())
