"""The parser script of custom_api: what it can do, and what it cannot."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from personae.bots import BotReply, BotWiring, Session
from personae.bots._sandbox import LIMITS
from personae.bots.custom_api import CustomApiBot
from personae.errors import BotError
from tests.bots.serving import Server, events, text, user

pytestmark = pytest.mark.anyio


async def parsed(parser: str, server: Server, wiring: BotWiring, **settings: Any) -> BotReply:
    bot = CustomApiBot(server.url, parser=parser, **settings).open(wiring)
    try:
        return await bot.reply(user("Hi"), Session("ours"))
    finally:
        await bot.close()


@dataclass(frozen=True)
class Case:
    parser: str
    reply: str
    session_id: str = "ours"


ANSWER = {"parts": [{"t": "Hel"}, {"t": "lo"}], "sid": 12}
CASES = [
    Case("''.join(part['t'] for part in body['parts'])", "Hello"),
    Case("import json\njson.loads(text)['parts'][0]['t']", "Hel"),
    Case("def first(data):\n    return data['parts'][0]['t']\n\nfirst(body)", "Hel"),
    Case("{'reply': 'x', 'session_id': body['sid']}", "x", "12"),
    Case("{'reply': 'x', 'session_id': None}", "x"),
    Case("print('to be seen by nobody')\n'x'", "x"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parser[:20])
async def test_a_script_makes_the_reply(case: Case, server: Server, wiring: BotWiring) -> None:
    server.then(ANSWER)
    reply = await parsed(case.parser, server, wiring)
    assert (reply.text, reply.metadata["session_id"]) == (case.reply, case.session_id)


async def test_an_answer_that_is_no_json_comes_as_text(server: Server, wiring: BotWiring) -> None:
    server.then(text("<p>Hi</p>", "text/html"))
    assert (await parsed("assert body is None\ntext[3:5]", server, wiring)).text == "Hi"


async def test_the_events_of_a_stream_come_as_a_list(server: Server, wiring: BotWiring) -> None:
    server.then(events('{"t": "a"}', '{"t": "b"}'))
    assert (await parsed("'-'.join(event['t'] for event in body)", server, wiring, stream=True)).text == "a-b"


COUNTING = """
try:
    seen += 1
except NameError:
    seen = 1
str(seen)
"""


async def test_one_script_serves_many_conversations_apart(server: Server, wiring: BotWiring) -> None:
    server.then({"n": 1})
    bot = CustomApiBot(server.url, parser=COUNTING).open(wiring)
    try:
        replies = [await bot.reply(user("Hi"), Session(str(number))) for number in range(3)]
    finally:
        await bot.close()
    assert [reply.text for reply in replies] == ["1", "1", "1"]


@dataclass(frozen=True)
class Refused:
    parser: str
    message: str
    hopeless: bool = False


REFUSED = [
    Refused("open(body['path']).read()", "PermissionError"),
    Refused("from pathlib import Path\nPath(body['path']).read_text()", "PermissionError"),
    Refused("open(body['path'], 'w').write('x')", "PermissionError"),
    Refused("import os\nos.system('true')", "has no attribute 'system'"),
    Refused("import os\nos.listdir('/')", "PermissionError"),
    Refused("import os\nos.environ['PATH']", "failed"),
    Refused("import subprocess", "No module named 'subprocess'"),
    Refused("import socket", "No module named 'socket'"),
    Refused("import personae", "No module named 'personae'"),
    Refused("__import__('os')", "is not defined"),
    Refused("while True:\n    pass", "TimeoutError"),
    Refused("import time\nwhile True:\n    time.sleep(100)", "(TimeoutError|RuntimeError)"),
    Refused("'a' * 10 ** 10", "MemoryError"),
    Refused("many = [0] * 10\nwhile True:\n    many = many + many", "MemoryError"),
    Refused("def again():\n    return again()\n\nagain()", "RecursionError"),
    Refused("while True:\n    print('x' * 1000)", "MemoryError|TimeoutError"),
    Refused("body['missing']", r"KeyError.*\(line 1: body\['missing'\]\)"),
    Refused("a b", r"is not Python: .*\(line 1: a b\)", hopeless=True),
    Refused("x = 1", "yields nothing: its last line must be the reply"),
    Refused("3", "yields 3, not a text"),
    Refused("{'reply': 3}", "not a text or {reply, session_id}"),
    Refused("{'reply': 'x', 'sesion_id': '1'}", "not a text or {reply, session_id}"),
    Refused("' '", "empty reply"),
    Refused("'x' * 1_000_001", "yields 1,000,001 characters"),
    Refused("{'reply': 'x' * 1_000_001}", "yields 1,000,001 characters"),
    Refused("{'reply': 'x', 'session_id': 10 ** 5000}", "not a text or {reply, session_id}"),
    Refused("10 ** 5000", "yields a int, not a text"),
    Refused("list(range(1000))", r"yields \[0, 1, 2, 3, 4, 5, \.\.\.\], not a text"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.parser[:30])
async def test_a_script_that_fails_or_reaches_out_is_a_bot_error(
    case: Refused, server: Server, wiring: BotWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "max_feed_duration_secs", 0.2)
    monkeypatch.setitem(LIMITS, "max_memory", 32 * 1024 * 1024)
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    server.then({"path": str(secret)})
    with pytest.raises(BotError, match=case.message) as raised:
        await parsed(case.parser, server, wiring)
    assert raised.value.hopeless is case.hopeless
    assert "the secret" not in str(raised.value) + raised.value.received
    assert secret.read_text() == "the secret"


async def test_after_a_script_was_ended_the_next_one_runs(
    server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "max_memory", 32 * 1024 * 1024)
    server.then({"n": 10**10}, {"n": 3})
    bot = CustomApiBot(server.url, parser="'a' * body['n']").open(wiring)
    try:
        with pytest.raises(BotError):
            await bot.reply(user("Hi"), Session("s"))
        assert (await bot.reply(user("Hi"), Session("s"))).text == "aaa"
    finally:
        await bot.close()


PROGRAM = """
import asyncio
from personae.bots._sandbox import Parser
from personae.errors import BotError

async def main():
    parser = Parser("import time\\ntry:\\n    open('/x')\\nexcept Exception:\\n    time.sleep(1)\\ntext", 2)
    print(await parser.parse("fine", None))
    await parser.close()

asyncio.run(main())
"""


def test_the_interpreter_ends_cleanly_after_a_script_called_out_to_the_host() -> None:
    for _ in range(5):  # with the asynchronous pool one run in ten ends by SIGABRT
        ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stdout) == (0, "('fine', None)\n"), ended.stderr
