from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from personae.bots import BotSpec
from personae.bots._auth import Auth
from personae.bots._targets import parse_target, settings
from personae.bots.botario import BotarioBot
from personae.bots.command import CommandBot
from personae.bots.custom_api import CustomApiBot
from personae.bots.mock import MockBot
from personae.bots.openai import OpenAIBot
from personae.bots.python import PythonBot
from personae.cli._bot_spec import bot_spec
from personae.errors import ConfigurationError, InputError


@dataclass(frozen=True)
class Case:
    target: str
    spec: BotSpec


CASES = [
    Case("http://127.0.0.1:8000/v1", OpenAIBot(base_url="http://127.0.0.1:8000/v1")),
    Case("https://bot.example/v1/chat/completions", OpenAIBot(base_url="https://bot.example/v1")),
    Case("openai:http://127.0.0.1/v1/", OpenAIBot(base_url="http://127.0.0.1/v1")),
    Case("model:offline", OpenAIBot(provider="offline")),
    Case("model:anthropic/claude-x", OpenAIBot(provider="anthropic", model="claude-x")),
    Case("model:openrouter/meta/llama-3:free", OpenAIBot(provider="openrouter", model="meta/llama-3:free")),
    Case("botario:https://bot.example/chat", BotarioBot("https://bot.example/chat")),
    Case("mock", MockBot()),
    Case("mock:echo", MockBot(echo=True)),
    Case(" mock ", MockBot()),
    Case("bot.py", PythonBot("bot.py")),
    Case("folder of mine/bot.py:talk", PythonBot("folder of mine/bot.py", "talk")),
    Case("python:bot.py", PythonBot("bot.py")),
    Case("shop.bots:talk", PythonBot("shop.bots", "talk")),
    Case("python:shop:talk", PythonBot("shop", "talk")),
    Case("command:python bot.py --flag", CommandBot("python bot.py --flag")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.target)
def test_what_a_person_writes_becomes_a_spec(case: Case) -> None:
    assert parse_target(case.target) == case.spec


@dataclass(frozen=True)
class Unknown:
    target: str
    message: str


UNKNOWN = [
    Unknown("moc", "'moc' names no bot: did you mean 'mock'?. A bot is one of:"),
    Unknown("modle:offline!", "did you mean 'model'"),
    Unknown("", "'' names no bot"),
    Unknown("what is this", "FILE.py or FILE.py:FUNCTION"),
    Unknown("model:", "names no bot"),
    Unknown("mock:loud", "'mock:loud' is no target of the bot 'mock'"),
    Unknown("custom_api:somewhere", "is no target of the bot 'custom_api'"),
    Unknown("gone.yaml", "gone.yaml: no such file"),
    Unknown("custom-api:gone.yaml", "gone.yaml: no such file"),
]


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: case.target)
def test_what_names_no_bot_is_answered_with_what_does(case: Unknown) -> None:
    with pytest.raises(InputError) as raised:
        parse_target(case.target)
    assert case.message.replace("?.", "?") in str(raised.value).replace("?.", "?")


def write(tmp_path: Path, name: str, text: str) -> str:
    file = tmp_path / name
    file.write_text(text)
    return str(file)


FULL = """\
bot: custom_api   # may be left out
url: https://bot.example/{{tenant}}
method: PUT
headers:
  X-Lang: "{{lang}}"
body:
  q: "{{message}}"
  list: [1, 2.5, true, null, on, 2026-01-02]
auth:
  env: BOT_KEY
  prefix: ""
reply_path: a.b
parser: ""
stateful: yes
system_prompt: |
  Be kind.
"""


def test_a_yaml_file_is_read_whole(tmp_path: Path) -> None:
    spec = parse_target(write(tmp_path, "bot.yaml", FULL))
    assert spec == CustomApiBot(
        "https://bot.example/{{tenant}}",
        method="PUT",
        headers={"X-Lang": "{{lang}}"},
        body={"q": "{{message}}", "list": [1, 2.5, True, None, "on", "2026-01-02"]},
        auth=Auth("BOT_KEY", prefix=""),
        reply_path="a.b",
        stateful=True,
        system_prompt="Be kind.\n",
    )


@pytest.mark.parametrize(
    ("name", "text", "spec"),
    [
        ("b.yml", "url: http://127.0.0.1/\n", CustomApiBot("http://127.0.0.1/")),
        ("b.json", '{\n\t"url": "http:\\/\\/127.0.0.1\\/"\n}', CustomApiBot("http://127.0.0.1/")),
        ("b.json", '\ufeff{"bot": "mock", "replies": ["a", "b"], "latency_ms": 5}', MockBot(("a", "b"), latency_ms=5)),
        ("b.yaml", "bot: custom-api\nurl: http://127.0.0.1/\n", CustomApiBot("http://127.0.0.1/")),
        ("b.yaml", "bot: openai\nprovider: ollama\nmodel: llama\n", OpenAIBot("llama", provider="ollama")),
        ("b.yaml", "bot: botario\nurl: http://127.0.0.1/\n", BotarioBot("http://127.0.0.1/")),
        ("b.yaml", "bot: python\nsource: shop.bots\nfunction: talk\n", PythonBot("shop.bots", "talk")),
        ("b.yaml", "bot: command\ncommand: cat -u\nprocesses: 2\n", CommandBot("cat -u", 2)),
    ],
)
def test_the_same_form_serves_all_bots(name: str, text: str, spec: BotSpec, tmp_path: Path) -> None:
    target = write(tmp_path, name, text)
    assert parse_target(target) == spec
    assert type(spec).from_target(target) == spec


