"""`personae users`: people's accounts, from the machine that has the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Config = Annotated[Path | None, typer.Option(help="Settings in TOML; see docs/server.md.", metavar="FILE")]
_Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.", metavar="URL")
]
_Folder = Annotated[str | None, typer.Option(help="Where the database is kept, if --database does not say.")]
_Email = Annotated[str, typer.Option(help="The address with which the person signs in.")]


def register(commands: typer.Typer) -> None:
    """`personae users`."""
    users = typer.Typer(
        help="Accounts of people, for the first admin and for forgotten passwords. All else is done in the server: "
        "admins invite people by a link.",
        no_args_is_help=True,
    )
    for command in (create, password, disable, enable):
        users.command()(command)
    users.command("list")(list_)
    commands.add_typer(users, name="users")


def create(
    email: _Email,
    admin: Annotated[bool, typer.Option("--admin", help="An admin of the organization; else an editor.")] = False,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    organization: Annotated[str | None, typer.Option(help="Which one; else the first.", metavar="NAME")] = None,
    config: _Config = None,
    database: _Database = None,
    data_folder: _Folder = None,
) -> None:
    """Make an account. Asks for the password; without a terminal, the first line of the input is taken for it."""
    from personae.cli._users import Accounts

    Accounts(config, database, data_folder).create(email, name, organization, is_admin=admin)


def password(email: _Email, config: _Config = None, database: _Database = None, data_folder: _Folder = None) -> None:
    """Set a new password, asked for as in `create`. All sessions of the person end."""
    from personae.cli._users import Accounts

    Accounts(config, database, data_folder).set_password(email)


def disable(email: _Email, config: _Config = None, database: _Database = None, data_folder: _Folder = None) -> None:
    """Shut a person out: their sessions and API keys stop working."""
    from personae.cli._users import Accounts

    Accounts(config, database, data_folder).set_disabled(email, is_disabled=True)


def enable(email: _Email, config: _Config = None, database: _Database = None, data_folder: _Folder = None) -> None:
    """Let a person in again."""
    from personae.cli._users import Accounts

    Accounts(config, database, data_folder).set_disabled(email, is_disabled=False)


def list_(config: _Config = None, database: _Database = None, data_folder: _Folder = None) -> None:
    """All accounts, by e-mail address."""
    from personae.cli._users import Accounts

    Accounts(config, database, data_folder).list()
