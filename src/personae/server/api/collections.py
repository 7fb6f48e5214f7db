"""Collections: tables of test cases. A scenario set is one of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.errors import InputError
from personae.server.answers import Answer
from personae.server.api.prompt_templates import template_of
from personae.server.collection_changes import name_problem, put_columns, shown
from personae.server.column_rules import OUTCOME, Column, changed, of_new
from personae.server.deps import Change, Editor, Id, ProjectAccess, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.prompt_rules import is_system_only
from personae.server.python_text import python_dict
from personae.server.row_intake import (
    SCENARIO_GOAL,
    collection_of,
    columns_of,
    take_in,
)
from personae.server.schemas.collection import (
    Collection,
    CollectionIn,
    CollectionType,
    CollectionUpdate,
    CollectionWithRows,
    Sort,
    wire_row,
)
from personae.store import collections, rows
from personae.store.columns import Record
from personae.store.engine import Connection

router = APIRouter(prefix="/projects/{project_id}/collections", tags=["collections"])


@router.get("", response_model=Page[Collection])
async def list_collections(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name, in any case.")] = "",
    sort: Annotated[Sort | None, Query(description="Absent: the newest first.")] = None,
    collection_type: CollectionType | None = None,
    compatible_prompt_template_id: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="Those whose columns fill the template's placeholders.")
    ] = None,
    filters: Annotated[str | None, Query(description="For the SDK: a Python dict as text.")] = None,
    sort_options: Annotated[str | None, Query(description="For the SDK: a Python dict as text.")] = None,
) -> Response:
    """The project's collections, scenario sets included."""
    wanted = python_dict(filters, "filters")
    sorting = sort or python_dict(sort_options, "sort_options").get("sort", "")
    if str(sorting).removeprefix("-") not in ("", *collections.SORTS):
        raise InputError(f"must be one of {', '.join(collections.SORTS)}, or -name and so on", field="sort_options")
    has_rows = wanted.get("has_entries")
    async with project.reading() as connection:
        fitting: dict[str, Any] = {}
        if compatible_prompt_template_id is not None:
            template = await template_of(connection, project.id, compatible_prompt_template_id)
            for_bots = is_system_only(template["messages"])
            fitting = {"with_columns": template["placeholders"], "but_type": "" if for_bots else "PERSONA"}
        found, count = await collections.find(
            connection,
            project.id,
            name=name if name is not None or "name" not in wanted else str(wanted["name"]),
            search=search or str(wanted.get("name_search", "")),
            has_rows=None if has_rows is None else bool(has_rows),
            collection_type=collection_type,
            sort=str(sorting),
            offset=paging.offset,
            limit=paging.limit,
            **fitting,
        )
    return Answer({"items": [shown(collection) for collection in found], "count": count})


@router.post("", status_code=201, response_model=CollectionWithRows)
async def create_collection(project: Editor, body: CollectionIn) -> Response:
    """A new collection, with its first rows. 409 where a collection or scenario set has the name."""
    async with project.changing() as change:
        id_ = await add_collection(change, project, body)
        return await _with_rows(change.connection, project.id, id_, 201)


async def add_collection(change: Change, project: ProjectAccess, body: CollectionIn) -> int:
    """The id of a new collection with its first rows. Raises Taken, and InputError."""
    given = body.variables or []
    columns = of_new(body.columns, given, body.collection_type)
    await _check_name(change.connection, project.id, body.name)
    id_ = await collections.create(
        change.connection,
        project.id,
        body.name,
        description=body.description,
        collection_type=body.collection_type,
        read_only=body.read_only,
        environment_config=body.environment_config,
        columns=[column.record(place) for place, column in enumerate(columns)],
        now=project.services.now(),
    )
    change.log("create", "collection", id_, name=body.name)
    await take_in(change, project, await collection_of(change.connection, project.id, id_), enumerate(given, 1))
    return id_


@router.get("/{collection_id}", response_model=CollectionWithRows)
async def get_collection(
    project: Viewer,
    collection_id: Id,
    with_rows: Annotated[bool, Query(description="Without, `variables` is empty.")] = True,
) -> Response:
    """One collection with all its rows."""
    async with project.reading() as connection:
        return await _with_rows(connection, project.id, collection_id, with_rows=with_rows)


@router.put("/{collection_id}", response_model=Collection)
async def update_collection(project: Editor, collection_id: Id, body: CollectionUpdate) -> Response:
    """Change what is given. Where columns change, the rows change with them, or nothing does."""
    async with project.changing() as change:
        before = await collection_of(change.connection, project.id, collection_id, to_change=True)
        await _check_name(change.connection, project.id, body.name, but=collection_id)
        now = project.services.now()
        given = body.model_dump(exclude={"columns"}, exclude_none=True)
        if "environment_config" in body.model_fields_set:
            given["environment_config"] = body.environment_config
        await collections.change(change.connection, collection_id, now=now, **given)
        if body.columns is not None:
            await put_columns(change, project, before | given, _changed_columns(before, body))
        change.log("update", "collection", collection_id, changed=sorted(body.model_fields_set))
        return Answer(shown(await collection_of(change.connection, project.id, collection_id)))


@router.delete("/{collection_id}", status_code=204)
async def delete_collection(project: Editor, collection_id: Id) -> None:
    """Delete it with all its rows. Experiments keep their own copies."""
    async with project.changing() as change:
        found = await collection_of(change.connection, project.id, collection_id, to_change=True)
        await collections.delete(change.connection, collection_id)
        change.log("delete", "collection", collection_id, name=found["name"])


def _changed_columns(collection: Record, body: CollectionUpdate) -> list[Column]:
    """The columns after the update. Raises InputError."""
    columns = changed(columns_of(collection), body.columns or [], collection["collection_type"])
    if collection["is_scenario_set"]:
        types = {column.name: column.column_type for column in columns}
        for name, type_ in ((SCENARIO_GOAL, "persona_goal"), (OUTCOME, "text")):
            if types.get(name) != type_:
                raise InputError(f"every scenario has this {type_} column: it stays as it is", field=name)
    return columns


async def _with_rows(
    connection: Connection, project_id: int, collection_id: int, status: int = 200, *, with_rows: bool = True
) -> Answer:
    collection = await collection_of(connection, project_id, collection_id)
    travels = shown(collection)
    every = await rows.page(connection, collection_id) if with_rows else []
    return Answer(travels | {"variables": [wire_row(row, travels) for row in every]}, status)


async def _check_name(connection: Connection, project_id: int, name: str, *, but: int | None = None) -> None:
    if problem := await name_problem(connection, project_id, name, but=but):
        raise Taken(problem)
