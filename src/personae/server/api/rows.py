"""Rows of a collection: its test cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, UploadFile
from starlette.responses import Response

from personae.errors import InputError
from personae.generation.authoring.rows import MOST_KNOWN, Wanted, write_row
from personae.server.answers import Answer
from personae.server.api.prompt_templates import template_of
from personae.server.collection_changes import shown
from personae.server.column_rules import Column
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.models import generator
from personae.server.paging import Page, PagingDep
from personae.server.row_intake import (
    collection_of,
    columns_of,
    goal_of,
    open_collection,
    row_of,
    rules_of,
    take_in,
)
from personae.server.schemas.collection import Row, RowIn, RowUpdate, wire_row
from personae.server.uploads import json_lines
from personae.store import collections, rows
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/collections/{collection_id}/entries", tags=["collections"])

SkipExisting = Annotated[bool, Query(description="Leave out rows that are there already, and doubled ones.")]


@router.get("", response_model=Page[Row])
async def list_rows(project: Viewer, collection_id: Id, paging: PagingDep) -> Response:
    """The rows, the oldest first."""
    async with project.reading() as connection:
        collection = await collection_of(connection, project.id, collection_id)
        found = await rows.page(connection, collection_id, offset=paging.offset, limit=paging.limit)
    travels = shown(collection)
    return Answer({"items": [wire_row(row, travels) for row in found], "count": collection["rows_count"]})


@router.post("", status_code=201, response_model=Row)
async def add_row(project: Editor, collection_id: Id, body: RowIn) -> Response:
    """Add a row. With `prompt_template_id` a language model writes it: another case than those that are there."""
    values = body.input_values
    if values is None:
        values = await _written(project, collection_id, body.prompt_template_id or 0)
    async with project.changing() as change:
        collection = await open_collection(change.connection, project.id, collection_id)
        given = [(None, values)]
        (made,) = await take_in(change, project, collection, given, config=body.environment_config)
        travels = shown(await collection_of(change.connection, project.id, collection_id))
        return Answer(wire_row(made, travels), 201)


@router.delete("", status_code=204)
async def delete_rows(project: Editor, collection_id: Id) -> None:
    """Delete all rows."""
    async with project.changing() as change:
        await open_collection(change.connection, project.id, collection_id)
        gone = await rows.delete_all(change.connection, collection_id)
        await collections.content_changed(change.connection, collection_id, more=-gone, now=project.services.now())
        change.log("clear", "collection", collection_id, count=gone)


@router.post("/batches", status_code=201, response_model=list[Row])
async def add_rows(
    project: Editor,
    collection_id: Id,
    file: UploadFile,
    skip_existing: SkipExisting = False,
) -> Response:
    """Add rows from JSON lines, each with the values of one row. The answer has those that were made."""
    given = json_lines(await file.read())
    async with project.changing() as change:
        collection = await open_collection(change.connection, project.id, collection_id)
        made = await take_in(change, project, collection, given, skip_existing=skip_existing)
        travels = shown(await collection_of(change.connection, project.id, collection_id))
    return Answer([wire_row(row, travels) for row in made], 201)


@router.get("/{entry_id}", response_model=Row)
async def get_row(project: Viewer, collection_id: Id, entry_id: Id) -> Response:
    """One row."""
    async with project.reading() as connection:
        collection = await collection_of(connection, project.id, collection_id)
        return Answer(wire_row(await row_of(connection, collection, entry_id), shown(collection)))


@router.put("/{entry_id}", response_model=Row)
async def update_row(project: Editor, collection_id: Id, entry_id: Id, body: RowUpdate) -> Response:
    """Give a row other values. Experiments keep their own copies."""
    async with project.changing() as change:
        connection, now = change.connection, project.services.now()
        collection = await open_collection(connection, project.id, collection_id)
        before = await row_of(connection, collection, entry_id)
        is_given = "environment_config" in body.model_fields_set
        config = body.environment_config if is_given else before["environment_config"]
        await rows.replace(connection, entry_id, rules_of(collection).row(body.input_values, config), now=now)
        await collections.content_changed(connection, collection_id, now=now)
        change.log("update", "row", entry_id, collection_id=collection_id)
        collection = await collection_of(connection, project.id, collection_id)
        return Answer(wire_row(await row_of(connection, collection, entry_id), shown(collection)))


@router.delete("/{entry_id}", status_code=204)
async def delete_row(project: Editor, collection_id: Id, entry_id: Id) -> None:
    """Delete a row. Experiments keep their own copies."""
    async with project.changing() as change:
        collection = await open_collection(change.connection, project.id, collection_id)
        await row_of(change.connection, collection, entry_id)
        await rows.delete(change.connection, collection_id, entry_id)
        await collections.content_changed(change.connection, collection_id, more=-1, now=project.services.now())
        change.log("delete", "row", entry_id, collection_id=collection_id)


async def _written(project: ProjectAccess, collection_id: int, template_id: int) -> dict[str, str]:
    """A row by the project's simulator, before any transaction is open: it takes its time."""
    async with project.reading() as connection:
        template = await template_of(connection, project.id, template_id)
        collection = await collection_of(connection, project.id, collection_id)
        count = collection["rows_count"]
        known = await rows.page(connection, collection_id, offset=max(0, count - MOST_KNOWN), limit=MOST_KNOWN)
    wanted = _wanted(collection, template["placeholders"])
    async with generator(project) as model:
        return await write_row(model, template["messages"], wanted, [row["input_values"] for row in known], count)


def _wanted(collection: Record, placeholders: list[str]) -> list[Wanted]:
    """The columns to write: the template's placeholders and the goal; where it has none, all that hold text."""
    columns = {column.name: column for column in columns_of(collection)}
    if not columns:
        if not placeholders:
            raise InputError("neither the collection has columns nor the template placeholders: nothing can be written")
        return [Wanted(name) for name in placeholders]
    if missing := [name for name in placeholders if name not in columns]:
        names = ", ".join(f"{{{{{name}}}}}" for name in missing)
        raise InputError(f"the template asks for {names}, which no column of {collection['name']!r} fills")
    goal = goal_of(collection)
    asked = [name for name in columns if name in placeholders]
    if not asked or collection["is_scenario_set"]:
        asked = [name for name, column in columns.items() if column.column_type not in ("json", "conversation")]
    chosen = [columns[name] for name in columns if name in asked or name == goal]
    if not chosen:
        raise InputError(f"no column of {collection['name']!r} holds text that could be written")
    return [_as_wanted(column, is_goal=column.name == goal) for column in chosen]


def _as_wanted(column: Column, *, is_goal: bool) -> Wanted:
    choices = column.categorical_values if column.column_type == "category" else None
    return Wanted(column.name, choices or (), is_goal)
