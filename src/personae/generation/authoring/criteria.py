"""Criteria: yes/no questions for the answers to a prompt.

Source: seeds/000 (criterion sets), and the elluminate SDK's `generate_criteria`
Idea:   ask once for all of them, drawn from what the prompt demands; drop what is doubled or blank.
Cost:   one call, and one more where the answer cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load
from personae.core.rating import Criterion
from personae.core.tasks import WriteCriteria
from personae.core.template import placeholders
from personae.generation.authoring import as_text
from personae.llm.structured import NotUsable, ask

SYSTEM = load("personae.generation.authoring", "criteria")
TASK = load("personae.generation.authoring", "criteria_task")
MOST = 12
"""Criteria of one answer that are kept."""

_TEXT = {"type": "string"}
SCHEMA = OutputSchema(
    "criteria",
    {
        "type": "object",
        "properties": {
            "criteria": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"label": _TEXT, "question": _TEXT},
                    "required": ["label", "question"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["criteria"],
        "additionalProperties": False,
    },
)


async def write_criteria(model: Model, messages: Sequence[Mapping[str, Any]]) -> list[Criterion]:
    """Criteria for the answers to a prompt of these chat messages. Raises ProviderError."""
    text = as_text(messages)
    names = placeholders(text)
    task = TASK.render(placeholders="\n".join(f"- {name}" for name in names), text=text)
    parsed = await ask(
        model,
        [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
        purpose="generator",
        schema=SCHEMA,
        parse=_criteria,
        about=WriteCriteria(text, names),
        max_output_tokens=3_000,
    )
    return parsed.value


def _criteria(data: Any) -> list[Criterion]:
    rows = data.get("criteria") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotUsable("It must be a JSON object with the list `criteria`.")
    found: dict[str, Criterion] = {}
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        try:
            criterion = Criterion(question=row.get("question", ""), name=row.get("label") or "")
        except ValidationError:
            continue
        found.setdefault(criterion.question.casefold(), criterion)
    if not found:
        raise NotUsable("It holds no criterion with a `question`.")
    return list(found.values())[:MOST]
