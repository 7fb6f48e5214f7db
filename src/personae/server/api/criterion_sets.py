"""Criterion sets: named lists of criteria."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from personae.server.api.prompt_templates import template_of
from personae.server.criterion_intake import criterion_in, put, set_of, shown_sets
from personae.server.deps import Editor, Id, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.schemas.criterion import (
    CriteriaImported,
    CriterionSet,
    CriterionSetIn,
    CriterionSetUpdate,
)
from personae.server.uploads import Upload, read_upload
from personae.sources import read_criteria
from personae.store import criterion_sets
from personae.store.engine import Connection

router = APIRouter(prefix="/projects/{project_id}/criterion_sets", tags=["criterion sets"])


@router.get("")
async def list_criterion_sets(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name, in any case.")] = "",
) -> Page[CriterionSet]:
    """The project's criterion sets with their criteria, the newest first."""
    async with project.reading() as connection:
        found, count = await criterion_sets.find(
            connection, project.id, name=name, search=search, offset=paging.offset, limit=paging.limit
        )
        return Page(items=await shown_sets(connection, project.id, found), count=count)


@router.post("", status_code=201)
async def create_criterion_set(project: Editor, body: CriterionSetIn) -> CriterionSet:
    """A new set, with its criteria. 409 where the name is taken."""
    async with project.changing() as change:
        await _check_name(change.connection, project.id, body.name)
        id_ = await criterion_sets.create(change.connection, project.id, body.name, now=project.services.now())
        change.log("create", "criterion set", id_, name=body.name)
        await put(change, project, id_, body.criteria or [])
        return await _shown(change.connection, project.id, id_)


@router.get("/{criterion_set_id}")
async def get_criterion_set(project: Viewer, criterion_set_id: Id) -> CriterionSet:
    """One set with its criteria."""
    async with project.reading() as connection:
        return await _shown(connection, project.id, criterion_set_id)


@router.put("/{criterion_set_id}")
async def update_criterion_set(project: Editor, criterion_set_id: Id, body: CriterionSetUpdate) -> CriterionSet:
    """Give it another name."""
    async with project.changing() as change:
        await set_of(change.connection, project.id, criterion_set_id, to_change=True)
        await _check_name(change.connection, project.id, body.name, but=criterion_set_id)
        await criterion_sets.rename(change.connection, criterion_set_id, body.name, now=project.services.now())
        change.log("update", "criterion set", criterion_set_id, name=body.name)
        return await _shown(change.connection, project.id, criterion_set_id)


@router.delete("/{criterion_set_id}", status_code=204)
async def delete_criterion_set(project: Editor, criterion_set_id: Id) -> None:
    """Delete it with its criteria. Experiments and ratings keep their own copies."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, criterion_set_id, to_change=True)
        await criterion_sets.delete(change.connection, criterion_set_id)
        change.log("delete", "criterion set", criterion_set_id, name=found["name"])


@router.put("/{criterion_set_id}/prompt_templates/{template_id}")
async def link_prompt_template(project: Editor, criterion_set_id: Id, template_id: Id) -> CriterionSet:
    """Rate the template's answers by this set, where no other is chosen, and by no other set any more."""
    async with project.changing() as change:
        await set_of(change.connection, project.id, criterion_set_id, to_change=True)
        await template_of(change.connection, project.id, template_id)
        await criterion_sets.link(change.connection, criterion_set_id, template_id)
        change.log("link", "criterion set", criterion_set_id, prompt_template_id=template_id)
        return await _shown(change.connection, project.id, criterion_set_id)


@router.delete("/{criterion_set_id}/prompt_templates/{template_id}")
async def unlink_prompt_template(project: Editor, criterion_set_id: Id, template_id: Id) -> CriterionSet:
    """Rate the template's answers by this set no longer."""
    async with project.changing() as change:
        await set_of(change.connection, project.id, criterion_set_id, to_change=True)
        await template_of(change.connection, project.id, template_id)
        if await criterion_sets.unlink(change.connection, template_id, criterion_set_id):
            change.log("unlink", "criterion set", criterion_set_id, prompt_template_id=template_id)
        return await _shown(change.connection, project.id, criterion_set_id)


@router.post("/{criterion_set_id}/import")
async def import_criteria(project: Editor, criterion_set_id: Id, file: Upload) -> CriteriaImported:
    """Add the criteria of a file, in any form that `personae simulate --criteria` reads."""
    async with project.reading() as connection:
        await set_of(connection, project.id, criterion_set_id)
    given = [criterion_in(one) for one in await read_upload(file, read_criteria)]
    async with project.changing() as change:
        await set_of(change.connection, project.id, criterion_set_id, to_change=True)
        _, created = await put(change, project, criterion_set_id, given)
    return CriteriaImported(created=created, skipped=len(given) - created)


async def _check_name(connection: Connection, project_id: int, name: str, *, but: int | None = None) -> None:
    if await criterion_sets.is_taken(connection, project_id, name, but=but):
        raise Taken(f"a criterion set is called {name!r} already")


async def _shown(connection: Connection, project_id: int, set_id: int) -> CriterionSet:
    return (await shown_sets(connection, project_id, [await set_of(connection, project_id, set_id)]))[0]
