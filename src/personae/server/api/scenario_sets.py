"""Scenario sets: PERSONA collections, seen as lists of scenarios. Each is a collection with the same id."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from personae.errors import InputError, NotFound
from personae.server.collection_changes import name_problem, put_columns
from personae.server.column_rules import Column, check
from personae.server.deps import Editor, Id, Viewer
from personae.server.paging import Page, PagingDep
from personae.server.row_intake import collection_of, columns_of
from personae.server.schemas.scenario_set import (
    RESERVED,
    FieldIn,
    ScenarioField,
    ScenarioSet,
    ScenarioSetIn,
    ScenarioSetUpdate,
    new_columns,
)
from personae.store import collections
from personae.store.columns import Record
from personae.store.engine import Connection

router = APIRouter(prefix="/projects/{project_id}/scenario-sets", tags=["scenario sets"])


@router.get("")
async def list_scenario_sets(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    name_search: Annotated[str, Query(description="Part of a name, in any case.")] = "",
) -> Page[ScenarioSet]:
    """The project's scenario sets, the newest first."""
    async with project.reading() as connection:
        found, count = await collections.find(
            connection,
            project.id,
            name=name,
            search=name_search,
            is_scenario_set=True,
            offset=paging.offset,
            limit=paging.limit,
        )
    return Page(items=[ScenarioSet.of(one) for one in found], count=count)


@router.post("", status_code=201)
async def create_scenario_set(project: Editor, body: ScenarioSetIn) -> ScenarioSet:
    """A new set without scenarios. 400 where a scenario set or collection has the name."""
    columns = new_columns(body.fields)
    _check_fields(columns)
    name = body.name or f"Scenarios {secrets.token_hex(4)}"
    async with project.changing() as change:
        await _check_name(change.connection, project.id, name)
        id_ = await collections.create(
            change.connection,
            project.id,
            name,
            description=body.description,
            collection_type="PERSONA",
            is_scenario_set=True,
            columns=[column.record(place) for place, column in enumerate(columns)],
            now=project.services.now(),
        )
        change.log("create", "scenario set", id_, name=name)
        return ScenarioSet.of(await set_of(change.connection, project.id, id_))


@router.get("/{scenario_set_id}")
async def get_scenario_set(project: Viewer, scenario_set_id: Id) -> ScenarioSet:
    """One set."""
    async with project.reading() as connection:
        return ScenarioSet.of(await set_of(connection, project.id, scenario_set_id))


@router.put("/{scenario_set_id}")
async def update_scenario_set(project: Editor, scenario_set_id: Id, body: ScenarioSetUpdate) -> ScenarioSet:
    """Change what is given."""
    async with project.changing() as change:
        await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        given = body.model_dump(exclude_none=True)
        if body.name is not None:
            await _check_name(change.connection, project.id, body.name, but=scenario_set_id)
        if given:
            await collections.change(change.connection, scenario_set_id, now=project.services.now(), **given)
            change.log("update", "scenario set", scenario_set_id, changed=sorted(given))
        return ScenarioSet.of(await set_of(change.connection, project.id, scenario_set_id))


@router.delete("/{scenario_set_id}", status_code=204)
async def delete_scenario_set(project: Editor, scenario_set_id: Id) -> None:
    """Delete it with all its scenarios. Experiments keep their own copies."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        await collections.delete(change.connection, scenario_set_id)
        change.log("delete", "scenario set", scenario_set_id, name=found["name"])


@router.post("/{scenario_set_id}/fields", status_code=201)
async def add_field(project: Editor, scenario_set_id: Id, body: FieldIn) -> ScenarioField:
    """Add a field. The scenarios that are there get its default."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        columns = [*columns_of(found), Column(body.name, default_value=body.default_value or "")]
        _check_fields(columns)
        await put_columns(change, project, found, columns)
        change.log("update", "scenario set", scenario_set_id, added=body.name)
        after = await set_of(change.connection, project.id, scenario_set_id)
        return ScenarioField.of(next(column for column in after["columns"] if column["name"] == body.name))


@router.put("/{scenario_set_id}/fields/{field_id}")
async def update_field(project: Editor, scenario_set_id: Id, field_id: Id, body: FieldIn) -> ScenarioField:
    """Rename a field, in all scenarios too, or give it another default for those to come."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        field = _field(found, field_id)
        default = field.default_value if body.default_value is None else body.default_value
        new = replace(field, name=body.name, default_value=default)
        columns = [new if column.id == field_id else column for column in columns_of(found)]
        _check_fields(columns)
        await put_columns(change, project, found, columns)
        change.log("update", "scenario set", scenario_set_id, renamed={field.name: body.name})
        after = await set_of(change.connection, project.id, scenario_set_id)
        return ScenarioField.of(next(column for column in after["columns"] if column["id"] == field_id))


@router.delete("/{scenario_set_id}/fields/{field_id}", status_code=204)
async def delete_field(project: Editor, scenario_set_id: Id, field_id: Id) -> None:
    """Delete a field, in all scenarios too."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        field = _field(found, field_id)
        columns = [column for column in columns_of(found) if column.id != field_id]
        await put_columns(change, project, found, columns)
        change.log("update", "scenario set", scenario_set_id, removed=field.name)


async def set_of(connection: Connection, project_id: int, set_id: int, *, to_change: bool = False) -> Record:
    """The collection that is this set. Raises NotFound."""
    found = await collection_of(connection, project_id, set_id, to_change=to_change)
    if not found["is_scenario_set"]:
        raise NotFound(f"there is no scenario set {set_id} in this project (it is a collection)")
    return found


async def _check_name(connection: Connection, project_id: int, name: str, *, but: int | None = None) -> None:
    if problem := await name_problem(connection, project_id, name, but=but):
        raise InputError(problem, field="name")  # not a conflict: clients of the SDK know it so


def _field(scenario_set: Record, field_id: int) -> Column:
    """The field. Raises NotFound, and InputError for what every scenario has."""
    for column in columns_of(scenario_set):
        if column.id == field_id:
            if column.name in RESERVED:
                raise InputError("every scenario has this: it can be neither renamed nor deleted", field=column.name)
            return column
    raise NotFound(f"there is no field {field_id} in {scenario_set['name']!r}")


def _check_fields(columns: Sequence[Column]) -> None:
    names = [column.name for column in columns]
    for name in RESERVED:
        if names.count(name) > 1:
            raise InputError("is reserved: every scenario has it", field=name)
    check(columns, "PERSONA")
