"""Collections: tables of test cases, scenario sets among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from personae.errors import InputError
from personae.server.api.collection_files import import_collection
from personae.server.api.collections import (
    create_collection,
    delete_collection,
    list_collections,
    update_collection,
)
from personae.server.api.scenario_sets import create_scenario_set
from personae.server.column_rules import GOAL
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.collection import CollectionIn, CollectionType, CollectionUpdate, ColumnIn
from personae.server.schemas.scenario_set import ScenarioSetIn
from personae.server.web._collection_view import Typed, address, collection_named, show_collection
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems, uploaded
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Preset:
    """A kind of collection to begin with."""

    key: str
    label: str
    says: str
    type: CollectionType | Literal["scenarios"]
    columns: tuple[ColumnIn, ...] = ()


PRESETS = (
    Preset(
        "persona",
        N_("Persona"),
        N_("What simulated users want: a goal in each row. Further columns fill the {{placeholders}} of personas."),
        "PERSONA",
        (ColumnIn(name=GOAL, column_type="persona_goal"),),
    ),
    Preset(
        "scenarios",
        N_("Scenarios"),
        N_("A goal, and how the conversation is expected to end."),
        "scenarios",
    ),
    Preset(
        "questions",
        N_("Questions"),
        N_("A question in each row, and the answer that is expected. The bot answers once."),
        "STANDARD",
        (ColumnIn(name="question", column_type="text"), ColumnIn(name="expected_answer", column_type="text")),
    ),
    Preset(
        "conversations",
        N_("Conversations"),
        N_("Conversations that were held before; the bot gives the next reply."),
        "STANDARD",
        (ColumnIn(name="conversation", column_type="conversation"),),
    ),
    Preset(
        "tasks",
        N_("Tasks"),
        N_("An instruction for an agent in each row."),
        "AGENTIC",
        (ColumnIn(name="instruction", column_type="raw_input"),),
    ),
    Preset("blank", N_("Blank"), N_("Without columns: the first file brings them."), "STANDARD"),
)


@router.get("/p/{project_id}/collections")
async def collections(
    page: ProjectPage, project: Viewer, search: str = "", number: int = 1, new: bool = False
) -> Response:
    """The project's collections."""
    return await _listed(page, project, search=search, number=number, new=new)


@router.post("/p/{project_id}/collections")
async def create(page: ProjectPage, project: Editor) -> Response:
    """A new one, with the columns of its preset."""
    form = await page.form()
    name, key = str(form.get("name", "")), str(form.get("preset", "persona"))
    preset = next((one for one in PRESETS if one.key == key), PRESETS[0])
    try:
        if preset.type == "scenarios":
            made_id = (await create_scenario_set(project, ScenarioSetIn(name=name))).id
        else:
            columns = list(preset.columns) or None
            body = CollectionIn(name=name, collection_type=preset.type, columns=columns)
            made_id = data(await create_collection(project, body))["id"]
    except REFUSED as error:
        return await _listed(page, project, new=True, name=name, preset=preset.key, wrong=problems(error))
    return page.go(f"/p/{project.id}/collections/{made_id}", Toast(page.say(N_("%(name)s is there."), name=name)))


@router.get("/p/{project_id}/collections/{collection_id}")
async def collection(page: ProjectPage, project: Viewer, collection_id: Id) -> Response:
    """One of them: its rows as a grid."""
    return await show_collection(page, project, collection_id)


@router.post("/p/{project_id}/collections/{collection_id}")
async def update(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """Its name, description, and whether it is read-only."""
    form = await page.form()
    name, description = str(form.get("name", "")), str(form.get("description", ""))
    try:
        body = CollectionUpdate(name=name, description=description, read_only=form.get("read_only") == "1")
        await update_collection(project, collection_id, body)
    except REFUSED as error:
        typed = Typed(problems(error), "about", {"name": name, "description": description})
        return await show_collection(page, project, collection_id, typed)
    return page.go(address(page, collection_id), Toast(page.say(N_("%(name)s is saved."), name=body.name)))


@router.post("/p/{project_id}/collections/{collection_id}/import")
async def import_file(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """Rows from a file: all of them or none."""
    async with page.request.form() as form:  # closes the file
        file, skip = uploaded(form), form.get("skip_existing") == "1"
        try:
            if file is None:
                raise InputError(page.say(N_("Choose a file first.")))
            done = await import_collection(project, collection_id, file, skip_existing=skip)
        except REFUSED as error:
            typed = Typed(Problems({"file": str(error)}), "file")
            return await show_collection(page, project, collection_id, typed)
    text = page.say(N_("%(created)s rows are there, %(skipped)s were there before."), **done.model_dump())
    return page.go(address(page, collection_id), Toast(text))


@router.post("/p/{project_id}/collections/{collection_id}/delete")
async def delete(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """For good. The page has asked, by name."""
    name = (await collection_named(project, collection_id)).name
    await delete_collection(project, collection_id)
    return page.go(f"/p/{project.id}/collections", Toast(page.say(N_("%(name)s is deleted."), name=name)))


async def _listed(
    page: Page,
    project: ProjectAccess,
    *,
    search: str = "",
    number: int = 1,
    new: bool = False,
    name: str = "",
    preset: str = "persona",
    wrong: Problems | None = None,
) -> Response:
    number = max(1, min(number, 10**6))
    found = data(await list_collections(project, Paging(number, PER_PAGE), search=search))
    return await page.show(
        "collections.html",
        status=wrong.status if wrong else 200,
        listed=found,
        search=search,
        number=number,
        per_page=PER_PAGE,
        new=new,
        name=name,
        preset=preset,
        presets=PRESETS,
        problems=wrong or Problems(),
    )
