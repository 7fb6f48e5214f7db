"""The command line: one command, or group of commands, per file.

Each file registers what it has in `register`. It imports nothing heavy at its top, so that `personae --help` is quick;
what a command does stands in the module of the same name with an underscore, which is imported when it is called.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn

import typer

from personae import __version__
from personae.errors import PersonaeError

FAILED_GATE, BAD_INPUT, NOTHING_MEASURED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes beside 0: the gate is not passed; the input is wrong; no number came out; stopped by hand."""


def app(called: str = "") -> typer.Typer:
    """All commands. Where a file is of the name that is `called`, its commands alone: Typer works out the options of
    each command that it has, and those of all take a tenth of a second.
    """
    commands = typer.Typer(
        name="personae",
        help="Simulated users for chatbots: personas talk with your bot, every transcript is rated.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @commands.callback()
    def version(
        show: bool = typer.Option(False, "--version", is_eager=True, callback=_version, help="Show the version."),
    ) -> None:
        """Simulated users for chatbots."""

    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    for name in [called] if called in names else names:
        import_module(f"{__name__}.{name}").register(commands)
    return commands


def _version(show: bool) -> None:
    if show:
        typer.echo(f"personae {__version__}")
        raise typer.Exit


def main() -> None:
    """The program `personae`. Errors that a person can mend are one message, not a traceback."""
    # A short-lived program that makes many objects and few cycles: looking for garbage so often took a sixth of a run.
    gc.set_threshold(100_000, 50, 50)
    try:
        app(*sys.argv[1:2])()
    except PersonaeError as error:
        _fail(str(error), BAD_INPUT)
    except OSError as error:  # a file that we may not read, a folder where a file should be
        named = f"{error.filename}: " if error.filename else ""
        _fail(f"{named}{error.strerror or error}", BAD_INPUT)
    except KeyboardInterrupt:
        _fail("stopped", INTERRUPTED)


def _fail(message: str, code: int) -> NoReturn:
    from personae.reports._text import visible  # only where something went wrong; see above

    typer.echo(visible(message if code == INTERRUPTED else f"error: {message}"), err=True)
    sys.exit(code)
