"""Conversations that run at this moment, with what was said so far: read from the journal of their turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from personae.core.text import shown
from personae.experiments.recorders import NOTHING, SoFar
from personae.experiments.recorders.journal import followed
from personae.server.experiments.places import named_rows, persona_names, who
from personae.server.experiments.watching import MOST_SHOWN
from personae.store import turns
from personae.store.columns import Record
from personae.store.engine import Connection


async def under_way(
    connection: Connection, experiment: Record, *, besides: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """Some that run, those that began last first; none with a key of `besides`."""
    found = await turns.under_way(connection, experiment["id"], limit=limit + len(besides))
    found = [one for one in found if one["key"] not in besides][:limit]
    so_far: dict[str, SoFar] = defaultdict(lambda: NOTHING)
    last: dict[str, int] = {}
    for row in await turns.of_keys(connection, experiment["id"], [one["key"] for one in found]):
        so_far[row["key"]] = followed(so_far[row["key"]], orjson.loads(row["entry"]))
        last[row["key"]] = row["id"]
    rows = await named_rows(connection, experiment, {one["row_id"] for one in found})
    names = persona_names(experiment["snapshot"])
    return [
        {
            "key": one["key"],
            "persona": who(names, one["persona_id"]),
            "row": rows.get(one["row_id"]),
            "epoch": one["epoch"],
            "last_turn_id": last.get(one["key"], 0),
            "turns": [
                {"role": turn.role, "content": shown(turn.content, MOST_SHOWN)} for turn in so_far[one["key"]].turns
            ],
        }
        for one in found
    ]


def error_classes(found: Sequence[Record]) -> list[dict[str, Any]]:
    """Errors that begin alike as one, the most frequent first: `termination`, `text`, `count`."""
    classes: dict[tuple[str, str], int] = defaultdict(int)
    for one in found:
        first = one["error"].strip().split("\n", 1)[0]
        classes[one["termination"] or "", first[:_ALIKE]] += one["count"]
    ordered = sorted(classes.items(), key=lambda item: (-item[1], item[0]))
    return [{"termination": name, "text": text, "count": count} for (name, text), count in ordered]


_ALIKE = 80
"""Characters of an error's first line that say what kind it is."""
