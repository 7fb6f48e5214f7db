"""Scenarios: the rows of a scenario set."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.errors import InputError
from personae.server.answers import Answer
from personae.server.api.scenario_sets import set_of
from personae.server.collection_changes import put_columns
from personae.server.deps import Editor, Id, Viewer
from personae.server.paging import Page, PagingDep
from personae.server.row_intake import check_open, columns_of, row_of, rules_of, take_in
from personae.server.scenario_files import FORMATS, missing_columns, read_rows
from personae.server.schemas.collection import Imported
from personae.server.schemas.scenario_set import Scenario, ScenarioIn, ScenariosIn, wire_scenario
from personae.server.uploads import Upload, read_upload
from personae.store import collections, rows
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/scenario-sets/{scenario_set_id}", tags=["scenario sets"])


@router.get("/scenarios", response_model=Page[Scenario])
async def list_scenarios(project: Viewer, scenario_set_id: Id, paging: PagingDep) -> Response:
    """The scenarios, the oldest first."""
    async with project.reading() as connection:
        found = await set_of(connection, project.id, scenario_set_id)
        page = await rows.page(connection, scenario_set_id, offset=paging.offset, limit=paging.limit)
    return Answer({"items": [wire_scenario(row) for row in page], "count": found["rows_count"]})


@router.post("/scenarios", status_code=201, response_model=Scenario)
async def add_scenario(project: Editor, scenario_set_id: Id, body: ScenarioIn) -> Response:
    """Add a scenario."""
    values = _values(body)
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        check_open(found)
        (made,) = await take_in(change, project, found, [(None, values)])
    return Answer(wire_scenario(made), 201)


@router.post("/scenarios/batch", status_code=201, response_model=list[Scenario])
async def add_scenarios(project: Editor, scenario_set_id: Id, body: ScenariosIn) -> Response:
    """Add scenarios. The answer has those that were made."""
    given = [(None, _values(scenario, f"scenarios.{place}.")) for place, scenario in enumerate(body.scenarios)]
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        check_open(found)
        made = await take_in(change, project, found, given, skip_existing=body.skip_existing)
    return Answer([wire_scenario(row) for row in made], 201)


@router.get("/scenarios/{scenario_id}", response_model=Scenario)
async def get_scenario(project: Viewer, scenario_set_id: Id, scenario_id: Id) -> Response:
    """One scenario."""
    async with project.reading() as connection:
        found = await set_of(connection, project.id, scenario_set_id)
        return Answer(wire_scenario(await row_of(connection, found, scenario_id)))


@router.put("/scenarios/{scenario_id}", response_model=Scenario)
async def update_scenario(project: Editor, scenario_set_id: Id, scenario_id: Id, body: ScenarioIn) -> Response:
    """Replace a scenario. Fields that are left out go back to their default."""
    async with project.changing() as change:
        connection, now = change.connection, project.services.now()
        found = await set_of(connection, project.id, scenario_set_id, to_change=True)
        check_open(found)
        before = await row_of(connection, found, scenario_id)
        new = rules_of(found).row(_values(body), before["environment_config"])
        await rows.replace(connection, scenario_id, new, now=now)
        await collections.content_changed(connection, scenario_set_id, now=now)
        change.log("update", "scenario", scenario_id, scenario_set_id=scenario_set_id)
        return Answer(wire_scenario(await row_of(connection, found, scenario_id)))


@router.delete("/scenarios/{scenario_id}", status_code=204)
async def delete_scenario(project: Editor, scenario_set_id: Id, scenario_id: Id) -> None:
    """Delete a scenario. Experiments keep their own copies."""
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        check_open(found)
        await row_of(change.connection, found, scenario_id)
        await rows.delete(change.connection, scenario_set_id, scenario_id)
        await collections.content_changed(change.connection, scenario_set_id, more=-1, now=project.services.now())
        change.log("delete", "scenario", scenario_id, scenario_set_id=scenario_set_id)


@router.post("/import")
async def import_scenarios(
    project: Editor,
    scenario_set_id: Id,
    file: Upload,
    source: Annotated[
        str, Query(description=f"What the file is, where its name does not tell: {', '.join(FORMATS)}.")
    ] = "",
    skip_existing: Annotated[bool, Query(description="Leave out those that are there already.")] = False,
) -> Imported:
    """Add the scenarios of a file, in any form that `personae simulate --scenarios` reads. New fields are added."""
    async with project.reading() as connection:
        await set_of(connection, project.id, scenario_set_id)
    given = await read_upload(file, lambda path: read_rows(path, source))
    async with project.changing() as change:
        found = await set_of(change.connection, project.id, scenario_set_id, to_change=True)
        check_open(found)
        if missing := missing_columns(given, columns_of(found)):
            await put_columns(change, project, found, [*columns_of(found), *missing])
            found = await set_of(change.connection, project.id, scenario_set_id)
        made = await take_in(change, project, found, [(None, values) for values in given], skip_existing=skip_existing)
    return Imported(created=len(made), skipped=len(given) - len(made))


def _values(scenario: ScenarioIn, where: str = "") -> Record:
    try:
        return scenario.values()
    except ValueError as error:
        raise InputError(str(error), field=f"{where}field_values") from None
