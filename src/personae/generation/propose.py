"""Propose: personas from a product's description.

Source: seeds/003 ("Personas": a diverse set with one call, at least one of them adversarial)
Idea:   ask once for all of them; check count, names, fields and the adversarial one; ask again for what is missing.
Cost:   one call, and one repair call where the first answer falls short.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.persona import ADVERSARIAL, Persona
from personae.core.prompt import load, versions
from personae.core.seed import digest
from personae.core.tasks import Propose as Task
from personae.core.text import shown
from personae.errors import InputError, ProviderError
from personae.generation import Draft, Effort, Makes, Studio, check_count, generators
from personae.generation._options import from_file, text_of
from personae.llm.structured import NotUsable, ask
from personae.llm.tokens import estimate

SYSTEM = load("personae.generation", "propose")
TASK = load("personae.generation", "propose_task")
MOST_TEXT = 60_000
"""Characters of the description that the model is shown."""

_TEXT = {"type": "string"}
_FIELDS = {
    "name": _TEXT,
    "profile": _TEXT,
    "goal": _TEXT,
    "success_criteria": _TEXT,
    "traits": {"type": "array", "items": _TEXT},
}
SCHEMA = OutputSchema(
    "personas",
    {
        "type": "object",
        "properties": {
            "personas": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": _FIELDS,
                    "required": list(_FIELDS),
                    "additionalProperties": False,
                },
            }
        },
        "required": ["personas"],
        "additionalProperties": False,
    },
)


@generators.method("propose")
@dataclass(frozen=True)
class Propose:
    """Personas for one product, all by one call: different from each other, one of them adversarial."""

    makes: ClassVar[Makes] = "persona"

    context: str = field(metadata=from_file(text_of("product's description")))
    """File that describes the product: what it is and does."""

    def effort(self, n: int) -> Effort:
        return Effort((1, 2), 500 + estimate(self.context[:MOST_TEXT]), 200 * n)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        if not self.context.strip():
            raise InputError("the product's description is empty", field="context")
        check_count(n, "personas")
        found = {draft.persona.name: draft.persona for draft in studio.found.values()}
        for draft in tuple(studio.found.values()):
            yield draft
        known = frozenset(found)
        for _ in range(2):
            if not _lacks(found, n):
                break
            await self._ask(studio.model, found, known, n, seed)
        if lacking := _lacks(found, n):
            raise ProviderError(
                f"{studio.model.name} was asked twice for {n} personas, and {lacking}: ask for fewer, or take another "
                "model"
            )
        for name, persona in found.items():
            if name not in known:
                yield Draft(
                    persona,
                    studio.provenance(
                        "propose",
                        key=name,
                        seed=seed,
                        prompts=dict(versions(SYSTEM, TASK)),
                        source=digest(self.context),
                    ),
                )

    async def _ask(self, model: Model, found: dict[str, Persona], known: Set[str], n: int, seed: int) -> None:
        """One call for what is still missing; usable personas go into `found`. Those `known` are there to stay."""
        adversarial = not any(persona.is_adversarial for persona in found.values())
        if len(found) >= n and adversarial and list(found)[-1] not in known:  # full, but all are kind: one makes room
            found.popitem()
        missing = n - len(found)
        asked = "At least one of them must have the trait `adversarial`." if adversarial else ""
        task = TASK.render(
            n=str(missing),
            taken="\n".join(f"- {name}" for name in found),
            missing=asked,
            seed=str(seed),
            text=shown(self.context, MOST_TEXT),
        )
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=SCHEMA,
            parse=_personas,
            about=Task(self.context, missing, seed, tuple(found), adversarial),
            max_output_tokens=min(16_000, 500 + 400 * missing),
        )
        candidates = [persona for persona in parsed.value if persona.name not in found]
        candidates.sort(key=lambda persona: not (adversarial and persona.is_adversarial))
        for persona in candidates[:missing]:
            found.setdefault(persona.name, persona)


def _lacks(found: Mapping[str, Persona], n: int) -> str:
    if len(found) < n:
        return f"only {len(found)} of what it proposed can be used"
    if not any(persona.is_adversarial for persona in found.values()):
        return f"none of those it proposed is {ADVERSARIAL}"
    return ""


def _personas(data: Any) -> list[Persona]:
    """The usable personas in an answer, each name once. NotUsable where there is none."""
    rows = data.get("personas") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotUsable("It must be a JSON object with the list `personas`.")
    personas: dict[str, Persona] = {}
    problem = "the list is empty"
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        known = {name: row[name] for name in _FIELDS if name in row}
        try:
            persona = Persona.model_validate(known)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            continue
        if persona.goal.strip() and persona.success_criteria.strip():
            personas.setdefault(persona.name, persona)
        else:
            problem = "`goal` or `success_criteria` is blank"
    if not personas:
        raise NotUsable(f"None of its personas can be used: {problem}.")
    return list(personas.values())