def test_a_python_file_is_looked_for_beside_the_spec_file(tmp_path: Path) -> None:
    file = write(tmp_path, "bot.py", "")
    target = write(tmp_path, "spec.yaml", "bot: python\nsource: bot.py\n")
    assert parse_target(target) == PythonBot(file)


def test_a_kind_before_a_spec_file_must_be_its_own(tmp_path: Path) -> None:
    target = write(tmp_path, "bot.yaml", "bot: mock\n")
    assert parse_target(f"mock:{target}") == MockBot()
    with pytest.raises(InputError, match="describes MockBot, not a bot of the kind 'openai'"):
        parse_target(f"openai:{target}")


def test_a_system_prompt_that_would_never_be_sent_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "deaf.yaml", 'url: http://127.0.0.1/\nbody: {q: "{{message}}"}\n')
    write(tmp_path, "own.yaml", 'url: http://127.0.0.1/\nbody: {q: "{{message}}"}\nsystem_prompt: Be kind.\n')
    for name in ("deaf.yaml", "own.yaml"):
        with pytest.raises(ConfigurationError, match="the system prompt would never reach the bot custom_api at 127"):
            bot_spec(str(tmp_path / name), system="Be kind.")
    target = write(tmp_path, "hears.yaml", 'url: http://127.0.0.1/\nbody: {q: "{{system_prompt}} {{message}}"}\n')
    assert bot_spec(target, system="Be kind.") == replace(parse_target(target), system_prompt="Be kind.")  # type: ignore[type-var]


@dataclass(frozen=True)
class Broken:
    text: str
    message: str
    name: str = "bot.yaml"


BROKEN = [
    Broken("url: u\nbdoy: {}\n", ":2: bdoy: unknown field; did you mean body?"),
    Broken("url: u\nxyz: 1\n", ":2: xyz: unknown field; there is url, method, headers"),
    Broken("url: u\nauth:\n  env: A\n  hedaer: X\n", ":4: auth.hedaer: unknown field; did you mean auth.header?"),
    Broken("url: u\nauth: {}\n", "auth.env: is needed and not given"),
    Broken("bot: custom_api\nmethod: GET\n", ":1: url: is needed and not given"),
    Broken("url: u\nstream: maybe\n", ":2: stream: input should be a valid boolean"),
    Broken("url: u\nheaders: [a]\n", ":2: headers: input should be a valid dictionary"),
    Broken("url: u\n\nheaders:\n  X: 3\n", ":3: headers.X: input should be a valid string"),
    Broken("bot: mock\nreplies: hello\n", ":2: replies: input should be a valid tuple"),
    Broken("bot: python\nsource: a\nfunction: 3\n", ":3: function: input should be a valid string"),
    Broken("bot: mock\nat_end: never\n", ":2: at_end: input should be 'repeat' or 'cycle'"),
    Broken("url: u\nurl: v\n", ':2: is not YAML: found duplicate key "url"'),
    Broken("url: u\nbody: {{message}}\n", ":2: body: has a key that is not text; a placeholder must stand in quotes"),
    Broken("url: u\nbody: !!python/name:os.system x\n", "holds TaggedScalar, which JSON does not have"),
    Broken("url: [\n", "is not YAML:"),
    Broken("- a\n", ":1: must hold settings"),
    Broken("", ":1: must hold settings"),
    Broken("name: Ann\n", ":1: is no bot: give `bot:` (one of botario, command, custom_api"),
    Broken("bot: openia\n", ":1: bot: no bot is called 'openia'; there is openai"),
    Broken("bot: [mock]\n", ":1: bot: is not a text"),
    Broken('{\n  "url": 1,\n}', ":3: is not JSON: ", "bot.json"),
    Broken('{\n  "url": "u",\n  "bdy": 1\n}', ":3: bdy: unknown field; did you mean body?", "bot.json"),
    Broken('{"url": "u", "url": "v"}', "duplicate key", "bot.json"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.text[:25])
def test_a_file_that_cannot_be_taken_whole_is_told_with_line_and_field(case: Broken, tmp_path: Path) -> None:
    target = write(tmp_path, case.name, case.text)
    with pytest.raises(InputError) as raised:
        parse_target(target)
    assert str(raised.value).startswith(target)
    assert case.message in str(raised.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bot.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as UTF-8 text"):
        parse_target(str(file))


def test_settings_for_a_record_hold_no_secret() -> None:
    specs: list[tuple[BotSpec, dict[str, Any]]] = [
        (OpenAIBot("m", "http://h/v1?key=s3cret", api_key="s3cret"), {"api_key": "***", "base_url": "http://h/v1?***"}),
        (
            CustomApiBot("http://h/", headers={"X-Key": "s3cret"}, auth=Auth("K")),
            {"headers": {"X-Key": "***"}, "auth": {"env": "K", "header": "Authorization", "prefix": "Bearer "}},
        ),
        (MockBot(("a",)), {"replies": ["a"], "echo": False}),
    ]
    for spec, some in specs:
        recorded = settings(spec)
        assert {name: recorded[name] for name in some} == some
        assert "s3cret" not in repr(recorded)
    assert settings(PythonBot(function=write))["function"] == "write"
