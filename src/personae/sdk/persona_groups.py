"""Persona groups: whom an experiment simulates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from personae.errors import NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.personas import Persona
from personae.sdk.steps import Listing, Steps, delete, get, given, post, put


class PersonaGroup(Received):
    """A named pool of personas."""

    id: int
    name: str
    description: str
    members_count: int
    created_at: datetime
    updated_at: datetime


class PersonaGroupWithMembers(PersonaGroup):
    """A group with its personas, in order and in their current versions."""

    members: tuple[Persona, ...]


class PersonaGroups(Noun[D]):
    """The project's groups."""

    @listing
    def list(self, *, search: str = "") -> Listing[PersonaGroup]:
        """Groups by name."""
        return Listing(get("persona_groups", search=search or None), PersonaGroup.model_validate)

    @method
    def get(self, group_id: int) -> Steps[PersonaGroupWithMembers]:
        """One group with its members. Raises NotFound."""
        return PersonaGroupWithMembers.model_validate((yield get(f"persona_groups/{group_id}")))

    @method
    def by_name(self, name: str) -> Steps[PersonaGroupWithMembers]:
        """The group with exactly this name. Raises NotFound."""
        found = (yield get("persona_groups", name=name))["items"]
        if not found:
            raise NotFound(f"there is no persona group {name!r}")
        return PersonaGroupWithMembers.model_validate((yield get(f"persona_groups/{found[0]['id']}")))

    @method
    def create(
        self, name: str, persona_ids: Sequence[int] = (), *, description: str = ""
    ) -> Steps[PersonaGroupWithMembers]:
        """A new group with these members, in this order. Raises Conflict where the name is taken."""
        body = {"name": name, "description": description, "persona_ids": [*persona_ids]}
        return PersonaGroupWithMembers.model_validate((yield post("persona_groups", body)))

    @method
    def update(
        self, group_id: int, *, name: str | None = None, description: str | None = None
    ) -> Steps[PersonaGroupWithMembers]:
        """Another name or description."""
        body = given(name=name, description=description)
        return PersonaGroupWithMembers.model_validate((yield put(f"persona_groups/{group_id}", body)))

    @method
    def set_members(self, group_id: int, persona_ids: Sequence[int]) -> Steps[PersonaGroupWithMembers]:
        """Its members as a whole, in this order."""
        body = {"persona_ids": [*persona_ids]}
        return PersonaGroupWithMembers.model_validate((yield put(f"persona_groups/{group_id}/members", body)))

    @method
    def add(self, group_id: int, persona_id: int) -> Steps[PersonaGroupWithMembers]:
        """Put a persona at its end; one that is a member already stays where it is."""
        path = f"persona_groups/{group_id}/members/{persona_id}"
        return PersonaGroupWithMembers.model_validate((yield put(path, None)))

    @method
    def remove(self, group_id: int, persona_id: int) -> Steps[PersonaGroupWithMembers]:
        """Take a persona out, if it is a member."""
        path = f"persona_groups/{group_id}/members/{persona_id}"
        return PersonaGroupWithMembers.model_validate((yield delete(path)))

    @method
    def delete(self, group_id: int) -> Steps[None]:
        """For good. Its personas stay."""
        yield delete(f"persona_groups/{group_id}")
