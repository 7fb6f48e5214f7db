"""Collections: tables of typed columns. Their rows are in `store.rows`; scenario sets are collections too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import collection_columns, collections

SORTS = {"name": collections.c.name, "created_at": collections.c.created_at, "updated_at": collections.c.updated_at}
"""What collections can be sorted by; with a dash before it, the other way round."""


async def create(
    connection: AsyncConnection,
    project_id: int,
    name: str,
    *,
    description: str = "",
    collection_type: str = "STANDARD",
    is_scenario_set: bool = False,
    read_only: bool = False,
    environment_config: Record | None = None,
    columns: Sequence[Record] = (),
    now: datetime,
) -> int:
    """The new collection's id. Raises IntegrityError where the name is taken."""
    collection_id = await insert_one(
        connection,
        collections,
        project_id=project_id,
        name=name,
        description=description,
        collection_type=collection_type,
        is_scenario_set=is_scenario_set,
        read_only=read_only,
        environment_config=environment_config,
        created_at=now,
        updated_at=now,
    )
    await put_columns(connection, collection_id, columns)
    return collection_id


async def get(
    connection: AsyncConnection, project_id: int, collection_id: int, *, to_change: bool = False
) -> Record | None:
    """The collection with its `columns` in their order. `to_change` holds off all others that want to change it."""
    statement = select(collections).where(collections.c.project_id == project_id, collections.c.id == collection_id)
    found = await connection.execute(statement.with_for_update() if to_change else statement)
    row = found.mappings().first()
    return None if row is None else (await _with_columns(connection, [dict(row)]))[0]


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str | None = None,
    search: str = "",
    has_rows: bool | None = None,
    collection_type: str | None = None,
    is_scenario_set: bool | None = None,
    with_columns: Collection[str] = (),
    but_type: str = "",
    sort: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Collections with their columns, by `sort` or else the newest first, and how many there are in all.

    `with_columns`: only those that have all of these columns; `but_type`: none of this type.
    """
    chosen: list[ColumnElement[bool]] = [collections.c.project_id == project_id]
    if name is not None:
        chosen.append(collections.c.name == name)
    if search:
        chosen.append(collections.c.name.icontains(search, autoescape=True))
    if has_rows is not None:
        chosen.append(collections.c.rows_count > 0 if has_rows else collections.c.rows_count == 0)
    if collection_type is not None:
        chosen.append(collections.c.collection_type == collection_type)
    if but_type:
        chosen.append(collections.c.collection_type != but_type)
    if is_scenario_set is not None:
        chosen.append(collections.c.is_scenario_set.is_(is_scenario_set))
    if with_columns:
        having = (
            select(collection_columns.c.collection_id)
            .where(collection_columns.c.name.in_(with_columns))
            .group_by(collection_columns.c.collection_id)
            .having(func.count() == len(set(with_columns)))
        )
        chosen.append(collections.c.id.in_(having))
    count = await connection.scalar(select(func.count()).select_from(collections).where(*chosen))
    found = await connection.execute(
        select(collections).where(*chosen).order_by(*_order(sort)).offset(offset).limit(limit)
    )
    return await _with_columns(connection, as_records(found)), count or 0


def _order(sort: str) -> tuple[ColumnElement[Any], ...]:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return (collections.c.id.desc(),)
    if sort.startswith("-"):
        return column.desc(), collections.c.id.desc()
    return column.asc(), collections.c.id.asc()


async def is_taken(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> bool:
    """Whether another collection or scenario set of the project has the name."""
    found = await connection.execute(
        select(collections.c.id).where(collections.c.project_id == project_id, collections.c.name == name)
    )
    return any(id_ != but for id_ in found.scalars())


async def change(connection: AsyncConnection, collection_id: int, *, now: datetime, **values: Any) -> None:
    """Set `values`, of the collection's own columns."""
    await connection.execute(
        update(collections).where(collections.c.id == collection_id).values(**values, updated_at=now)
    )


async def content_changed(connection: AsyncConnection, collection_id: int, *, more: int = 0, now: datetime) -> None:
    """Its rows or columns are others now: the next version, and `more` rows than before."""
    await change(
        connection,
        collection_id,
        now=now,
        version=collections.c.version + 1,
        rows_count=collections.c.rows_count + more,
    )


async def delete(connection: AsyncConnection, collection_id: int) -> None:
    """With all its rows. Experiments keep their own copies."""
    await connection.execute(collections.delete().where(collections.c.id == collection_id))


async def put_columns(connection: AsyncConnection, collection_id: int, columns: Sequence[Record]) -> None:
    """Make the columns these and no others: those with an `id` are changed, those without are made. Rows stay."""
    kept = [column["id"] for column in columns if column["id"] is not None]
    mine = collection_columns.c.collection_id == collection_id
    await connection.execute(collection_columns.delete().where(mine, collection_columns.c.id.not_in(kept)))
    if kept:
        by_id = update(collection_columns).where(mine, collection_columns.c.id == bindparam("which"))
        # Two columns that change names would meet half-way, so all get out of the way first.
        await connection.execute(
            by_id.values(name=bindparam("away")), [{"which": id_, "away": f"\1{id_}"} for id_ in kept]
        )
        known = [column for column in columns if column["id"] is not None]
        await connection.execute(
            by_id, [{"which": column["id"], **{k: v for k, v in column.items() if k != "id"}} for column in known]
        )
    if new := [column for column in columns if column["id"] is None]:
        await connection.execute(
            collection_columns.insert(),
            [{"collection_id": collection_id, **{k: v for k, v in column.items() if k != "id"}} for column in new],
        )


async def _with_columns(connection: AsyncConnection, found: list[Record]) -> list[Record]:
    by_id: dict[int, Record] = {row["id"]: row | {"columns": []} for row in found}
    if by_id:
        columns = await connection.execute(
            select(collection_columns)
            .where(collection_columns.c.collection_id.in_(by_id))
            .order_by(collection_columns.c.column_position, collection_columns.c.id)
        )
        for column in columns.mappings():
            by_id[column["collection_id"]]["columns"].append(dict(column))
    return list(by_id.values())
