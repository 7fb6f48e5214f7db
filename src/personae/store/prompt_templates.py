"""Prompt templates: one row a version. The same content is never two versions of one name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import criteria, criterion_set_templates, projects, prompt_templates

_SET = (
    select(func.min(criterion_set_templates.c.criterion_set_id))
    .where(criterion_set_templates.c.prompt_template_id == prompt_templates.c.id)
    .scalar_subquery()
    .label("criterion_set_id")
)


async def lock(connection: AsyncConnection, project_id: int) -> None:
    """Until the transaction ends nobody else makes versions in the project, so that numbers are given once."""
    await connection.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())


async def add_version(
    connection: AsyncConnection,
    project_id: int,
    name: str,
    content: Mapping[str, Any],
    *,
    parent_id: int | None = None,
    now: datetime,
) -> int:
    """The id of the new version of `name`, or of the first. `content`: messages, content_hash and so on."""
    highest = await connection.scalar(
        select(func.max(prompt_templates.c.version)).where(
            prompt_templates.c.project_id == project_id, prompt_templates.c.name == name
        )
    )
    return await insert_one(
        connection,
        prompt_templates,
        project_id=project_id,
        name=name,
        version=(highest or 0) + 1,
        parent_prompt_template_id=parent_id,
        **content,
        created_at=now,
        updated_at=now,
    )


async def same(connection: AsyncConnection, project_id: int, name: str, content_hash: str) -> int | None:
    """The id of the version with this content; None where there is none."""
    found: int | None = await connection.scalar(
        select(prompt_templates.c.id).where(
            prompt_templates.c.project_id == project_id,
            prompt_templates.c.name == name,
            prompt_templates.c.content_hash == content_hash,
        )
    )
    return found


async def get(connection: AsyncConnection, project_id: int, template_id: int) -> Record | None:
    """One version, with its `criterion_set_id`."""
    found = await connection.execute(_all(project_id).where(prompt_templates.c.id == template_id))
    row = found.mappings().first()
    return None if row is None else dict(row)


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str | None = None,
    version: int | None = None,
    search: str = "",
    criterion_set_id: int | None = None,
    newest_only: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Versions, the newest first, and how many there are in all. `newest_only`: one of each name."""
    chosen: list[ColumnElement[bool]] = []
    if name is not None:
        chosen.append(prompt_templates.c.name == name)
    if version is not None:
        chosen.append(prompt_templates.c.version == version)
    if search:
        chosen.append(prompt_templates.c.name.icontains(search, autoescape=True))
    if criterion_set_id is not None:
        linked = select(criterion_set_templates.c.prompt_template_id).where(
            criterion_set_templates.c.criterion_set_id == criterion_set_id
        )
        chosen.append(prompt_templates.c.id.in_(linked))
    if newest_only:
        newest = (
            select(func.max(prompt_templates.c.id))
            .where(prompt_templates.c.project_id == project_id)
            .group_by(prompt_templates.c.name)
        )
        chosen.append(prompt_templates.c.id.in_(newest))
    mine = prompt_templates.c.project_id == project_id
    count = await connection.scalar(select(func.count()).select_from(prompt_templates).where(mine, *chosen))
    found = await connection.execute(
        _all(project_id).where(*chosen).order_by(prompt_templates.c.id.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def by_ids(connection: AsyncConnection, project_id: int, ids: Collection[int]) -> dict[int, Record]:
    """Those of them that are there, by id."""
    found = await connection.execute(_all(project_id).where(prompt_templates.c.id.in_(ids)))
    return {row["id"]: row for row in as_records(found)}


async def delete(connection: AsyncConnection, template_id: int) -> None:
    """Delete one version. Criteria that were written for it stay in their set."""
    await connection.execute(
        update(criteria).where(criteria.c.prompt_template_id == template_id).values(prompt_template_id=None)
    )
    await connection.execute(prompt_templates.delete().where(prompt_templates.c.id == template_id))


def _all(project_id: int) -> Select[Any]:
    return select(prompt_templates, _SET).where(prompt_templates.c.project_id == project_id)
