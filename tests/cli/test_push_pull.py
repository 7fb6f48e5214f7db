"""Runs of the command line into a server and back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from personae.generation.review import Decision, append_decisions, beside
from personae.sources import read_queries
from tests.cli.conftest import Command
from tests.running import rows
from tests.server.running import Server, running


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("push") / "personae.db"
    shutil.copy(sqlite_template, path)
    with running(f"sqlite:///{path}") as made:
        yield made


@pytest.fixture
def run(command: Command, folder: Path) -> Path:
    """A result file of a real run, with a row that is awkward to carry."""
    done = command(
        "simulate", "--bot", "mock", "--personas", "personas.jsonl", "--provider", "offline", "--max-turns", 2,
        "--out", "run.jsonl",
    )  # fmt: skip
    assert done.code == 0, done.said
    path = folder / "run.jsonl"
    awkward = rows(path)[0] | {"key": "f" * 16, "of another version": [2**70, "\u2028 \u0085 🙂", None]}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(awkward, ensure_ascii=False) + "\n")
    return path


def test_a_run_comes_back_as_it_was_pushed(command: Command, run: Path, server: Server) -> None:
    to = ("--key", server.key)
    pushed = command("push", run, "--to", server.url, *to, "--name", "There and back")
    assert pushed.code == 0, pushed.said
    assert pushed.out.endswith(" 'There and back': 3 conversations\n")
    pulled = command("pull", "There and back", "--from", server.url, *to, "--out", "back.jsonl")
    assert pulled.code == 0, pulled.said
    back = run.with_name("back.jsonl")
    assert rows(back) == rows(run)
    assert not list(run.parent.glob("*.new"))
    again = command("pull", pushed.out.split()[1], "--from", server.url, *to, "--out", "again.jsonl")
    assert (again.code, run.with_name("again.jsonl").read_bytes()) == (0, back.read_bytes())
    assert command("report", "back.jsonl", "--json").code == 0


def test_a_file_is_not_replaced_unasked(command: Command, run: Path, server: Server) -> None:
    command("push", run, "--to", server.url, "--key", server.key)
    pull = ("pull", "run", "--from", server.url, "--key", server.key, "--out", "there.jsonl")
    run.with_name("there.jsonl").write_text("mine")
    refused = command(*pull)
    assert (refused.code, refused.err) == (2, "error: there.jsonl: is there already: give another --out, or --force\n")
    assert command(*pull, "--force").code == 0
    assert len(rows(run.with_name("there.jsonl"))) == 3


def test_what_goes_wrong_is_said(command: Command, run: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONAE_URL", server.url)
    monkeypatch.setenv("PERSONAE_API_KEY", server.key)
    Path("broken.jsonl").write_text(run.read_text(encoding="utf-8") + '{"key": "x"}\n', encoding="utf-8")
    assert command("push", run, "--name", "Twice").code == 0
    cases = [
        (("push", "broken.jsonl"), "error: broken.jsonl:4: is no row of a result file"),
        (("push", "nothing.jsonl"), "error: nothing.jsonl: cannot be read: No such file or directory"),
        (("push", run, "--name", "Twice"), "error: an experiment is called 'Twice' already"),
        (("push", run, "--key", "pk_wrong"), "error: the API key is unknown or revoked"),
        (("push", run, "--to", "localhost"), "error: the server's address must begin with http:// or https://"),
        (("pull", "Nothing", "--out", "x.jsonl"), "error: there is no experiment 'Nothing'"),
        (("pull", "10000000", "--out", "x.jsonl"), "error: there is no experiment '10000000'"),
        (("pull", "Twice", "--out", "no folder/x.jsonl"), "error: cannot write 'no folder/x.jsonl': No such file"),
    ]
    for arguments, said in cases:
        done = command(*arguments)
        assert (done.code, done.err[: len(said)]) == (2, said)
    assert not Path("x.jsonl").exists()


def test_accepted_queries_become_a_collection(command: Command, folder: Path, server: Server) -> None:
    queries = [{"topic": "Lamps", "user_type": "Buyer", "query": f"Is lamp {number} in stock?"} for number in range(3)]
    path = folder / "queries.jsonl"
    path.write_text("".join(json.dumps(query) + "\n" for query in queries))
    keys = [query.key for query in read_queries(path)]
    said = [
        Decision(key=keys[0], by="ann", verdict="accept"),
        Decision(key=keys[1], by="ann", verdict="reject", reason="generic"),
        Decision(key=keys[2], by="ann", verdict="accept", query="Is the tall lamp in stock?", expected_outcome="Says."),
    ]
    append_decisions(beside(path), said)
    pushed = command("review", "queries.jsonl", "--to", server.url, "--key", server.key, "--name", "Lamps")
    assert pushed.code == 0, pushed.said
    with server.client() as api:
        (made,) = api.get("/collections", params={"name": "Lamps"}).json()["items"]
        found = [row["input_values"] for row in api.get(f"/collections/{made['id']}/entries").json()["items"]]
    assert f"collection {made['id']} 'Lamps': 2 rows" in pushed.err
    assert [row["query"] for row in found] == ["Is lamp 0 in stock?", "Is the tall lamp in stock?"]
    assert (found[1]["topic"], found[1]["expected_outcome"]) == ("Lamps", "Says.")
    again = command("review", "queries.jsonl", "--to", server.url, "--key", server.key, "--name", "Lamps")
    assert (again.code, "Lamps" in again.err) == (2, True), again.said
