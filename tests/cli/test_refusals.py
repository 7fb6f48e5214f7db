"""What the command refuses: one message that says where, exit 2, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.fake_llm import FakeLLM, Reply
from lab.fake_llm.hostile import CONTROLS
from tests.running import Done, rows

Command = Callable[..., Done]

REFUSED: dict[str, tuple[tuple[object, ...], tuple[str, ...], str]] = {
    "no bot": ((), ("--bot",), "name the bot to test by --bot, or by --model-cmd"),
    "two bots": (("--model-cmd", "bot.py"), (), "one of the two"),
    "a bot that is none": (("--bot", "nonsense"), (), "'nonsense' names no bot"),
    "no bot file": (("--bot", "nowhere.py"), (), "nowhere.py"),
    "no personas": ((), ("--personas",), "give --personas FILE, --propose-from PRODUCT.md, or --scenarios FILE"),
    "no personas file": (("--personas", "nowhere.jsonl"), (), "nowhere.jsonl"),
    "a folder of personas": (("--personas", "."), (), "."),
    "personas twice": (("--propose-from", "personas.jsonl"), (), "give --personas or --propose-from, not both"),
    "no product text": (("--propose-from", "nowhere.md"), ("--personas",), "nowhere.md: there is no such file"),
    "no scenarios": (("--scenarios", "nowhere.csv"), (), "nowhere.csv"),
    "no such importer": (("--scenarios", "tau9:x.json"), (), "tau9"),
    "no criteria": (("--criteria", "nowhere.txt"), (), "nowhere.txt"),
    "no such metric": (("--metrics", "turn_consistensy"), (), "there is turn_consistency"),
    "no such provider": (("--provider", "opnai"), (), "no provider is called 'opnai'; there is openai"),
    "an address for nobody": (("--provider", "offline"), (), "asks no model, so nothing would go to http://127.0.0.1"),
    "no key": (("--provider", "anthropic"), ("--base-url",), "ANTHROPIC_API_KEY"),
    "a price that is none": (("--price", "cheap"), (), "cheap"),
    "resume without a file": (("--resume",), (), "there is nothing to go on from: no file 'r.jsonl'"),
    "a folder for results": (("--out", "."), (), "is a folder: name a file"),
    "a folder for html": (("--html", "."), (), "is a folder: name a file"),
    "one file for two": (("--html", "x", "--junit", "x"), (), "--html and --junit name the same file: x"),
    "the personas as results": (("--out", "personas.jsonl"), (), "personas.jsonl:1: is no result of a simulation"),
    "fresh on the personas": (("--out", "personas.jsonl", "--fresh"), (), "--fresh does not replace it"),
    "an option without meaning": (("--bot-model", "m"), (), "--bot-model has no meaning for the bot mock"),
    "a folder as a cassette": (("--cassette", "."), (), "."),
    "a turn too few": (("--max-turns", 0), (), "--max-turns"),
    "no such option": (("--max-turn", 3), (), "--max-turn"),
    "an unwritable report": (("--junit", "/proc/self/r.xml"), (), "r.xml"),
}


@pytest.mark.parametrize(("arguments", "without", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_before_the_first_call(
    simulate: Command, fake: FakeLLM, folder: Path, arguments: tuple[object, ...], without: tuple[str, ...], says: str
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = simulate(*arguments, without=without)
    assert done.code == 2, done.said
    assert says in " ".join(done.err.replace("│", " ").split())
    assert fake.ledger.calls() == 0
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"name": "Ann", "profile": "x", "goal": "y", "success_criteria": "z", "nmae": 1}', "p.jsonl:1: nmae"),
        (
            '\n# note\n{"name": "Ann", "profile": "x", "goal": "y", "success_criteria": "z", "traits": "terse"}',
            "p.jsonl:3: traits",
        ),
        ('{"name": "Ann", "profile": "x"', "p.jsonl:1"),
    ],
)
def test_a_mistake_in_a_file_is_named_by_file_line_and_field(
    simulate: Command, folder: Path, content: str, says: str
) -> None:
    (folder / "p.jsonl").write_text(content)
    done = simulate("--personas", "p.jsonl")
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_other_peoples_results_are_refused_and_stay(simulate: Command, folder: Path) -> None:
    simulate()
    before = (folder / "r.jsonl").read_bytes()
    done = simulate("--bot", "mock:echo")
    assert done.code == 2
    assert "other personas, scenarios, bot or settings. Give another --out, or replace it with --fresh" in done.err
    assert (folder / "r.jsonl").read_bytes() == before


def test_results_rated_by_other_criteria_are_refused(simulate: Command) -> None:
    simulate()
    done = simulate("--metrics", "none")
    assert done.code == 2
    assert "rated by other criteria, metrics or another judge" in done.err


HOSTILE = ["[red]", "[/red]", "[bold", "\x1b[31mred\x1b[0m", "a\rb", "line\nbreak", "\u202egnp.exe", "\\[x]", ":smile:"]


def test_hostile_names_are_shown_as_text(simulate: Command, folder: Path) -> None:
    lines = [
        json.dumps({"name": f"{number} {name}", "profile": "x", "goal": name, "success_criteria": "y"})
        for number, name in enumerate(HOSTILE)
    ]
    (folder / "p.jsonl").write_text("\n".join(lines))
    done = simulate("--personas", "p.jsonl")
    assert done.code == 0
    assert not set("\x1b\r\u202e") & set(done.said)
    progress = [line for line in done.err.splitlines() if line.startswith("[")]
    assert len(progress) == len(HOSTILE)
    assert sorted(line.split("]", 1)[1].split()[0] for line in progress) == [str(number) for number in range(9)]
    assert "0 [red]" in done.err
    assert "8 :smile:" in done.err


def test_hostile_errors_are_shown_as_text(simulate: Command, folder: Path) -> None:
    (folder / "bot.py").write_text("def model_fn(prompt):\n    raise RuntimeError('[/red] \\x1b[31m')\n")
    done = simulate("--bot", "bot.py")
    assert done.code == 3
    assert "\x1b" not in done.said
    assert "[/red]" in done.err


def test_hostile_replies_do_not_reach_the_terminal(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    fake.play({"simulator": [Reply(CONTROLS)]})
    done = simulate("--concurrency", 1)
    assert "\x1b" not in done.said
    assert rows(folder / "r.jsonl")[0]["transcript"][0]["content"] == CONTROLS


def test_when_nothing_was_measured_the_command_fails(simulate: Command, folder: Path) -> None:
    (folder / "bot.py").write_text("def model_fn(prompt):\n    return None\n")
    done = simulate("--bot", "bot.py", "--json")
    assert done.code == 3
    assert "nothing was measured" in done.err
    json.loads(done.out)
