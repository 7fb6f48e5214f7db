"""What was said in responses, to be searched: the different words of each, without its transcript.

A conversation of 16 messages has some two hundred different words, a tenth of what is stored of it, so a search among
ten thousand of them reads a few megabytes. It asks for words or parts of words, not for phrases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, storable
from personae.store.engine import place_in
from personae.store.tables import response_words, responses

_BLANK: ColumnElement[str] = literal_column("''")
"""As the index of responses with a note has it."""


def words(result: Mapping[str, Any], error: str | None) -> str:
    """The different words of a result's transcript and of its error, in their first order and in one case."""
    said = [turn.get("content") or "" for turn in result.get("transcript") or ()]
    return " ".join(dict.fromkeys(" ".join(map(str, (*said, error or ""))).casefold().split()))


async def keep(connection: AsyncConnection, rows: Sequence[Record], ids: Mapping[str, int]) -> None:
    """Those of new responses; `ids` by key, of the rows that are new."""
    made = [
        {"response_id": ids[row["key"]], "words": words(row["result"], row["error"])}
        for row in rows
        if row["key"] in ids
    ]
    if made:
        await connection.execute(response_words.insert(), made)


def has(text: str, experiment_id: int | None) -> ColumnElement[bool]:
    """Whether a response has every word of `text`, whole or in part: in what was said or failed, or in its note.

    Notes are few. They are looked through by themselves, or else all responses would be read for them; and where it is
    known, of the `experiment_id` alone.
    """
    parts = [storable(part) for part in text.casefold().split()]
    c = response_words.c
    said = exists().where(c.response_id == responses.c.id, *(place_in(c.words, part) > 0 for part in parts))
    other = responses.alias()
    note = other.c.annotation
    asked = [note != _BLANK, *(place_in(func.lower(note), func.lower(part)) > 0 for part in parts)]
    if experiment_id is not None:
        asked.append(other.c.experiment_id == experiment_id)
    return or_(said, responses.c.id.in_(select(other.c.id).where(*asked)))
