"""Criteria: yes/no questions about a transcript."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from personae.errors import NotFound
from personae.generation.authoring.criteria import write_criteria
from personae.server.api.prompt_templates import template_of
from personae.server.criterion_intake import criterion_in, put, set_for_template, set_of, shown
from personae.server.deps import MAX_ID, Editor, Id, ProjectAccess, Viewer
from personae.server.failures import Taken
from personae.server.models import generator
from personae.server.paging import Page, PagingDep
from personae.server.schemas.criterion import CriteriaIn, Criterion, CriterionIn, CriterionUpdate
from personae.store import criteria
from personae.store.columns import Record, storable
from personae.store.engine import Connection

router = APIRouter(prefix="/projects/{project_id}/criteria", tags=["criteria"])


@router.get("")
async def list_criteria(
    project: Viewer,
    paging: PagingDep,
    prompt_template_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Those of its set.")] = None,
    criterion_set_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Page[Criterion]:
    """Criteria by creation, the oldest first."""
    async with project.reading() as connection:
        if prompt_template_id is not None:
            await template_of(connection, project.id, prompt_template_id)
        if criterion_set_id is not None:
            await set_of(connection, project.id, criterion_set_id)
        found, count = await criteria.find(
            connection,
            project.id,
            template_id=prompt_template_id,
            set_id=criterion_set_id,
            offset=paging.offset,
            limit=paging.limit,
        )
        return Page(items=await shown(connection, project.id, found), count=count)


@router.post("", status_code=201)
async def create_criteria(project: Editor, body: CriteriaIn) -> list[Criterion]:
    """Add criteria; the answer has one for each, in their order, also for those that were there.

    Of a template: to its set, which is made where it has none. `criteria: null` has them written by a language model,
    and is a 409 where the template has some already and `delete_existing` is false.
    """
    given = body.criteria
    if given is None:
        given = await _written(project, body)
    async with project.changing() as change:
        if body.prompt_template_id is not None:
            template = await template_of(change.connection, project.id, body.prompt_template_id)
            set_id = await set_for_template(change, project, template)
        else:
            set_id = body.criterion_set_id or 0
        await set_of(change.connection, project.id, set_id, to_change=True)
        if body.criteria is None and not body.delete_existing:
            await _check_none(change.connection, project.id, body.prompt_template_id)
        found, _ = await put(
            change,
            project,
            set_id,
            given,
            template_id=body.prompt_template_id,
            delete_existing=body.delete_existing,
        )
        return await shown(change.connection, project.id, found)


@router.get("/{criterion_id}")
async def get_criterion(project: Viewer, criterion_id: Id) -> Criterion:
    """One criterion."""
    async with project.reading() as connection:
        return (await shown(connection, project.id, [await _found(connection, project.id, criterion_id)]))[0]


@router.put("/{criterion_id}")
async def update_criterion(project: Editor, criterion_id: Id, body: CriterionUpdate) -> Criterion:
    """The next version. Ratings keep the text that they were made by. The same again makes none."""
    async with project.changing() as change:
        connection = change.connection
        before = await _found(connection, project.id, criterion_id)
        values: dict[str, Any] = {}
        if body.criterion_str is not None and (text := storable(body.criterion_str)) != before["criterion_str"]:
            await _check_text(connection, project.id, before, text)
            values["criterion_str"] = text
        if "label" in body.model_fields_set and (body.label or None) != before["label"]:
            values["label"] = body.label or None
        if values:
            await criteria.edit(connection, criterion_id, now=project.services.now(), **values)
            change.log("update", "criterion", criterion_id, version=before["version"] + 1)
        return (await shown(connection, project.id, [await _found(connection, project.id, criterion_id)]))[0]


@router.delete("/{criterion_id}", status_code=204)
async def delete_criterion(project: Editor, criterion_id: Id) -> None:
    """Delete one. Ratings keep their own copies."""
    async with project.changing() as change:
        await _found(change.connection, project.id, criterion_id)
        await criteria.delete(change.connection, criterion_id)
        change.log("delete", "criterion", criterion_id)


async def _found(connection: Connection, project_id: int, criterion_id: int) -> Record:
    found = await criteria.get(connection, project_id, criterion_id)
    if found is None:
        raise NotFound(f"there is no criterion {criterion_id} in this project")
    return found


async def _check_text(connection: Connection, project_id: int, before: Record, text: str) -> None:
    others, _ = await criteria.find(connection, project_id, set_id=before["criterion_set_id"])
    if any(row["criterion_str"] == text and row["id"] != before["id"] for row in others):
        raise Taken("another criterion of the set asks this already")


async def _check_none(connection: Connection, project_id: int, template_id: int | None) -> None:
    _, count = await criteria.find(connection, project_id, template_id=template_id, limit=1)
    if count:
        raise Taken(f"the prompt template has {count} criteria already: send `delete_existing` to have others written")


async def _written(project: ProjectAccess, body: CriteriaIn) -> list[CriterionIn]:
    """Criteria by the project's simulator, before any transaction is open: it takes its time."""
    async with project.reading() as connection:
        template = await template_of(connection, project.id, body.prompt_template_id or 0)
        if not body.delete_existing:
            await _check_none(connection, project.id, body.prompt_template_id)
    async with generator(project) as model:
        written = await write_criteria(model, template["messages"])
    return [criterion_in(one) for one in written]
