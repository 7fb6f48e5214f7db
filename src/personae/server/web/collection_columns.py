"""The columns of a collection: named, typed, with what a row has there that says nothing."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from personae.server.api.collections import update_collection
from personae.server.deps import Editor, Id, ProjectAccess
from personae.server.schemas.collection import CollectionUpdate, ColumnIn
from personae.server.web._collection_view import Typed, address, collection_named, show_collection
from personae.server.web._forms import REFUSED, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()


@router.post("/p/{project_id}/collections/{collection_id}/columns")
async def add(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """A new column, at the right."""
    form = await page.form()
    return await _put(page, project, collection_id, form, page.say(N_("The column is there.")))


@router.post("/p/{project_id}/collections/{collection_id}/columns/{column_id}")
async def change(page: ProjectPage, project: Editor, collection_id: Id, column_id: Id) -> Response:
    """Another name, type or default: the rows follow, or nothing changes."""
    form = await page.form()
    return await _put(page, project, collection_id, form, page.say(N_("The column is saved.")), column_id)


@router.post("/p/{project_id}/collections/{collection_id}/columns/{column_id}/delete")
async def delete(page: ProjectPage, project: Editor, collection_id: Id, column_id: Id) -> Response:
    """For good, with its values in all rows. The page has asked, by name."""
    return await _put(page, project, collection_id, None, page.say(N_("The column is deleted.")), column_id)


async def _put(
    page: Page,
    project: ProjectAccess,
    collection_id: int,
    form: FormData | None,
    said: str,
    column_id: int | None = None,
) -> Response:
    """All columns as they shall be: `form` says one of them, None that it goes."""
    collection = await collection_named(project, collection_id)
    typed = {name: str(text) for name, text in (form or {}).items()}
    try:
        columns = []
        for column in collection.columns:
            if column.id != column_id:
                columns.append(ColumnIn(id=column.id))
            elif form is not None:
                columns.append(_column(typed, column.id))
        if column_id is None:
            columns.append(_column(typed))
        await update_collection(project, collection_id, CollectionUpdate(name=collection.name, columns=columns))
    except REFUSED as error:
        wrong = problems(error)
        place = f"column-{column_id or 'new'}"
        return await show_collection(page, project, collection_id, Typed(wrong, place, typed))
    return page.go(address(page, collection_id), Toast(said))


def _column(typed: dict[str, str], column_id: int | None = None) -> ColumnIn:
    choices = [line.strip() for line in typed.get("choices", "").split("\n") if line.strip()]
    return ColumnIn.model_validate(
        {
            "id": column_id,
            "name": typed.get("name", ""),
            "column_type": typed.get("column_type") or "text",
            "default_value": typed.get("default_value", "").replace("\r\n", "\n"),
            "categorical_values": choices or None,
        }
    )
