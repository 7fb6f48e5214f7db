"""Files of personas on the wire: which formats there are, and what became of an imported one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ValidationError

from personae.core.persona import Persona as PersonaRecord
from personae.server.schemas.persona import PersonaIn


class Format(StrEnum):
    """The file formats of `personae simulate`."""

    JSONL = "jsonl"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return {
            Format.JSONL: "application/jsonl",
            Format.JSON: "application/json",
            Format.YAML: "application/yaml",
            Format.CSV: "text/csv",
        }[self]


class Imported(BaseModel):
    """One persona of the file."""

    name: str
    persona_id: int
    version: int
    outcome: Literal["created", "version", "unchanged"]
    """Is new; has a new version; was just so already."""


class ImportedPersonas(BaseModel):
    """What became of a file, in its order."""

    created: int
    versions: int
    """How many that were there have a new version."""
    unchanged: int
    items: list[Imported]


def beyond_limits(persona: PersonaRecord) -> Iterator[tuple[str, str]]:
    """What the server does not take though the engine does: fields that are too long. Field and problem."""
    try:
        PersonaIn.model_validate(persona.model_dump(mode="json"))
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            yield ".".join(map(str, one["loc"])), str(one["msg"])
