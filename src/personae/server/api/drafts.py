"""Drafts: looked at one by one, by several people at once, and what is accepted put to use."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, InputError, NotFound
from personae.generation.review import Decision as Decided
from personae.server.api.collections import add_collection
from personae.server.api.generations import found as generation_of
from personae.server.api.generations import shown
from personae.server.deps import Change, Editor, Id, ProjectAccess, Viewer
from personae.server.generations.deciding import COLUMNS, HELD_FOR, decided, final, into_library, row_of
from personae.server.generations.flagging import similar, text_of
from personae.server.paging import Page, PagingDep
from personae.server.schemas.collection import CollectionIn, ColumnIn
from personae.server.schemas.draft import DecisionIn, Draft, Next, NextIn, SimilarDraft, TakeIn, Taken
from personae.store import drafts, persona_groups
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/generations/{generation_id}", tags=["generations"])

States = Literal["", "open", "accepted", "rejected", "disputed", "flagged"]


@router.get("/drafts")
async def list_drafts(
    project: Viewer,
    generation_id: Id,
    paging: PagingDep,
    state: Annotated[States, Query(description="Those alone; `flagged`: those that wait, and are flagged.")] = "",
) -> Page[Draft]:
    """Disputed ones first, then flagged ones, then all else in the order in which they were made."""
    async with project.reading() as connection:
        await generation_of(connection, project.id, generation_id)
        rows, count = await drafts.page(
            connection, generation_id, state=state, offset=paging.offset, limit=paging.limit
        )
    return Page(items=[Draft.of(row) for row in rows], count=count)


@router.post("/drafts/next")
async def next_draft(project: Editor, generation_id: Id, body: NextIn) -> Next:
    """The next draft to look at. It is yours for three minutes: others who ask are shown another one."""
    now, by = project.services.now(), project.actor
    async with project.changing() as change:
        await generation_of(change.connection, project.id, generation_id)
        ids = await drafts.waiting(change.connection, generation_id, by, now=now)
        counts = (await drafts.counts(change.connection, [generation_id]))[generation_id]
        left = sum(counts.get(state, 0) for state in drafts.WAITING)
        if not ids:
            return Next(draft=None, waiting=left)
        place = ids.index(body.after) + 1 if body.after in ids else 0
        row = await _found(change.connection, generation_id, ids[place % len(ids)], to_change=True)
        await drafts.change(change.connection, row["id"], held_by=by, held_until=now + HELD_FOR)
    return Next(draft=Draft.of(row), waiting=left)


@router.get("/drafts/{draft_id}")
async def get_draft(project: Viewer, generation_id: Id, draft_id: Id) -> Draft:
    """One draft."""
    async with project.reading() as connection:
        await generation_of(connection, project.id, generation_id)
        return Draft.of(await _found(connection, generation_id, draft_id))


@router.get("/drafts/{draft_id}/similar")
async def similar_drafts(project: Viewer, generation_id: Id, draft_id: Id) -> list[SimilarDraft]:
    """The drafts that share most words with this one, at most five."""
    async with project.reading() as connection:
        await generation_of(connection, project.id, generation_id)
        await _found(connection, generation_id, draft_id)
        rows = await drafts.records(connection, generation_id)
        near = await asyncio.to_thread(similar, rows, draft_id)
        states = {one.row["id"]: (await _found(connection, generation_id, one.row["id"]))["state"] for one in near}
    return [
        SimilarDraft(
            id=one.row["id"], text=text_of(one.row["record"]), state=states[one.row["id"]], shared=round(one.shared, 4)
        )
        for one in near
    ]


@router.put("/drafts/{draft_id}/decision")
async def decide(project: Editor, generation_id: Id, draft_id: Id, body: DecisionIn) -> Draft:
    """Accept it as it is or as it is edited, or reject it. In place of your earlier decision on it."""
    async with project.changing() as change:
        row = await _to_decide(change, project, generation_id, draft_id)
        given = {name: text for name, text in body.model_dump().items() if text and text != row["record"].get(name)}
        try:
            decision = Decided.model_validate({"key": row["key"], "by": project.actor} | given)
            values = decided(row, decision, project.actor)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(first["msg"], field=str(first["loc"][0]) if first["loc"] else None) from error
        await drafts.change(change.connection, draft_id, **values)
        change.log(body.verdict, "draft", draft_id, generation_id=generation_id, reason=body.reason)
        return Draft.of(row | values)


@router.delete("/drafts/{draft_id}/decision")
async def take_back(project: Editor, generation_id: Id, draft_id: Id) -> Draft:
    """Take your decision back."""
    async with project.changing() as change:
        row = await _to_decide(change, project, generation_id, draft_id)
        values = decided(row, None, project.actor)
        await drafts.change(change.connection, draft_id, **values)
        change.log("take back", "draft", draft_id, generation_id=generation_id)
        return Draft.of(row | values)


@router.post("/take")
async def take_accepted(project: Editor, generation_id: Id, body: TakeIn) -> Taken:
    """Accepted personas into the library and a group, accepted queries into a new collection: those not there yet."""
    async with project.changing() as change:
        generation = await generation_of(change.connection, project.id, generation_id)
        accepted = await drafts.in_state(change.connection, generation_id, "accepted")
        rows = [row for row in accepted if row["taken_id"] is None]
        if not rows:
            raise Conflict("nothing is accepted that is not there already: review the drafts first")
        name = body.name or generation["name"]
        if generation["makes"] == "persona":
            place = {"persona_group_id": await _into_group(change, project, rows, name)}
        else:
            place = {"collection_id": await _into_collection(change, project, rows, name)}
        change.log("take", "generation", generation_id, count=len(rows), **place)
        after = await shown(change.connection, project.id, generation_id)
    return Taken(count=len(rows), generation=after, **place)


async def _into_group(change: Change, project: ProjectAccess, rows: list[Record], name: str) -> int:
    now, connection = project.services.now(), change.connection
    note = f"generated: {name}"
    ids = await into_library(connection, project.id, rows, author=project.actor, note=note, now=now)
    there, _ = await persona_groups.find(connection, project.id, name=name, limit=1)
    group_id = there[0]["id"] if there else await persona_groups.create(connection, project.id, name, now=now)
    await persona_groups.add(connection, group_id, ids, now=now)
    return int(group_id)


async def _into_collection(change: Change, project: ProjectAccess, rows: list[Record], name: str) -> int:
    body = CollectionIn(
        name=name,
        description="Reviewed synthetic queries",
        columns=[ColumnIn(name=column) for column in COLUMNS],
        variables=[row_of(final(row)) for row in rows],
    )
    id_ = await add_collection(change, project, body)
    await drafts.change_each(change.connection, ({"draft_id": row["id"], "taken_id": id_} for row in rows))
    return id_


async def _to_decide(change: Change, project: ProjectAccess, generation_id: int, draft_id: int) -> Record:
    """Raises NotFound, and Conflict where it is in the library already."""
    await generation_of(change.connection, project.id, generation_id)
    row = await _found(change.connection, generation_id, draft_id, to_change=True)
    if row["taken_id"] is not None:
        raise Conflict("it was put to use already: change it there")
    return row


async def _found(connection: AsyncConnection, generation_id: int, draft_id: int, *, to_change: bool = False) -> Record:
    row = await drafts.get(connection, generation_id, draft_id, to_change=to_change)
    if row is None:
        raise NotFound(f"there is no draft {draft_id} in this generation")
    return row
