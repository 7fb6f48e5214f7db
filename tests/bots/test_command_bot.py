from __future__ import annotations

import asyncio
import json
import os
import select
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

import pytest

from personae.bots import Bot, BotWiring, Session
from personae.bots import command as command_module
from personae.bots.command import CommandBot
from personae.errors import BotError, InputError
from tests.bots.serving import user

pytestmark = pytest.mark.anyio

LOOP = """
import json, os, sys, time
def answer(value):
    print(json.dumps(value) if not isinstance(value, str) else value, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    message = request["message"]
"""


def program(tmp_path: Path, body: str, *, loop: bool = True) -> str:
    """A command that runs `body` for each request."""
    file = tmp_path / "program.py"
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    file.write_text(LOOP + indented if loop else body)
    return f"{quote(sys.executable)} -u {quote(str(file))}"


@asynccontextmanager
async def opened(spec: CommandBot, wiring: BotWiring) -> AsyncIterator[Bot]:
    bot = spec.open(wiring)
    try:
        yield bot
    finally:
        await bot.close()


async def test_the_whole_conversation_goes_in_and_the_reply_comes_out(wiring: BotWiring, tmp_path: Path) -> None:
    command = program(tmp_path, "answer({'reply': json.dumps(request), 'id': request['id']})")
    async with opened(CommandBot(command, system_prompt="Be kind."), wiring) as bot:
        reply = await bot.reply(user("Hi", "Hello", "Bye\ud800"), Session("s-1"))
    got = json.loads(reply.text)
    assert got.pop("id")
    assert got == {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Bye\ufffd"},
        ],
        "message": "Bye\ufffd",
        "session_id": "s-1",
    }
    assert reply.latency_ms > 0
    assert not bot.is_stateful


@dataclass(frozen=True)
class Case:
    body: str
    reply: str


