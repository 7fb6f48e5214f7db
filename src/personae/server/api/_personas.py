"""What the routes of personas share: one persona, and one that the project may change."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, NotFound, PermissionDenied
from personae.server.failures import Taken
from personae.store import personas
from personae.store.columns import Record


async def found(connection: AsyncConnection, project_id: int, persona_id: int) -> Record:
    """The persona in its current version, if the project sees it."""
    row = await personas.get(connection, project_id, persona_id)
    if row is None:
        raise NotFound(f"there is no persona {persona_id} in this project")
    return row


async def own(connection: AsyncConnection, project_id: int, persona_id: int) -> Record:
    """The persona, if it belongs to the project."""
    row = await found(connection, project_id, persona_id)
    if row["project_id"] != project_id:
        raise PermissionDenied("the persona belongs to another project of the organization: it is read-only here")
    return row


async def editable(connection: AsyncConnection, project_id: int, persona_id: int) -> Record:
    """The persona, if it can get a new version here."""
    row = await own(connection, project_id, persona_id)
    if row["archived_at"] is not None:
        raise Conflict("the persona is archived: take it out of the archive first")
    return row


async def check_name(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> None:
    """Raises Taken where another persona has the name."""
    if await personas.is_taken(connection, project_id, name, but=but):
        raise Taken(f"a persona is called {name!r} already")
