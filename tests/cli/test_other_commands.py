"""`personae`, `report`, `view`, `stamp` and `bot check` by themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import personae
from lab.fake_bot import FakeBots
from lab.fake_llm import FakeLLM
from tests.running import ROOT, Done

Command = Callable[..., Done]


def test_the_version_is_shown(command: Command) -> None:
    assert command("--version").out == f"personae {personae.__version__}\n"


def test_without_a_command_the_help_is_shown(command: Command) -> None:
    done = command()
    assert "simulate" in done.said
    assert "Simulated users for chatbots" in done.said


@pytest.mark.parametrize("name", ["simulate", "report", "view", "stamp", "bot"])
def test_every_command_has_help(command: Command, name: str) -> None:
    assert command(name, "--help").code == 0


def test_every_option_of_simulate_stands_in_a_guide(command: Command) -> None:
    guides = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    options = set(re.findall(r"--[a-z][a-z-]+", command("simulate", "--help").out)) - {"--help"}
    assert len(options) > 35
    assert [option for option in sorted(options) if not re.search(rf"{option}(?![a-z-])", guides)] == []


def test_report_writes_html_beside_the_results(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    done = command("report", "r.jsonl")
    assert done.code == 0
    assert (folder / "r.html").exists()


def test_report_prints_json_alone(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    assert json.loads(command("report", "r.jsonl", "--json").out)["simulated"] is True
    assert not (folder / "r.html").exists()


def test_report_writes_junit(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    command("report", "r.jsonl", "--junit", "r.xml")
    assert "<testsuite" in (folder / "r.xml").read_text()


def test_view_names_the_page(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    done = command("view", "r.jsonl", "--no-browser")
    assert Path(done.out.strip()) == (folder / "r.html").resolve()


@pytest.mark.parametrize("name", ["report", "view", "stamp"])
def test_a_file_that_is_not_there_is_said(command: Command, name: str) -> None:
    done = command(name, "nowhere.jsonl")
    assert done.code == 2
    assert "nowhere.jsonl" in done.err


@pytest.mark.parametrize("content", ["not json\n", '{"name": "Ann"}\n', "[]\n", "\x00\n"])
@pytest.mark.parametrize("name", ["report", "view"])
def test_a_file_of_something_else_is_said_with_its_line(
    command: Command, folder: Path, name: str, content: str
) -> None:
    (folder / "x.jsonl").write_text(content)
    done = command(name, "x.jsonl")
    assert done.code == 2
    assert "x.jsonl:1" in done.err


def test_bot_check_shows_request_and_reply(command: Command) -> None:
    with FakeBots.in_thread() as bots:
        done = command("bot", "check", f"botario:{bots.url}/botario")
    assert done.code == 0, done.said
    assert "mapped reply" in done.out


def test_bot_check_says_that_a_bot_forgets(command: Command, fake: FakeLLM) -> None:
    done = command("bot", "check", fake.url + "/v1", "--bot-model", "m")
    assert done.code == 3
    assert "does not know what was said a turn before" in done.out


def test_bot_check_as_json(command: Command) -> None:
    assert json.loads(command("bot", "check", "mock", "--json").out)["turns"]


def test_bot_check_fails_where_nobody_answers(command: Command) -> None:
    done = command("bot", "check", "http://127.0.0.1:9/v1", "--bot-model", "m")
    assert done.code == 3
    assert "no reply" in done.out
    assert "mapped reply" not in done.out
