"""The grid of a collection: rows written in place, pasted, taken away, and every change undone."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, UploadFile
from starlette.datastructures import FormData
from starlette.responses import Response

from personae.errors import InputError
from personae.server.api.rows import add_rows, delete_row, get_row, list_rows, update_row
from personae.server.deps import Editor, Id, ProjectAccess
from personae.server.paging import Paging
from personae.server.pasted import as_rows, value
from personae.server.schemas.collection import Column, RowUpdate
from personae.server.web._collection_view import Typed, address, collection_named, show_collection
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

Values = Mapping[str, Any]
_AT_ONCE = 500
"""Rows that are read at once to be pasted over."""


@router.post("/p/{project_id}/collections/{collection_id}/rows")
async def add(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """A new row."""
    form = await page.form()
    columns = (await collection_named(project, collection_id)).columns
    try:
        ids = await _added(project, collection_id, [_values(form, columns)])
    except REFUSED as error:
        return await show_collection(page, project, collection_id, Typed(_wrong(error), "row-new", _typed(form)))
    toast = Toast(page.say(N_("The row is there.")), _changes(page, collection_id), {"drop": json.dumps(ids)})
    return page.go(address(page, collection_id), toast)


@router.post("/p/{project_id}/collections/{collection_id}/rows/changes")
async def change(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """What undoes another change: rows to take away, to put back as they were, and to add, as JSON."""
    form = await page.form()
    try:
        drop, put, more = (json.loads(str(form.get(name) or "[]")) for name in ("drop", "put", "add"))
        for row_id in drop:
            await delete_row(project, collection_id, int(row_id))
        await _put(project, collection_id, [(int(row_id), values) for row_id, values in put])
        if more:
            await _added(project, collection_id, more)
    except (ValueError, TypeError):
        raise InputError("this change cannot be read") from None
    return page.go(address(page, collection_id), Toast(page.say(N_("Undone."))))


@router.post("/p/{project_id}/collections/{collection_id}/rows/{entry_id}")
async def save(page: ProjectPage, project: Editor, collection_id: Id, entry_id: Id) -> Response:
    """Other values for a row. Columns that were not sent stay as they are."""
    form = await page.form()
    columns = (await collection_named(project, collection_id)).columns
    before = data(await get_row(project, collection_id, entry_id))["input_values"]
    try:
        after = before | _values(form, columns)
        if after == before:
            return page.go(address(page, collection_id))
        await _put(project, collection_id, [(entry_id, after)])
    except REFUSED as error:
        return await show_collection(
            page, project, collection_id, Typed(_wrong(error), f"row-{entry_id}", _typed(form))
        )
    put = json.dumps([(entry_id, before)], ensure_ascii=False)
    return page.go(
        address(page, collection_id), Toast(page.say(N_("Saved.")), _changes(page, collection_id), {"put": put})
    )


@router.post("/p/{project_id}/collections/{collection_id}/rows/{entry_id}/delete")
async def delete(page: ProjectPage, project: Editor, collection_id: Id, entry_id: Id) -> Response:
    """Take a row away. Undone, it comes last."""
    before = data(await get_row(project, collection_id, entry_id))["input_values"]
    await delete_row(project, collection_id, entry_id)
    fields = {"add": json.dumps([before], ensure_ascii=False)}
    toast = Toast(page.say(N_("The row is deleted.")), _changes(page, collection_id), fields)
    return page.go(address(page, collection_id), toast)


@router.post("/p/{project_id}/collections/{collection_id}/paste")
async def paste(page: ProjectPage, project: Editor, collection_id: Id) -> Response:
    """Cells of a spreadsheet: over the rows from `at` on and further ones, or as new rows where `at` is blank."""
    form = await page.form()
    text, at, column = (str(form.get(name, "")) for name in ("text", "at", "column"))
    columns = (await collection_named(project, collection_id)).columns
    first = next((place for place, one in enumerate(columns) if str(one.id) == column), 0)
    try:
        given = as_rows(text, columns, first)
        over = await _from(project, collection_id, int(at), len(given)) if at.isdecimal() else []
        ids = await _added(project, collection_id, given[len(over) :]) if len(given) > len(over) else []
        merged = [(row["id"], row["input_values"] | new) for row, new in zip(over, given, strict=False)]
        await _put(project, collection_id, merged)
    except REFUSED as error:
        typed = Typed(Problems({"text": str(error)}), "paste", {"text": text})
        return await show_collection(page, project, collection_id, typed)
    said = page.say(N_("%(new)s new rows, %(over)s written over."), new=len(ids), over=len(over))
    put = json.dumps([(row["id"], row["input_values"]) for row in over], ensure_ascii=False)
    undo = {"drop": json.dumps(ids), "put": put}
    return page.go(address(page, collection_id), Toast(said, _changes(page, collection_id), undo))


def _changes(page: ProjectPage, collection_id: int) -> str:
    path, question, query = address(page, collection_id).partition("?")
    return f"{path}/rows/changes{question}{query}"


async def _added(project: ProjectAccess, collection_id: int, rows: Sequence[Values]) -> list[int]:
    """All of them or none; their ids."""
    lines = b"\n".join(json.dumps(row).encode() for row in rows)
    made = data(await add_rows(project, collection_id, UploadFile(io.BytesIO(lines))))
    return [row["id"] for row in made]


async def _put(project: ProjectAccess, collection_id: int, rows: Sequence[tuple[int, Values]]) -> None:
    for row_id, values in rows:
        await update_row(project, collection_id, row_id, RowUpdate(input_values=dict(values)))


async def _from(project: ProjectAccess, collection_id: int, row_id: int, most: int) -> list[dict[str, Any]]:
    """This row and those that follow it."""
    found: list[dict[str, Any]] = []
    number, is_there = 1, True
    while is_there and len(found) < most:
        some = data(await list_rows(project, collection_id, Paging(number, _AT_ONCE)))["items"]
        found += [row for row in some if row["id"] >= row_id]
        number, is_there = number + 1, len(some) == _AT_ONCE
    return found[:most]


def _values(form: FormData, columns: Sequence[Column]) -> dict[str, Any]:
    return {
        column.name: value(column, text)
        for column in columns
        if (text := _typed(form).get(f"c{column.id}")) is not None
    }


def _typed(form: FormData) -> dict[str, str]:
    return {name: str(text).replace("\r\n", "\n") for name, text in form.items()}


def _wrong(error: Exception) -> Problems:
    """In one line: a row of the grid has one place for it."""
    found = problems(error)  # type: ignore[arg-type]  # one of REFUSED
    text = "; ".join(f"{name}: {problem}" if name else problem for name, problem in found.items())
    told = Problems({"": text})
    told.status = found.status
    return told
