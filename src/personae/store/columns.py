"""Types of columns, the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Result, Text
from sqlalchemy import String as PlainString
from sqlalchemy.types import TypeDecorator

from personae.core.text import whole

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself only in a column of the type INTEGER."""


def storable(text: str) -> str:
    """`text` as both databases take it: without NUL, which PostgreSQL refuses, and without lone surrogates."""
    return whole(text.replace("\0", "\ufffd") if "\0" in text else text)


class Words(TypeDecorator[str]):
    """Any text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else storable(value)


class String(TypeDecorator[str]):
    """Text of limited length, for names and words of ours. Whoever takes it from outside checks its length."""

    impl = PlainString
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """A point in time, always in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """SQLite forgets the zone."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True)
"""Text to both databases: JSONB would sort the keys, and refuse NUL inside texts."""

Record = dict[str, Any]
"""One row, as plain data."""


def as_records(found: Result[Any]) -> list[Record]:
    """All rows of a result: in a third of the time that SQLAlchemy's mappings take."""
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]
