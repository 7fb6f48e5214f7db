"""Refine: what to change in topics and guidance, by the reasons for which people rejected queries.

Source: seeds/002 (review and refine: the process loops back to earlier steps)
Idea:   the model sees both, the reasons with their counts, and examples of what was rejected and accepted; it gives the
        topics that change and the whole guidance. What it gives is a proposal: people look at the difference.
Cost:   one call, and one more where the answer cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load
from personae.core.query import Topic
from personae.core.text import shown
from personae.errors import InputError
from personae.generation.authoring.topics import TOPIC_SHAPE, topic_of
from personae.generation.review import Reviewed, reasons
from personae.llm.offline.steps.refine_topics import RefineTopics
from personae.llm.structured import NotUsable, ask
from personae.sources._topics import text_of_topics

SYSTEM = load("personae.generation.authoring", "refine")
TASK = load("personae.generation.authoring", "refine_task")
MOST_REJECTED, MOST_ACCEPTED = 60, 15
"""Queries that the model is shown."""
MOST_TEXT = 40_000

_TEXT = {"type": "string"}
_CHANGED = {"replaces": _TEXT} | TOPIC_SHAPE
_FIELDS = {
    "why": _TEXT,
    "changed": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": _CHANGED,
            "required": list(_CHANGED),
            "additionalProperties": False,
        },
    },
    "removed": {"type": "array", "items": _TEXT},
    "guidance": _TEXT,
}
SCHEMA = OutputSchema(
    "refinement", {"type": "object", "properties": _FIELDS, "required": list(_FIELDS), "additionalProperties": False}
)


@dataclass(frozen=True, slots=True)
class Refinement:
    """What is proposed, as it would be."""

    why: str
    topics: tuple[Topic, ...]
    guidance: str


async def refine(
    model: Model, context: str, topics: Sequence[Topic], guidance: str, found: Sequence[Reviewed]
) -> Refinement:
    """What to change. Raises InputError where nothing was rejected, and ProviderError."""
    rejected = [one for one in found if one.state == "rejected"]
    if not rejected:
        raise InputError("no query is rejected, so there is nothing to learn from: `personae review` first")
    accepted = [one.final for one in found if one.state == "accepted"]
    why = reasons(found)
    told = [
        f"- [{one.query.topic or 'no topic'}] {shown(one.query.query, 600)} ({_reason(one)})"
        for one in rejected[:MOST_REJECTED]
    ]
    task = TASK.render(
        topics=shown(text_of_topics(topics), MOST_TEXT),
        guidance=guidance,
        reasons="\n".join(f"- {reason}: {count}" for reason, count in why.most_common()),
        rejected="\n".join(told),
        accepted="\n".join(
            f"- [{one.topic or 'no topic'}] {shown(one.query, 600)}" for one in accepted[:MOST_ACCEPTED]
        ),
        context=shown(context, MOST_TEXT),
    )
    worst = tuple(dict.fromkeys(one.query.topic for one in rejected if one.query.topic))
    parsed = await ask(
        model,
        [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
        purpose="generator",
        schema=SCHEMA,
        parse=lambda data: _refinement(data, topics),
        about=RefineTopics(context, tuple(topics), guidance, tuple(why), worst),
        max_output_tokens=8_000,
    )
    return parsed.value


def _reason(one: Reviewed) -> str:
    return next((decision.reason for decision in one.decisions if decision.reason), "no reason given")


def _refinement(data: Any, topics: Sequence[Topic]) -> Refinement:
    """The topics after the change, in their order, new ones at the end. Raises NotUsable."""
    if not isinstance(data, Mapping) or not isinstance(data.get("changed"), list):
        raise NotUsable("It must be a JSON object with the list `changed`.")
    now = {topic.topic.casefold(): topic for topic in topics}
    removed = {str(name).strip().casefold() for name in data.get("removed") or ()}
    after = {name: topic for name, topic in now.items() if name not in removed}
    for row in data["changed"]:
        topic = topic_of({name: value for name, value in row.items() if name != "replaces"} if row else None)
        if topic is None:
            raise NotUsable("Each of `changed` needs a topic and complete examples.")
        replaced = str(row.get("replaces") or topic.topic).strip().casefold()
        if row.get("replaces") and replaced not in now:
            raise NotUsable(f"`replaces` names {row['replaces']!r}, which is no topic.")
        after[replaced if replaced in now else topic.topic.casefold()] = topic
    if not after:
        raise NotUsable("No topic would be left.")
    names = [topic.topic.casefold() for topic in after.values()]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise NotUsable(f"Two topics would be called {twice!r}.")
    return Refinement(str(data.get("why") or ""), tuple(after.values()), str(data.get("guidance") or "").strip())
