"""Topics: what users of a company will come with, with example users, for people to edit.

Source: seeds/002 (topics and user profiles proposed from a company profile)
Idea:   ask once for all of them; keep each topic once, with its complete examples; ask again for what is missing.
Cost:   one call, and one more where the first gives too few or cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load
from personae.core.query import Example, Topic
from personae.core.text import shown
from personae.errors import InputError, ProviderError
from personae.llm.offline.steps.write_topics import WriteTopics
from personae.llm.structured import NotUsable, ask

SYSTEM = load("personae.generation.authoring", "topics")
TASK = load("personae.generation.authoring", "topics_task")
MOST_TEXT = 60_000
"""Characters of the company's description that the model is shown."""

_TEXT = {"type": "string"}
_EXAMPLE = dict.fromkeys(("example_type", "example_background", "example_query"), _TEXT)
TOPIC_SHAPE = {"topic": _TEXT} | {
    "example_types": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": _EXAMPLE,
            "required": list(_EXAMPLE),
            "additionalProperties": False,
        },
    }
}
SCHEMA = OutputSchema(
    "topics",
    {
        "type": "object",
        "properties": {
            "topics": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": TOPIC_SHAPE,
                    "required": list(TOPIC_SHAPE),
                    "additionalProperties": False,
                },
            }
        },
        "required": ["topics"],
        "additionalProperties": False,
    },
)


async def write_topics(model: Model, context: str, n: int, seed: int = 0) -> list[Topic]:
    """Exactly `n` topics for the company that `context` describes. Raises InputError and ProviderError."""
    if not context.strip():
        raise InputError("the company profile is empty: say what the company and its product are", field="context")
    if n < 1:
        raise InputError(f"the number of topics must be 1 or more, not {n}")
    found: dict[str, Topic] = {}
    for _ in range(2):
        if (missing := n - len(found)) <= 0:
            break
        taken = f"\n\nTopics that are there already: {', '.join(one.topic for one in found.values())}" if found else ""
        parsed = await ask(
            model,
            [
                {"role": "system", "content": SYSTEM.render()},
                {"role": "user", "content": TASK.render(n=str(missing), context=shown(context, MOST_TEXT)) + taken},
            ],
            purpose="generator",
            schema=SCHEMA,
            parse=topics_in,
            about=WriteTopics(context, missing, tuple(one.topic for one in found.values()), seed),
            max_output_tokens=min(16_000, 500 + 300 * missing),
        )
        for topic in parsed.value:
            found.setdefault(topic.topic.casefold(), topic)
    if len(found) < n:
        raise ProviderError(f"{model.name} was asked twice for {n} topics and gave {len(found)}: ask for fewer")
    return list(found.values())[:n]


def topics_in(data: Any, name: str = "topics") -> list[Topic]:
    """The usable topics in an answer, with their complete examples. Raises NotUsable where there is none."""
    rows = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotUsable(f"It must be a JSON object with the list `{name}`.")
    topics = [topic for row in rows if (topic := topic_of(row)) is not None]
    if not topics:
        raise NotUsable("It holds no topic with a name and a complete example.")
    return topics


def topic_of(row: Any) -> Topic | None:
    """The topic of one row, with those of its examples that are complete; None where nothing can be used."""
    if not isinstance(row, Mapping) or not isinstance(row.get("example_types"), list):
        return None
    examples = []
    for example in row["example_types"]:
        try:
            examples.append(Example.model_validate(example))
        except ValidationError:
            continue
    try:
        return Topic(topic=row.get("topic") or "", example_types=tuple(examples))
    except ValidationError:
        return None
