"""Which drafts somebody should look at first, and which are like one. By rules, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from personae.core.persona import Persona
from personae.core.query import Query, Topic
from personae.generation.quality.flags import Flag, flags, persona_flags
from personae.stats.similarity import NoveltyGate
from personae.store.columns import Record

MOST_SIMILAR = 5
MOST_BITS, LEAST_SHARED = 20, 0.1
"""From when on a draft counts as like another."""


class Similar(NamedTuple):
    """A draft that is like another."""

    row: Record
    shared: float
    """Share of the words and pairs of words of both that they have in common, 0 to 1."""


def flagged(rows: Sequence[Record], makes: str, topics: Iterable[Topic]) -> dict[int, list[dict[str, Any]]]:
    """By the id of each draft, its flags: `reason`, `detail`, and the id of the `other` where it is nearly a copy."""
    if makes == "query":
        queries = {Query.model_validate(row["record"]).key: row for row in rows}
        found = flags([Query.model_validate(row["record"]) for row in rows], topics)
        ids = {key: row["id"] for key, row in queries.items()}
    else:
        ids = {row["key"]: row["id"] for row in rows}
        found = persona_flags((row["key"], Persona.model_validate(row["record"])) for row in rows)
    return {id_: [_flag(one, ids) for one in found.get(key, ())] for key, id_ in ids.items()}


def _flag(flag: Flag, ids: dict[str, int]) -> dict[str, Any]:
    return {"reason": flag.reason, "detail": flag.detail, "other_id": ids.get(flag.other)}


def similar(rows: Iterable[Record], draft_id: int) -> list[Similar]:
    """The drafts that share most words with this one, at most five."""
    known = {str(row["id"]): row for row in rows}
    gate = NoveltyGate(most_bits=MOST_BITS, least_shared=LEAST_SHARED)
    for key, row in known.items():
        if row["id"] != draft_id:
            gate.add(key, text_of(row["record"]))
    near = sorted(gate.near(text_of(known[str(draft_id)]["record"])), key=lambda one: -one.shared)
    return [Similar(known[one.key], one.shared) for one in near[:MOST_SIMILAR]]


def text_of(record: Record) -> str:
    """What a draft is compared by: the query, or the persona's description."""
    return str(record.get("query") or record.get("description") or "")
