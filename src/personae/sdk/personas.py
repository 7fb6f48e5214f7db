"""Personas: the library of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from personae.core.persona import Behaviour, KnownFact
from personae.errors import InputError, NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Call, Listing, Steps, delete, get, given, post, put

FileFormat = Literal["jsonl", "json", "yaml", "csv"]


class Persona(Received):
    """A persona in its current version."""

    id: int
    name: str
    version: int
    description: str
    domain_knowledge: str
    traits: tuple[str, ...]
    attributes: dict[str, Any]
    behaviours: tuple[Behaviour, ...] = ()
    """How they speak now and then, each with its dose."""
    facts: tuple[KnownFact, ...] = ()
    """What they know, each with the rule when to tell it."""
    goal: str
    success_criteria: str
    placeholders: tuple[str, ...]
    """The columns that its texts ask for."""
    project_id: int
    is_shared: bool
    is_read_only: bool
    """It belongs to another project of the organization."""
    archived_at: datetime | None
    author: str
    created_at: datetime
    updated_at: datetime


class PersonaVersion(Received):
    """What a persona was from this version until the next."""

    persona_id: int
    version: int
    name: str
    description: str
    domain_knowledge: str
    traits: tuple[str, ...]
    attributes: dict[str, Any]
    behaviours: tuple[Behaviour, ...] = ()
    facts: tuple[KnownFact, ...] = ()
    goal: str
    success_criteria: str
    author: str
    note: str
    created_at: datetime


class Piece(Received):
    """A part of a text that stayed, went or came."""

    kind: Literal["same", "removed", "added"]
    text: str


class FieldChange(Received):
    """One field that differs between two versions."""

    field: str
    before: Any
    after: Any
    pieces: tuple[Piece, ...] | None
    """Of a text, word by word."""


class UseByName(Received):
    """A group or experiment."""

    id: int
    name: str


class PersonaUse(Received):
    """Who uses a persona."""

    groups: tuple[UseByName, ...]
    groups_elsewhere: int
    experiments: tuple[UseByName, ...]


class ImportedPersona(Received):
    """What became of one persona of a file."""

    name: str
    persona_id: int
    version: int
    outcome: Literal["created", "version", "unchanged"]


class ImportedPersonas(Received):
    """What became of a file."""

    created: int
    versions: int
    unchanged: int
    items: tuple[ImportedPersona, ...]


class Personas(Noun[D]):
    """The project's own personas, and those that its organization shares."""

    @listing
    def list(
        self,
        *,
        search: str = "",
        traits: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        placeholder: str | None = None,
        group_id: int | None = None,
        archived: bool = False,
    ) -> Listing[Persona]:
        """Personas by name: those with `search` in name or description, all the `traits` and `attributes`."""
        query = _filter(search, traits, attributes, placeholder, group_id, archived=archived)
        return Listing(get("personas", **query), Persona.model_validate)

    @method
    def get(self, persona_id: int) -> Steps[Persona]:
        """One persona. Raises NotFound."""
        return Persona.model_validate((yield get(f"personas/{persona_id}")))

    @method
    def by_name(self, name: str) -> Steps[Persona]:
        """The persona with exactly this name. Raises NotFound."""
        found = (yield get("personas", name=name))["items"]
        if not found:
            raise NotFound(f"there is no persona {name!r}")
        return Persona.model_validate(min(found, key=lambda one: bool(one["is_read_only"])))

    @method
    def create(
        self,
        name: str,
        description: str,
        *,
        domain_knowledge: str = "",
        traits: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        behaviours: Sequence[Behaviour] = (),
        facts: Sequence[KnownFact] = (),
        goal: str = "",
        success_criteria: str = "",
        note: str = "",
    ) -> Steps[Persona]:
        """A new persona, at version 1. Raises Conflict where the name is taken."""
        body = {
            "name": name,
            "description": description,
            "domain_knowledge": domain_knowledge,
            "traits": [*traits],
            "attributes": dict(attributes or {}),
            "behaviours": [behaviour.as_dict() for behaviour in behaviours],
            "facts": [fact.as_dict() for fact in facts],
            "goal": goal,
            "success_criteria": success_criteria,
            "note": note,
        }
        return Persona.model_validate((yield post("personas", body)))

    @method
    def update(
        self,
        persona_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        domain_knowledge: str | None = None,
        traits: Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        behaviours: Sequence[Behaviour] | None = None,
        facts: Sequence[KnownFact] | None = None,
        goal: str | None = None,
        success_criteria: str | None = None,
        note: str = "",
    ) -> Steps[Persona]:
        """The next version. What is not given stays as it is; where nothing changes there is no new version."""
        now = yield get(f"personas/{persona_id}")
        kept = {name: now[name] for name in _CONTENT if name in now}
        changes = given(
            name=name,
            description=description,
            domain_knowledge=domain_knowledge,
            traits=None if traits is None else [*traits],
            attributes=None if attributes is None else dict(attributes),
            behaviours=None if behaviours is None else [behaviour.as_dict() for behaviour in behaviours],
            facts=None if facts is None else [fact.as_dict() for fact in facts],
            goal=goal,
            success_criteria=success_criteria,
        )
        return Persona.model_validate((yield put(f"personas/{persona_id}", {**kept, **changes, "note": note})))

    @method
    def delete(self, persona_id: int, *, from_groups: bool = False) -> Steps[None]:
        """For good. Raises Conflict where it is in a group, unless it shall be taken out with `from_groups`."""
        yield delete(f"personas/{persona_id}", from_groups=from_groups)

    @listing
    def versions(self, persona_id: int) -> Listing[PersonaVersion]:
        """Its history, the newest version first."""
        return Listing(get(f"personas/{persona_id}/versions"), PersonaVersion.model_validate)

    @method
    def version(self, persona_id: int, version: int) -> Steps[PersonaVersion]:
        """One version."""
        return PersonaVersion.model_validate((yield get(f"personas/{persona_id}/versions/{version}")))

    @method
    def diff(self, persona_id: int, before: int, after: int) -> Steps[tuple[FieldChange, ...]]:
        """What changed from one version to another, field by field."""
        found = yield get(f"personas/{persona_id}/diff", **{"from": before, "to": after})
        return tuple(FieldChange.model_validate(change) for change in found["changes"])

    @method
    def restore(self, persona_id: int, version: int, *, note: str = "") -> Steps[Persona]:
        """A new version with the content of an earlier one."""
        body = {"version": version, "note": note}
        return Persona.model_validate((yield post(f"personas/{persona_id}/restore", body)))

    @method
    def share(self, persona_id: int) -> Steps[Persona]:
        """Show it to the organization's other projects, where it is read-only."""
        return Persona.model_validate((yield put(f"personas/{persona_id}/sharing", {"is_shared": True})))

    @method
    def unshare(self, persona_id: int, *, from_groups: bool = False) -> Steps[Persona]:
        """Hide it from them again. Raises Conflict where their groups hold it, unless `from_groups`."""
        body = {"is_shared": False, "from_groups": from_groups}
        return Persona.model_validate((yield put(f"personas/{persona_id}/sharing", body)))

    @method
    def archive(self, persona_id: int) -> Steps[Persona]:
        """Put it away."""
        return Persona.model_validate((yield put(f"personas/{persona_id}/archiving", {"is_archived": True})))

    @method
    def unarchive(self, persona_id: int) -> Steps[Persona]:
        """Take it out again. Raises Conflict where its name is taken by now."""
        return Persona.model_validate((yield put(f"personas/{persona_id}/archiving", {"is_archived": False})))

    @method
    def used_in(self, persona_id: int) -> Steps[PersonaUse]:
        """The groups and experiments that use it."""
        return PersonaUse.model_validate((yield get(f"personas/{persona_id}/use")))

    @method
    def export(
        self,
        format: FileFormat = "jsonl",  # noqa: A002 - the word for it
        *,
        search: str = "",
        traits: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        placeholder: str | None = None,
        group_id: int | None = None,
        archived: bool = False,
    ) -> Steps[str]:
        """The text of a file that `import_file`, and `personae simulate`, give the personas back from."""
        query = _filter(search, traits, attributes, placeholder, group_id, archived=archived)
        data = yield Call("GET", "personas/export", query | {"format": format}, is_raw=True)
        text: str = data.decode()
        return text

    @method
    def import_file(self, path: str | Path) -> Steps[ImportedPersonas]:
        """Take in all personas of a JSONL, JSON, YAML or CSV file, or none. Raises InputError with all problems."""
        file = Path(path)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=file) from error
        return ImportedPersonas.model_validate((yield _importing(file.name, data)))

    @method
    def import_text(self, text: str, format: FileFormat = "jsonl") -> Steps[ImportedPersonas]:  # noqa: A002
        """The same from the text of such a file."""
        return ImportedPersonas.model_validate((yield _importing(f"personas.{format}", text.encode())))


_CONTENT = (
    "name", "description", "domain_knowledge", "traits", "attributes", "behaviours", "facts", "goal", "success_criteria"
)  # fmt: skip


def _importing(name: str, data: bytes) -> Call:
    return Call("POST", "personas/import", file=(name, BytesIO(data)))


def _filter(
    search: str,
    traits: Sequence[str],
    attributes: Mapping[str, Any] | None,
    placeholder: str | None,
    group_id: int | None,
    *,
    archived: bool,
) -> dict[str, Any]:
    pairs = (attributes or {}).items()
    return {
        "search": search or None,
        "trait": [*traits],
        "attribute": [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in pairs],
        "placeholder": placeholder,
        "group_id": group_id,
        "archived": archived,
    }