CASES = [
    Case("answer('\"bare text\"')", "bare text"),
    Case("answer({'reply': 'ok', 'more': 1})", "ok"),
    Case("print(); answer({'reply': 'after a blank line'})", "after a blank line"),
    Case("answer({'id': 'stale', 'reply': 'no'}); answer({'id': request['id'], 'reply': 'ours'})", "ours"),
    Case("sys.stderr.write('x' * 300_000); answer({'reply': 'with noise'})", "with noise"),
    Case('sys.stdout.write(\'{"reply": "no line break"}\'); sys.stdout.flush(); os._exit(0)', "no line break"),
    Case('answer(\'{"reply": "lone \\\\ud800"}\')', "lone \ufffd"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reply)
async def test_what_counts_as_a_reply(case: Case, wiring: BotWiring, tmp_path: Path) -> None:
    async with opened(CommandBot(program(tmp_path, case.body)), wiring) as bot:
        assert (await bot.reply(user("Hi"), Session("s"))).text == case.reply


async def test_lines_of_five_megabytes_pass_in_both_directions(wiring: BotWiring, tmp_path: Path) -> None:
    long = "é" * 2_500_000
    async with opened(CommandBot(program(tmp_path, "answer({'reply': message})")), wiring) as bot:
        assert (await bot.reply(user(long), Session("s"))).text == long


@dataclass(frozen=True)
class Fails:
    body: str
    message: str


FAILS = [
    Fails("answer({'error': 'out of tea'})", "command:python.*: out of tea"),
    Fails("answer({'error': {'code': 7}})", r"command:python.*: \{\"code\":7\}"),
    Fails("answer({'answer': 'x'})", r"answered \{answer: text\}, not \{\"reply\": text\}"),
    Fails("answer({'reply': None})", "replied with None"),
    Fails("answer({'reply': ' '})", "empty reply"),
    Fails("answer('[1]')", r"answered \[number\]"),
    Fails("print('debugging', flush=True)", "not JSON: 'debugging'. Whatever is no reply belongs on stderr"),
    Fails("sys.exit('no key set')", "ended with exit status 1 and no reply; its stderr ends: no key set"),
    Fails("{}['gone']", "(?s)ended with exit status 1 .*KeyError: 'gone'"),
    Fails("os.kill(os.getpid(), 9)", "ended with signal SIGKILL"),
    Fails("os.close(1); time.sleep(100)", "ended with signal SIGTERM and no reply"),
    Fails("for n in range(200): answer({'id': 'x', 'reply': 'no'})", "answered other requests than ours"),
]


@pytest.mark.parametrize("case", FAILS, ids=lambda case: case.body[:30])
async def test_what_is_no_reply_is_an_error_that_shows_it(
    case: Fails, wiring: BotWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "_EXIT_S", 0.5)
    async with opened(CommandBot(program(tmp_path, case.body)), wiring) as bot:
        with pytest.raises(BotError, match=case.message):
            await bot.reply(user("Hi"), Session("s"))


async def test_one_that_gives_no_answer_is_replaced(wiring: BotWiring, tmp_path: Path) -> None:
    body = (
        "if message == 'hang': sys.stderr.write('thinking'); sys.stderr.flush(); time.sleep(1000)\n"
        "answer({'reply': str(os.getpid())})"
    )
    spec = CommandBot(program(tmp_path, body), processes=1)
    async with opened(spec, replace(wiring, timeout_s=3.0)) as bot:
        first = (await bot.reply(user("Hi"), Session("s"))).text
        with pytest.raises(BotError, match=r"no answer within 3 s; its stderr ends: thinking"):
            await bot.reply(user("hang"), Session("s"))
        second = (await bot.reply(user("Hi"), Session("s"))).text
        assert has_ended(int(first))
        assert first != second
    assert has_ended(int(second))


async def test_one_that_ends_after_each_reply_is_started_anew(wiring: BotWiring, tmp_path: Path) -> None:
    body = "answer({'reply': str(os.getpid())})\nos._exit(0)"
    async with opened(CommandBot(program(tmp_path, body), processes=1), wiring) as bot:
        pids = [(await bot.reply(user("Hi"), Session("s"))).text for _ in range(3)]
    assert len(set(pids)) == 3


async def test_processes_are_started_as_needed_and_not_more_than_allowed(wiring: BotWiring, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"  # opening it blocks until the other end is opened, by another process
    os.mkfifo(meeting)
    body = f"if message in 'rw': open({str(meeting)!r}, message).close()\nanswer({{'reply': str(os.getpid())}})"
    async with opened(CommandBot(program(tmp_path, body), processes=2), wiring) as bot:

        async def pid(message: str) -> str:
            return (await bot.reply(user(message), Session(message))).text

        in_turn = {await pid("Hi") for _ in range(3)}
        meeting_there = set(await asyncio.gather(pid("r"), pid("w")))
        at_once = set(await asyncio.gather(*(pid("Hi") for _ in range(8))))
    assert len(in_turn) == 1
    assert len(meeting_there) == 2
    assert at_once <= meeting_there


async def test_a_stubborn_program_and_its_children_are_ended(
    wiring: BotWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "_END_S", 0.2)
    body = """
import json, os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
for line in sys.stdin:
    print(json.dumps({"reply": f"{os.getpid()} {child.pid}"}), flush=True)
signal.pause()
"""
    async with opened(CommandBot(program(tmp_path, body, loop=False)), wiring) as bot:
        pids = (await bot.reply(user("Hi"), Session("s"))).text.split()
        assert len(pids) == 2
    assert all(has_ended(int(pid)) for pid in pids)


async def test_a_cancelled_conversation_ends_its_process(wiring: BotWiring, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    os.mkfifo(pid_file)
    body = f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    async with opened(CommandBot(program(tmp_path, body)), wiring) as bot:
        task = asyncio.create_task(bot.reply(user("Hi"), Session("s")))
        pid = int(await asyncio.to_thread(pid_file.read_text))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert has_ended(pid)


@dataclass(frozen=True)
class Wrong:
    settings: dict[str, Any]
    message: str


WRONG = [
    Wrong({"command": ""}, "names no program"),
    Wrong({"command": "say 'hi"}, "cannot be read as in a shell: No closing quotation"),
    Wrong({"command": "no-such-program-here --flag"}, "there is no program 'no-such-program-here'"),
    Wrong({"command": "python3", "processes": -1}, "is negative"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.message[:15])
async def test_a_command_that_cannot_run_is_told_before_a_call(case: Wrong, wiring: BotWiring) -> None:
    with pytest.raises(InputError, match=case.message):
        CommandBot(**case.settings).open(wiring)


def test_the_label_shows_no_arguments() -> None:
    assert CommandBot("/opt/bin/my-bot --key s3cret").label == "command:my-bot"
    assert CommandBot("'").label == "command"


def has_ended(pid: int) -> bool:
    """Wait for the end of a process. A killed one closes its files, for which a bot waits, just before it is gone."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 20)[0])
    finally:
        os.close(process)
