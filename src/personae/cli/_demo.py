"""What `personae demo` does: put its files into a folder, run the command that it shows, and name the report."""

from __future__ import annotations

import csv
import shlex
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import typer

from personae.cli._say import say
from personae.errors import RecordingError
from personae.experiments.result_file import read_rows
from personae.rating.labels import Label, append_label

DATA = "personae.demo"
FILES = (
    "bot.py",
    "bot_mended.py",
    "personas.jsonl",
    "scenarios.yaml",
    "criteria.yaml",
    "gate.yaml",
    "labels.csv",
    "product.md",
    "README.md",
)


def run(into: Path, *, mended: bool) -> None:
    """Copy the files where they are missing, and run the commands that are shown on them."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if not (into / name).exists():
                (into / name).write_bytes((files(DATA) / name).read_bytes())
    except OSError as error:
        raise RecordingError(f"cannot write into {str(into)!r}: {error.strerror}") from error
    name = "mended" if mended else "results"
    arguments = _simulation(into, mended=mended)
    _show(arguments)
    say("The offline engine is for trying and testing: it is no measure of a bot.", "dim")
    say("Its users are careless on purpose: now and then one slips out of its role, and is caught.", "dim")
    code = _call(arguments)
    if code == 0:
        if not mended:
            _decide(into)
            _judge_the_judge(into)
        say("")
        say(f"the report: {(into / f'{name}.html').resolve()}", "bold green")
        if not mended:
            say(f"the flawed bot beside its mended twin: {(into / 'compare.html').resolve()}", "bold green")
            say(f"the report of the mended twin: {(into / 'mended.html').resolve()}", "bold green")
    sys.exit(code)


def _simulation(into: Path, *, mended: bool) -> list[str]:
    name = "mended" if mended else "results"
    return [
        "simulate",
        "--model-cmd",
        str(into / ("bot_mended.py" if mended else "bot.py")),
        "--personas",
        str(into / "personas.jsonl"),
        "--criteria",
        str(into / "criteria.yaml"),
        "--provider",
        "offline",
        "--simulator-model",
        "careless",
        "--judge-model",
        "offline",
        "--behaviours",
        "impatient=0.3,pushes_back=0.2",
        "--out",
        str(into / f"{name}.jsonl"),
        "--html",
        str(into / f"{name}.html"),
        "--fresh",
    ]


def _decide(into: Path) -> None:
    """Hold the flawed bot beside its mended twin, and both against the gate: one fails, and one passes."""
    flawed, mended = str(into / "results.jsonl"), str(into / "mended.jsonl")
    policy = ["--policy", str(into / "gate.yaml")]
    for why, arguments in (
        ("The same users with the bot's mended twin:", [*_simulation(into, mended=True), "--quiet"]),
        (
            "Did mending it change anything? Each conversation beside its twin:",
            ["compare", flawed, mended, "--html", str(into / "compare.html")],
        ),
        ("May the flawed bot go out? It must not: it asks for what it was told.", ["gate", flawed, *policy]),
        ("May its mended twin?", ["gate", mended, *policy]),
    ):
        _show_and_call(arguments, why)


def _judge_the_judge(into: Path) -> None:
    """Hold the judge against the labels of a person who read the conversations, and put its card into the report."""
    flawed, labels, card = (str(into / name) for name in ("results.jsonl", "labels.jsonl", "judge-card.json"))
    if not _write_labels(into):
        return
    for why, arguments in (
        (
            "Can the judge be trusted? It is held against somebody who read the conversations:",
            ["judge", "check", flawed, "--labels", labels, "--card", card],
        ),
        (
            "The report again, with what is known of its judge:",
            ["report", flawed, "--html", str(into / "results.html"), "--judge-card", card],
        ),
    ):
        _show_and_call(arguments, why)


def _write_labels(into: Path) -> int:
    """How many labels of `labels.csv` are about conversations that are there; they are in `labels.jsonl` then."""
    keys = {row["persona"]["name"]: row["key"] for row in read_rows(into / "results.jsonl")}
    with (into / "labels.csv").open(encoding="utf-8", newline="") as file:
        said = [row for row in csv.DictReader(file) if row["persona"] in keys]
    out = into / "labels.jsonl"
    out.unlink(missing_ok=True)
    for row in said:
        answer = {"key": keys[row.pop("persona")], "rater": "reader", **row}
        append_label(out, Label.model_validate(answer))
    return len(said)


def _program() -> str:
    return "personae" if shutil.which("personae") else sys.argv[0]


def _show_and_call(arguments: list[str], why: str) -> None:
    say("")
    say(why, "dim")
    _show(arguments)
    _call(arguments)


def _show(arguments: list[str]) -> None:
    say(shlex.join([_program(), *arguments]), "bold")


def _call(arguments: list[str]) -> int:
    from personae.cli import app  # the command as a person would call it, so that what is shown is what runs

    try:
        app()(arguments, standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    except typer.Exit as end:
        return end.exit_code
    return 0
