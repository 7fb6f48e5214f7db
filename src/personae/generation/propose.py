"""Propose: personas from a product's description.

Source: seeds/003 ("Personas": a diverse set with one call, at least one of them adversarial)
Idea:   ask once for all of them; check count, names, fields and the adversarial one; ask again for what is missing.
Cost:   one call, and one repair call where the first answer falls short.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.persona import ADVERSARIAL, Persona
from personae.core.prompt import load
from personae.core.tasks import Propose as Task
from personae.core.text import shown
from personae.errors import InputError, ProviderError
from personae.generation import Draft, generators
from personae.llm.structured import NotUsable, ask

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
    """Personas for one product."""

    text: str
    """What the product is and does."""

    async def generate(self, model: Model, n: int, seed: int) -> AsyncIterator[Draft]:
        if not self.text.strip():
            raise InputError("the product's description is empty")
        if n < 1:
            raise InputError(f"the number of personas must be 1 or more, not {n}")
        found: dict[str, Persona] = {}
        for _ in range(2):
            if not _lacks(found, n):
                break
            await self._ask(model, found, n, seed)
        if lacking := _lacks(found, n):
            raise ProviderError(
                f"{model.name} was asked twice for {n} personas, and {lacking}: ask for fewer, or take another model"
            )
        source = {"method": "propose", "model": model.name, "seed": seed, "prompt": SYSTEM.version_hash}
        for persona in found.values():
            yield Draft(persona, source)

    async def _ask(self, model: Model, found: dict[str, Persona], n: int, seed: int) -> None:
        """One call for what is still missing; usable personas go into `found`."""
        adversarial = not any(persona.is_adversarial for persona in found.values())
        if len(found) >= n and adversarial:  # full, but all are kind: one makes room
            found.popitem()
        missing = n - len(found)
        asked = "At least one of them must have the trait `adversarial`." if adversarial else ""
        task = TASK.render(
            n=str(missing),
            taken="\n".join(f"- {name}" for name in found),
            missing=asked,
            seed=str(seed),
            text=shown(self.text, MOST_TEXT),
        )
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=SCHEMA,
            parse=_personas,
            about=Task(self.text, missing, seed, tuple(found), adversarial),
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
