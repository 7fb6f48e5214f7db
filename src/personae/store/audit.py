"""The audit log: who changed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import audit_log


async def record(
    connection: AsyncConnection,
    *,
    organization_id: int,
    project_id: int | None,
    actor: str,
    action: str,
    noun: str,
    noun_id: int | str = "",
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write one entry, in the transaction of the change that it tells of."""
    await connection.execute(
        audit_log.insert().values(
            organization_id=organization_id,
            project_id=project_id,
            at=now,
            actor=actor[:340],
            action=action,
            noun=noun,
            noun_id=str(noun_id)[:60],
            detail=dict(detail or {}),
        )
    )


async def record_in_each(
    connection: AsyncConnection,
    organization_ids: Iterable[int],
    *,
    actor: str,
    action: str,
    noun: str,
    noun_id: int | str,
    now: datetime,
) -> None:
    """What concerns a person, and so each organization of theirs."""
    for organization_id in organization_ids:
        await record(
            connection,
            organization_id=organization_id,
            project_id=None,
            actor=actor,
            action=action,
            noun=noun,
            noun_id=noun_id,
            now=now,
        )


async def entries(
    connection: AsyncConnection,
    organization_id: int,
    project_id: int | None,
    *,
    actor: str | None = None,
    noun: str | None = None,
    noun_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[Record], int]:
    """The latest entries first, and how many there are."""
    chosen = audit_log.c.organization_id == organization_id
    wanted = {"project_id": project_id, "actor": actor, "noun": noun, "noun_id": noun_id}
    for name, value in wanted.items():
        if value is not None:
            chosen &= audit_log.c[name] == value
    count = await connection.scalar(select(func.count()).select_from(audit_log).where(chosen))
    found = await connection.execute(
        select(audit_log).where(chosen).order_by(audit_log.c.id.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0
