"""LLM configs: how a project reaches its models and bots. What must not be shown is stored encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import experiments, llm_configs

_OVER = ("draft", "finished", "cancelled", "failed")
"""States of experiments that need no config any more, or not yet."""


async def create(
    connection: AsyncConnection,
    project_id: int,
    name: str,
    settings: Mapping[str, Any],
    secrets: str | None,
    *,
    now: datetime,
) -> int:
    """The new config's id. `secrets` are sealed. Raises IntegrityError where the name is taken."""
    return await insert_one(
        connection,
        llm_configs,
        project_id=project_id,
        name=name,
        settings=dict(settings),
        secrets=secrets,
        created_at=now,
        updated_at=now,
    )


async def change(
    connection: AsyncConnection,
    project_id: int,
    config_id: int,
    name: str,
    settings: Mapping[str, Any],
    secrets: str | None,
    *,
    now: datetime,
) -> None:
    """Replace it whole."""
    await connection.execute(
        update(llm_configs)
        .where(llm_configs.c.project_id == project_id, llm_configs.c.id == config_id)
        .values(name=name, settings=dict(settings), secrets=secrets, updated_at=now)
    )


async def get(connection: AsyncConnection, project_id: int, config_id: int) -> Record | None:
    """One config, with its sealed secrets."""
    return await _first(connection, project_id, llm_configs.c.id == config_id)


async def default(connection: AsyncConnection, project_id: int) -> Record | None:
    """What is used where an experiment names none."""
    return await _first(connection, project_id, llm_configs.c.is_default.is_(True))


async def find(
    connection: AsyncConnection, project_id: int, *, name: str | None = None, offset: int = 0, limit: int | None = None
) -> tuple[list[Record], int]:
    """Configs by id, and how many there are in all."""
    chosen = llm_configs.c.project_id == project_id
    if name is not None:
        chosen &= llm_configs.c.name == name
    count = await connection.scalar(select(func.count()).select_from(llm_configs).where(chosen))
    found = await connection.execute(
        select(llm_configs).where(chosen).order_by(llm_configs.c.id).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def is_taken(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> bool:
    """Whether another config of the project has the name."""
    found = await connection.execute(
        select(llm_configs.c.id).where(llm_configs.c.project_id == project_id, llm_configs.c.name == name)
    )
    return any(id_ != but for id_ in found.scalars())


async def make_default(connection: AsyncConnection, project_id: int, config_id: int | None) -> None:
    """The one that is used where an experiment names none; None: no one."""
    of_project = llm_configs.c.project_id == project_id
    await connection.execute(
        update(llm_configs).where(of_project, llm_configs.c.is_default.is_(True)).values(is_default=False)
    )
    if config_id is not None:
        await connection.execute(
            update(llm_configs).where(of_project, llm_configs.c.id == config_id).values(is_default=True)
        )


async def unfinished_experiment(connection: AsyncConnection, project_id: int, config_id: int) -> str | None:
    """Name of an experiment that is under way with this config as its bot, simulator or judge, or None."""
    c = experiments.c
    under_way = await connection.execute(
        select(c.name, c.llm_config_id, c.settings)
        .where(c.project_id == project_id, c.status.not_in(_OVER))
        .order_by(c.id)
    )
    return next((name for name, bot, settings in under_way if config_id in {bot, *_asked(settings)}), None)


def _asked(settings: Mapping[str, Any]) -> list[int | None]:
    """The configs that an experiment's settings name."""
    choices = (settings.get("simulator"), settings.get("judge"), *settings.get("judges", ()))
    return [(one or {}).get("llm_config_id") for one in choices]


async def delete(connection: AsyncConnection, project_id: int, config_id: int) -> None:
    """For good. Experiments keep their copies, without its keys."""
    await connection.execute(
        llm_configs.delete().where(llm_configs.c.project_id == project_id, llm_configs.c.id == config_id)
    )


async def _first(connection: AsyncConnection, project_id: int, chosen: ColumnElement[bool]) -> Record | None:
    found = await connection.execute(
        select(llm_configs).where(llm_configs.c.project_id == project_id, chosen).order_by(llm_configs.c.id).limit(1)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)
