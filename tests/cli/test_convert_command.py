"""`personae convert`, `personae generate plan`, and what a method says in the end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

ADA = {"type": "TinyPerson", "persona": {"name": "Ada", "age": 41, "beliefs": ["Rye is best."]}}
PICKY = {"type": "Fragment", "persona": {"age": 50, "beliefs": ["All bills lie."]}}


def test_agents_are_converted_both_ways_and_fragments_added(command: Command, folder: Path) -> None:
    (folder / "ada.agent.json").write_text(json.dumps(ADA))
    (folder / "picky.fragment.json").write_text(json.dumps(PICKY))
    assert command("convert", "tinytroupe:ada.agent.json", "p.yaml").code == 0
    refused = command("convert", "p.yaml", "tinytroupe:out", "--add", "picky.fragment.json")
    assert refused.code == 2
    assert "'age' is 41 there and 50 here: say which one by --overwrite" in refused.err
    assert not (folder / "out").exists()
    done = command("convert", "p.yaml", "tinytroupe:out", "--add", "picky.fragment.json", "--overwrite")
    assert done.code == 0, done.err
    agent = json.loads((folder / "out" / "Ada.agent.json").read_text())
    assert agent["persona"] == {"name": "Ada", "age": 50, "beliefs": ["Rye is best.", "All bills lie."]}


def test_a_plan_is_proposed_never_over_another_and_people_are_made_by_it(command: Command, folder: Path) -> None:
    (folder / "town.md").write_text("People of a small town.")
    assert command("generate", "plan", "--context", "town.md", "--provider", "offline").code == 0
    again = command("generate", "plan", "--context", "town.md", "--provider", "offline")
    assert (again.code, "is there already" in again.err) == (2, True)
    text = (folder / "plan.yaml").read_text()
    assert text.startswith("# Proposed by offline/offline from town.md: these shares are guesses.")
    made = command(
        "generate", "population", "--context", "town.md", "--plan", "plan.yaml", "--provider", "offline",
        "-n", 20, "--json", "--out", "people.jsonl",
    )  # fmt: skip
    assert made.code == 0, made.err
    report = json.loads(made.out)["report"]
    assert all(row["met"] for row in report["quotas"])
    assert "shares are met" in made.err
    assert len((folder / "people.jsonl").read_text().splitlines()) == 20
