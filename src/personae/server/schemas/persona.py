"""Personas on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from personae.core.persona import Behaviour, KnownFact
from personae.core.persona import Persona as PersonaRecord
from personae.core.sections import PersonaKind, Provenance, Sections
from personae.core.template import placeholders
from personae.core.text import whole_values
from personae.sources import Row
from personae.sources._values import check_values
from personae.store.columns import Record

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]
Text = Annotated[str, StringConstraints(max_length=1_000_000)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


def _writable(values: dict[str, Any]) -> dict[str, Any]:
    """What every file format can hold, so that no persona stands in the way of an export."""
    kept: dict[str, Any] = whole_values(values)
    if problems := check_values(Row(kept)):
        raise ValueError(f"{problems[0].field or 'the object'} {problems[0].text}")
    return kept


Attributes = Annotated[dict[str, Any], AfterValidator(_writable)]


class PersonaIn(BaseModel):
    """A persona to make, or its next version: whole, not a part of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Impatient first-time user",
                "description": "Writes short messages on a phone and wants an answer at once.",
                "domain_knowledge": "Knows the order number {{order_id}}, and nothing of how returns work.",
                "traits": ["terse", "impatient"],
                "attributes": {"age": 34},
            }
        },
    )

    name: Name
    """A short label, unique in the project."""
    description: Filled
    """Personality and behaviour. May hold `{{column}}` placeholders."""
    domain_knowledge: Text = ""
    """What this user knows. May hold `{{column}}` placeholders."""
    traits: list[Filled] = Field(default=[], max_length=100)
    attributes: Attributes = {}
    behaviours: list[Behaviour] = Field(default=[], max_length=50)
    """How this user speaks now and then, each with its dose. Names are those of `docs/behaviours.md`."""
    facts: list[KnownFact] = Field(default=[], max_length=100)
    """What this user knows, each with the rule when to tell it."""
    goal: Text = ""
    """The persona's own goal, used where an experiment's rows bring none."""
    success_criteria: Text = ""
    """How the judge decides that this goal was met."""
    kind: PersonaKind | None = None
    """Which kind of persona it is. Null where nobody said."""
    sections: Sections | None = None
    """What a method of generation found out by parts."""
    provenance: Provenance | None = None
    """How it came to be, where a method made it."""
    note: Note = ""
    """Why this version is made. Not a part of the persona."""

    def as_record(self) -> PersonaRecord:
        """As the engine knows it. Raises pydantic's error."""
        return PersonaRecord.model_validate(self.model_dump(exclude={"note"}))


class Persona(BaseModel):
    """A persona in one version."""

    id: int
    name: str
    version: int
    description: str
    domain_knowledge: str
    traits: list[str]
    attributes: dict[str, Any]
    behaviours: list[Behaviour]
    facts: list[KnownFact]
    goal: str
    success_criteria: str
    kind: PersonaKind | None
    sections: Sections | None
    provenance: Provenance | None
    placeholders: list[str]
    """The columns that its texts ask for."""
    project_id: int
    is_shared: bool
    """Visible to the organization's other projects, where it is read-only."""
    is_read_only: bool
    """It belongs to another project of the organization."""
    archived_at: datetime | None
    author: str
    """Who wrote this version."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Record, project_id: int) -> Self:
        """From a row of `store.personas`, as the project sees it."""
        record = PersonaRecord.model_validate(row["record"])
        return cls(
            **{name: row[name] for name in ("id", "version", "project_id", "is_shared", "archived_at", "author")},
            **{name: row[name] for name in ("created_at", "updated_at")},
            name=record.name,
            description=record.description,
            domain_knowledge=record.domain_knowledge,
            traits=list(record.traits),
            attributes=dict(record.attributes),
            behaviours=list(record.behaviours),
            facts=list(record.facts),
            goal=record.goal,
            success_criteria=record.success_criteria,
            kind=record.kind,
            sections=record.sections,
            provenance=record.provenance,
            placeholders=list(asked_by(record)),
            is_read_only=row["project_id"] != project_id,
        )


def asked_by(record: PersonaRecord) -> tuple[str, ...]:
    """The columns that its texts ask for."""
    texts = record.description, record.domain_knowledge, record.goal, record.success_criteria
    return placeholders("\n".join((*texts, *(fact.value for fact in record.facts))))
