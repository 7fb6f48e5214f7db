"""Rows: one more test case for a prompt.

Source: the elluminate SDK's `generate_variables`
Idea:   the model sees the prompt, the columns to fill, and the cases that there are, so that the next one differs.
Cost:   one call, and one more where the answer cannot be used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load
from personae.core.tasks import WriteRow
from personae.core.text import shown
from personae.generation.authoring import as_text
from personae.llm.structured import NotUsable, ask

SYSTEM = load("personae.generation.authoring", "rows")
TASK = load("personae.generation.authoring", "rows_task")
MOST_KNOWN, MOST_KNOWN_TEXT = 30, 12_000
"""Cases that the model is shown, and characters of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to fill."""

    name: str
    choices: tuple[str, ...] = ()
    """What there is to choose from; empty: any text."""
    is_goal: bool = False
    """It holds what a simulated user wants."""


async def write_row(
    model: Model,
    messages: Sequence[Mapping[str, Any]],
    columns: Sequence[Wanted],
    known: Sequence[Mapping[str, Any]],
    count: int,
) -> dict[str, str]:
    """A value for each of `columns`. `known` are the latest of the `count` cases there are. Raises ProviderError."""
    text = as_text(messages)
    cases = "\n".join(f"- {json.dumps(case, ensure_ascii=False)}" for case in known[-MOST_KNOWN:])
    task = TASK.render(columns="\n".join(map(_described, columns)), known=shown(cases, MOST_KNOWN_TEXT), text=text)
    goal = next((column.name for column in columns if column.is_goal), "")
    choices = {column.name: column.choices for column in columns if column.choices}
    parsed = await ask(
        model,
        [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
        purpose="generator",
        schema=_schema(columns),
        parse=lambda data: _values(data, columns),
        about=WriteRow(text, tuple(column.name for column in columns), choices, goal, count),
        max_output_tokens=4_000,
    )
    return parsed.value


def _described(column: Wanted) -> str:
    if column.choices:
        return f"- {column.name} (one of: {', '.join(column.choices)})"
    return f"- {column.name}" + (" (what the user wants to reach, with the details at hand)" if column.is_goal else "")


def _schema(columns: Sequence[Wanted]) -> OutputSchema:
    fields = {
        column.name: {"type": "string", "enum": list(column.choices)} if column.choices else {"type": "string"}
        for column in columns
    }
    values = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return OutputSchema(
        "test_case",
        {"type": "object", "properties": {"values": values}, "required": ["values"], "additionalProperties": False},
    )


def _values(data: Any, columns: Sequence[Wanted]) -> dict[str, str]:
    given = data.get("values") if isinstance(data, Mapping) else None
    if not isinstance(given, Mapping):
        raise NotUsable("It must be a JSON object with the object `values`.")
    values: dict[str, str] = {}
    for column in columns:
        value = given.get(column.name)
        if not isinstance(value, str) or not value.strip():
            raise NotUsable(f"`values` needs a text for {column.name!r}.")
        if column.choices and value not in column.choices:
            raise NotUsable(f"{column.name!r} must be one of: {', '.join(column.choices)}.")
        values[column.name] = value
    return values
