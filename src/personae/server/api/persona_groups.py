"""Persona groups: whom an experiment simulates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, NotFound
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.schemas.persona import Persona
from personae.server.schemas.persona_group import (
    Members,
    PersonaGroup,
    PersonaGroupChange,
    PersonaGroupIn,
    PersonaGroupWithMembers,
)
from personae.store import persona_groups, personas
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/persona_groups", tags=["persona groups"])


@router.get("")
async def list_persona_groups(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name.")] = "",
) -> Page[PersonaGroup]:
    """The project's groups, by name."""
    async with project.reading() as connection:
        rows, count = await persona_groups.find(
            connection, project.id, name=name, search=search, offset=paging.offset, limit=paging.limit
        )
    return Page(items=[PersonaGroup.of(row) for row in rows], count=count)


@router.post("", status_code=201)
async def create_persona_group(project: Editor, body: PersonaGroupIn) -> PersonaGroupWithMembers:
    """A new group. 409 where the name is taken."""
    now = project.services.now()
    async with project.changing() as change:
        await _check_name(change.connection, project.id, body.name)
        group_id = await persona_groups.create(
            change.connection, project.id, body.name, description=body.description, now=now
        )
        await _add(change.connection, project.id, group_id, body.persona_ids, now=now)
        change.log("create", "persona group", group_id, name=body.name)
        return await _with_members(change.connection, project.id, group_id)


@router.get("/{group_id}")
async def get_persona_group(project: Viewer, group_id: Id) -> PersonaGroupWithMembers:
    """One group with its members, in order and in their current versions."""
    async with project.reading() as connection:
        return await _with_members(connection, project.id, group_id)


@router.put("/{group_id}")
async def update_persona_group(project: Editor, group_id: Id, body: PersonaGroupChange) -> PersonaGroupWithMembers:
    """Another name, description or members. 409 where the name is taken."""
    now = project.services.now()
    async with project.changing() as change:
        group = await _found(change.connection, project.id, group_id)
        name = group["name"] if body.name is None else body.name
        await _check_name(change.connection, project.id, name, but=group_id)
        description = group["description"] if body.description is None else body.description
        await persona_groups.edit(change.connection, group_id, name=name, description=description, now=now)
        if body.persona_ids is not None:
            await _set(change.connection, project.id, group_id, body.persona_ids, now=now)
        change.log("update", "persona group", group_id, name=name, **_members_logged(body.persona_ids))
        return await _with_members(change.connection, project.id, group_id)


@router.delete("/{group_id}", status_code=204)
async def delete_persona_group(project: Editor, group_id: Id) -> Response:
    """For good. Its personas stay, and so do experiments, which keep their own copy of what they used."""
    async with project.changing() as change:
        group = await _found(change.connection, project.id, group_id)
        await persona_groups.delete(change.connection, group_id)
        change.log("delete", "persona group", group_id, name=group["name"])
    return Response(status_code=204)


@router.get("/{group_id}/members")
async def list_members(project: Viewer, group_id: Id, paging: PagingDep) -> Page[Persona]:
    """Its members page by page, in its order and in their current versions."""
    async with project.reading() as connection:
        group = await _found(connection, project.id, group_id)
        rows = await persona_groups.members(connection, project.id, group_id, offset=paging.offset, limit=paging.limit)
    return Page(items=[Persona.of(row, project.id) for row in rows], count=group["members_count"])


@router.get("/{group_id}/member_ids")
async def list_member_ids(project: Viewer, group_id: Id) -> list[int]:
    """The ids of all its members, in its order."""
    async with project.reading() as connection:
        await _found(connection, project.id, group_id)
        return await persona_groups.member_ids(connection, group_id)


