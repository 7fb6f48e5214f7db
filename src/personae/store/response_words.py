"""What was said in responses, to be searched: the different words of each, without its transcript.

A conversation of 16 messages has some two hundred different words, a tenth of what is stored of it, so a search among
ten thousand of them reads a few megabytes. It asks for words or parts of words, not for phrases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, storable
from personae.store.engine import place_in
from personae.store.tables import response_words, responses


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


def has(text: str) -> ColumnElement[bool]:
    """Whether a response has every word of `text`, whole or in part: in what was said or failed, or in its note."""
    parts = [storable(part) for part in text.casefold().split()]
    c = response_words.c
    said = exists().where(c.response_id == responses.c.id, *(place_in(c.words, part) > 0 for part in parts))
    note = responses.c.annotation
    noted = and_(note != "", *(place_in(func.lower(note), func.lower(part)) > 0 for part in parts))
    return or_(said, noted)
