"""The history of a persona on the wire: its versions, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from personae.core.persona import Behaviour, KnownFact
from personae.core.persona import Persona as PersonaRecord
from personae.core.text_diff import text_diff
from personae.server.schemas.persona import Note
from personae.store.columns import Record

MAX_VERSION = 2**31 - 1


class PersonaVersion(BaseModel):
    """What the persona was from this version until the next."""

    persona_id: int
    version: int
    name: str
    description: str
    domain_knowledge: str
    traits: list[str]
    attributes: dict[str, Any]
    behaviours: list[Behaviour]
    facts: list[KnownFact]
    goal: str
    success_criteria: str
    author: str
    """Who wrote it."""
    note: str
    """Why."""
    created_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.personas.versions`."""
        kept = {name: row[name] for name in ("persona_id", "version", "author", "note", "created_at")}
        return cls(**kept, **fields_of(row["record"]))


class Restore(BaseModel):
    """Which version to take back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"version": 2}})

    version: int = Field(ge=1, le=MAX_VERSION)
    note: Note = ""
    """Blank: that it restores that version."""


class Piece(BaseModel):
    """A part of a text that stayed, went or came."""

    kind: Literal["same", "removed", "added"]
    text: str


class FieldChange(BaseModel):
    """One field that differs. Attributes are told one by one, as `attributes.NAME`."""

    field: str
    before: Any
    """Null for an attribute that was not there."""
    after: Any
    pieces: list[Piece] | None = None
    """For texts: `same` and `removed` ones make the text before, `same` and `added` ones the text after."""


class PersonaDiff(BaseModel):
    """What changed from one version to another."""

    model_config = ConfigDict(populate_by_name=True)

    persona_id: int
    from_version: int = Field(serialization_alias="from")
    to_version: int = Field(serialization_alias="to")
    changes: list[FieldChange]


def fields_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a persona, those that were left at their default too."""
    return PersonaRecord.model_validate(record).model_dump(mode="json")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    """Field by field what differs between two records."""
    old, new = fields_of(before), fields_of(after)
    for name in old:
        if name == "attributes":
            yield from _attributes(old[name], new[name])
        elif old[name] != new[name]:
            yield _change(name, old[name], new[name])


def _attributes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in {**old, **new}:
        if (name in old) != (name in new) or old[name] != new[name]:
            yield _change(f"attributes.{name}", old.get(name), new.get(name))


def _change(field: str, before: Any, after: Any) -> FieldChange:
    if not (isinstance(before, str) and isinstance(after, str)):
        return FieldChange(field=field, before=before, after=after)
    pieces = [Piece(kind=piece.kind, text=piece.text) for piece in text_diff(before, after)]
    return FieldChange(field=field, before=before, after=after, pieces=pieces)
