"""Bring a database to the schema of this version, from any earlier one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from personae.errors import ConfigurationError
from personae.store.engine import Database

_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 7_305_118_341_902_233
"""Any number, the same in all processes: names the lock under which one of them migrates."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings for our migrations, on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


async def migrate(database: Database) -> None:
    """Apply what is missing, all of it or nothing. Several processes may call it at once.

    Raises ConfigurationError where the database was made by a later version of personae.
    """
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade)


async def revision(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one."""
    async with database.reading() as connection:
        return await connection.run_sync(_revision)


def head() -> str:
    """The revision of this version of personae."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def is_known(at: str) -> bool:
    """Whether this version of personae knows the revision `at`."""
    return at in {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    at = _revision(connection)
    if at is not None and not is_known(at):
        raise ConfigurationError(
            f"the database is at revision {at}, which this version of personae does not know: install a later one"
        )
    command.upgrade(config(connection), "head")
