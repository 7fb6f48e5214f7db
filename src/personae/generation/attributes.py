"""Attributes: what one would have to know of people to answer them well, mined from questions that people asked.

Source: DeepPersona, arXiv 2511.07338 (taxonomy, first two steps)
Idea:   per question and answer, a model says whether a good answer depends on who asks, and on what about them, as
        paths. `personae taxonomy build` then merges the paths, without a model.
Cost:   one call a pair.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

from personae.core.attribute import Depends, Mined
from personae.core.model import Model, OutputSchema
from personae.core.prompt import load, versions
from personae.core.text import shown
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, Studio, check_count, generators
from personae.generation._options import from_file
from personae.generation._shapes import object_of, text_in, texts_in, texts_of
from personae.generation.taxonomy import Taxonomy, own_taxonomy, read_taxonomy, written
from personae.generation.taxonomy.merge import parts_of
from personae.llm.offline.steps.attributes import Mine
from personae.llm.structured import NotUsable, ask
from personae.sources import read_objects

SYSTEM, TASK = load("personae.generation", "attributes"), load("personae.generation", "attributes_task")
DEPENDS: tuple[Depends, ...] = get_args(Depends)
MOST_SHOWN = 4_000
MOST_PATHS = 8
SCHEMA = OutputSchema(
    "attributes", object_of({"depends": {"type": "string", "enum": list(DEPENDS)}, "paths": texts_of()})
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One question, and how it was answered."""

    line: int
    question: str
    reply: str

    @property
    def key(self) -> str:
        return str(self.line)


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Pairs from a JSONL file of objects with `question` and `answer`. Raises InputError with line and field."""
    pairs = []
    for line, row in read_objects(path):
        if not (question := text_in(row, "question")):
            raise InputError("needs a text", file=path, line=line, field="question")
        pairs.append(Pair(line, question, text_in(row, "answer")))
    if not pairs:
        raise InputError("is empty: each line must hold a question and its answer", file=path)
    return tuple(pairs)


@generators.method("attributes")
@dataclass(frozen=True)
class AttributesMethod:
    """Attributes of people on which good answers depend, mined from questions and answers, for a taxonomy."""

    makes: ClassVar[Makes] = "attribute"

    pairs: tuple[Pair, ...] = field(metadata=from_file(read_pairs))
    """File of questions and answers (JSONL, an object with `question` and `answer` a line); the first -n are read."""
    taxonomy: Taxonomy = field(default_factory=own_taxonomy, metadata=from_file(read_taxonomy))
    """File of a taxonomy whose categories are to be used (YAML). Default: the one of personae."""

    def effort(self, n: int) -> Effort:
        return Effort((n, 2 * n), 1500, 150)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:  # noqa: ARG002 - nothing is drawn
        check_count(n, "pairs")
        if n > len(self.pairs):
            raise InputError(f"there are {len(self.pairs)} questions: ask for -n {len(self.pairs)} or fewer")
        categories = self.taxonomy.categories

        async def work(pair: Pair, model: Model) -> list[Draft]:
            depends, paths = await _mined(model, pair, categories)
            provenance = studio.provenance(
                "attributes", key=pair.key, prompts=dict(versions(SYSTEM, TASK)), source=f"line {pair.line}"
            )
            return [Draft(Mined(question=shown(pair.question, 500), depends=depends, paths=paths), provenance)]

        async for draft in studio.each(self.pairs[:n], work):
            yield draft


async def _mined(model: Model, pair: Pair, categories: tuple[str, ...]) -> tuple[Depends, tuple[str, ...]]:
    def parse(data: Any) -> tuple[Depends, tuple[str, ...]]:
        said = text_in(data, "depends").lower()
        depends = next((one for one in DEPENDS if one == said), None)
        if depends is None:
            raise NotUsable(f"`depends` must be one of: {', '.join(DEPENDS)}.")
        if depends == "no":
            return "no", ()
        found = [parts for text in texts_in(data, "paths") if (parts := parts_of(text, categories))]
        if not found:
            raise NotUsable("None of its `paths` begins with one of the categories and names an attribute below it.")
        return depends, tuple(written(parts) for parts in found[:MOST_PATHS])

    task = TASK.render(
        categories="\n".join(f"- {name}" for name in categories),
        question=shown(pair.question, MOST_SHOWN),
        reply=shown(pair.reply, MOST_SHOWN),
    )
    messages = [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}]
    about = Mine(pair.question, categories)
    parsed = await ask(
        model, messages, purpose="generator", schema=SCHEMA, parse=parse, about=about, max_output_tokens=600
    )
    return parsed.value
