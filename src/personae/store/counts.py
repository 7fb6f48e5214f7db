"""Counts over the whole database, for those who run the server."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.tables import experiments, llm_configs, tasks


async def experiments_by_status(connection: AsyncConnection) -> dict[str, int]:
    """How many experiments there are in each status."""
    found = await connection.execute(select(experiments.c.status, func.count()).group_by(experiments.c.status))
    return {str(status): int(count) for status, count in found}


async def waiting_tasks(connection: AsyncConnection) -> int:
    """How many tasks no process has begun."""
    waits = (tasks.c.ended_at.is_(None), tasks.c.heartbeat_at.is_(None))
    return await connection.scalar(select(func.count()).select_from(tasks).where(*waits)) or 0


async def sealed(connection: AsyncConnection, *, most: int = 1000) -> list[str]:
    """What is stored encrypted, up to `most` of it."""
    chosen = select(llm_configs.c.secrets).where(llm_configs.c.secrets.is_not(None)).limit(most)
    return list((await connection.execute(chosen)).scalars())
