"""What `personae demo` does: put its files into a folder, run the command that it shows, and name the report."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from personae.errors import RecordingError

DATA = "personae.demo"
FILES = ("bot.py", "bot_mended.py", "personas.jsonl", "scenarios.yaml", "criteria.yaml", "product.md", "README.md")


def run(into: Path, *, mended: bool) -> None:
    """Copy the files where they are missing, and run `personae simulate` on them."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if not (into / name).exists():
                (into / name).write_bytes((files(DATA) / name).read_bytes())
    except OSError as error:
        raise RecordingError(f"cannot write into {str(into)!r}: {error.strerror}") from error
    name = "mended" if mended else "results"
    arguments = [
        "simulate",
        "--model-cmd",
        str(into / ("bot_mended.py" if mended else "bot.py")),
        "--personas",
        str(into / "personas.jsonl"),
        "--criteria",
        str(into / "criteria.yaml"),
        "--provider",
        "offline",
        "--out",
        str(into / f"{name}.jsonl"),
        "--html",
        str(into / f"{name}.html"),
        "--fresh",
    ]
    console = Console(stderr=True, highlight=False)
    program = "personae" if shutil.which("personae") else sys.argv[0]
    _say(console, shlex.join([program, *arguments]), "bold")
    _say(console, "The offline engine is for trying and testing: it is no measure of a bot.", "dim")
    code = _simulate(arguments)
    if code == 0:
        report = (into / f"{name}.html").resolve()
        console.print()
        _say(console, f"the report: {report}", "bold green")
        if not mended:
            twin = shlex.join([program, "demo", "--mended", "--into", str(into)])
            _say(console, f"the same for the bot's mended twin: {twin}")
    sys.exit(code)


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(line, style), soft_wrap=True)


def _simulate(arguments: list[str]) -> int:
    from personae.cli import app  # the command as a person would call it, so that what is shown is what runs

    try:
        app()(arguments, standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    except typer.Exit as end:
        return end.exit_code
    return 0
