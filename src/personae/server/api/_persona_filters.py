"""Which personas: the query parameters of the library's list and of its export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from personae.core.persona import Persona as PersonaRecord
from personae.errors import InputError
from personae.server.deps import MAX_ID
from personae.server.schemas.persona import asked_by
from personae.server.schemas.persona_facets import as_asked


@dataclass(frozen=True, slots=True)
class PersonaFilter:
    """What was asked for."""

    name: str | None
    archived: bool
    group_id: int | None
    search: str
    traits: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    placeholders: tuple[str, ...]

    @property
    def looks_inside(self) -> bool:
        """Whether the records themselves must be looked at."""
        return bool(self.search or self.traits or self.attributes or self.placeholders)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether a record has all that is asked for, as it is stored, without what is blank in it."""
        texts = f"{record['name']}\n{record.get('description', '')}"
        attributes = record.get("attributes", {})
        return (
            (not self.search or self.search in texts.casefold())
            and {trait.casefold() for trait in record.get("traits", ())}.issuperset(self.traits)
            and all(name in attributes and as_asked(attributes[name]) == value for name, value in self.attributes)
            and (not self.placeholders or set(self.placeholders) <= set(asked_by(PersonaRecord.model_validate(record))))
        )


def persona_filter(
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name or description, in any case.")] = "",
    trait: Annotated[list[str], Query(description="Has this trait; more than once: has all of them.")] = [],  # noqa: B006 - FastAPI copies it
    attribute: Annotated[list[str], Query(description="`NAME=VALUE`; more than once: has all of them.")] = [],  # noqa: B006
    placeholder: Annotated[list[str], Query(description="Asks for this column.")] = [],  # noqa: B006
    group_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Is a member of this group.")] = None,
    archived: Annotated[bool, Query(description="Those that are put away, instead of the others.")] = False,
) -> PersonaFilter:
    """From the query of a request. Raises InputError."""
    if broken := next((one for one in attribute if "=" not in one), None):
        raise InputError(f"must be NAME=VALUE, not {broken!r}", field="attribute")
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in attribute)]
    return PersonaFilter(
        name=name,
        archived=archived,
        group_id=group_id,
        search=search.casefold(),
        traits=tuple(one.casefold() for one in trait),
        attributes=tuple(pairs),
        placeholders=tuple(placeholder),
    )


PersonaFilterDep = Annotated[PersonaFilter, Depends(persona_filter)]
