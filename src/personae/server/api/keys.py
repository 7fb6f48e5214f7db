"""API keys of a project."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound, PermissionDenied
from personae.server.deps import Admin, Id
from personae.server.keys import make_key
from personae.server.paging import Page, PagingDep
from personae.server.schemas.key import ApiKey, ApiKeyIn, NewApiKey
from personae.server.security import includes
from personae.store import keys
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/api_keys", tags=["API keys"])


@router.get("")
async def list_keys(project: Admin, paging: PagingDep) -> Page[ApiKey]:
    """All keys, revoked ones too, the newest first. Never the keys themselves."""
    async with project.reading() as connection:
        found, count = await keys.of_project(connection, project.id, offset=paging.offset, limit=paging.limit)
    return Page(items=[_shown(row) for row in found], count=count)


@router.post("", status_code=201)
async def create_key(project: Admin, body: ApiKeyIn) -> NewApiKey:
    """A new key. It is shown this once.

    It never gives more than its maker has: where their role shrinks, so does the key's, and it ends when they leave.
    """
    if not includes(project.role, body.role):
        raise PermissionDenied(f"your role is {project.role!r}: a key of yours cannot be {body.role!r}")
    async with project.changing() as change:
        id_, key = await make_key(
            change.connection,
            project.id,
            name=body.name,
            role=body.role,
            created_by=project.actor,
            creator_id=project.principal.user_id,
            now=project.services.now(),
        )
        change.log("create", "api_key", id_, name=body.name, role=body.role)
        made = await _found(change.connection, project.id, id_)
    return NewApiKey(**_shown(made).model_dump(), key=key)


@router.get("/{key_id}")
async def get_key(project: Admin, key_id: Id) -> ApiKey:
    """One key, without the key itself."""
    async with project.reading() as connection:
        return _shown(await _found(connection, project.id, key_id))


@router.delete("/{key_id}", status_code=204)
async def revoke_key(project: Admin, key_id: Id) -> None:
    """Revoke a key, at once and for good. It stays in the list."""
    async with project.changing() as change:
        key = await _found(change.connection, project.id, key_id)
        if await keys.revoke(change.connection, project.id, key_id, project.services.now()):
            change.log("revoke", "api_key", key_id, name=key["name"])


async def _found(connection: AsyncConnection, project_id: int, key_id: int) -> Record:
    found = await keys.get(connection, project_id, key_id)
    if found is None:
        raise NotFound(f"there is no API key {key_id} in this project")
    return found


def _shown(row: Record) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.model_fields})