@router.put("/{group_id}/members")
async def set_members(project: Editor, group_id: Id, body: Members) -> PersonaGroupWithMembers:
    """Its members as a whole, in this order."""
    async with project.changing() as change:
        await _found(change.connection, project.id, group_id)
        await _set(change.connection, project.id, group_id, body.persona_ids, now=project.services.now())
        change.log("set members", "persona group", group_id, **_members_logged(body.persona_ids))
        return await _with_members(change.connection, project.id, group_id)


@router.put("/{group_id}/members/{persona_id}")
async def add_member(project: Editor, group_id: Id, persona_id: Id) -> PersonaGroupWithMembers:
    """Put a persona at the group's end. One that is a member already stays where it is."""
    await put_member(project, group_id, persona_id)
    return await get_persona_group(project, group_id)


@router.delete("/{group_id}/members/{persona_id}")
async def remove_member(project: Editor, group_id: Id, persona_id: Id) -> PersonaGroupWithMembers:
    """Take a persona out. One that is no member makes no difference."""
    await take_member(project, group_id, persona_id)
    return await get_persona_group(project, group_id)


async def put_member(project: ProjectAccess, group_id: int, persona_id: int) -> None:
    """As `add_member`, for those who do not look at all members afterwards."""
    async with project.changing() as change:
        await _found(change.connection, project.id, group_id)
        await _add(change.connection, project.id, group_id, [persona_id], now=project.services.now())
        change.log("add member", "persona group", group_id, persona=persona_id)


async def take_member(project: ProjectAccess, group_id: int, persona_id: int) -> None:
    """As `remove_member`, for those who do not look at all members afterwards."""
    async with project.changing() as change:
        await _found(change.connection, project.id, group_id)
        if await persona_groups.remove(change.connection, group_id, persona_id, now=project.services.now()):
            change.log("remove member", "persona group", group_id, persona=persona_id)


async def _set(
    connection: AsyncConnection, project_id: int, group_id: int, persona_ids: Sequence[int], *, now: datetime
) -> None:
    await _check_members(connection, project_id, group_id, persona_ids)
    await persona_groups.clear(connection, group_id)
    await persona_groups.add(connection, group_id, persona_ids, now=now)


async def _add(
    connection: AsyncConnection, project_id: int, group_id: int, persona_ids: Sequence[int], *, now: datetime
) -> None:
    await _check_members(connection, project_id, group_id, persona_ids)
    await persona_groups.add(connection, group_id, persona_ids, now=now)


async def _check_members(
    connection: AsyncConnection, project_id: int, group_id: int, persona_ids: Sequence[int]
) -> None:
    """Members stay members when they are archived, but nobody archived becomes one."""
    seen = await personas.by_ids(connection, project_id, persona_ids)
    if unknown := [str(id_) for id_ in persona_ids if id_ not in seen]:
        raise NotFound(f"there is no persona {', '.join(unknown[:10])} in this project")
    archived = [row for row in seen.values() if row["archived_at"] is not None]
    if archived:
        were = set(await persona_groups.member_ids(connection, group_id))
        for row in archived:
            if row["id"] not in were:
                raise Conflict(f"the persona {row['name']!r} is archived: take it out of the archive first")


def _members_logged(persona_ids: Sequence[int] | None) -> dict[str, list[int]]:
    return {} if persona_ids is None else {"personas": list(persona_ids[:100])}


async def _check_name(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> None:
    rows, _ = await persona_groups.find(connection, project_id, name=name)
    if any(row["id"] != but for row in rows):
        raise Taken(f"a persona group is called {name!r} already")


async def _found(connection: AsyncConnection, project_id: int, group_id: int) -> Record:
    row = await persona_groups.get(connection, project_id, group_id)
    if row is None:
        raise NotFound(f"there is no persona group {group_id} in this project")
    return row


async def _with_members(connection: AsyncConnection, project_id: int, group_id: int) -> PersonaGroupWithMembers:
    row = await _found(connection, project_id, group_id)
    members = await persona_groups.members(connection, project_id, group_id)
    return PersonaGroupWithMembers.with_members(row, members, project_id)
