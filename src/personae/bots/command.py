"""A program: one JSON request per line on its stdin, one JSON reply per line on its stdout.

Source: DESIGN, section 6
Idea:   any language can be the bot; a few processes serve all conversations, each one request at a time.
Cost:   whatever the program does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

import orjson

from personae.bots import BotReply, BotWiring, Session, bots
from personae.bots._answer import decode, dumped, shape
from personae.bots._chat import cut, messages, prompt_for, reply_text
from personae.bots._spec_file import spec_in_file
from personae.core.conversation import Turn
from personae.core.text import whole
from personae.errors import BotError, InputError
from personae.transport.pool import MAX_BODY

_MOST_PROCESSES = 4
_STDERR_KEPT = 2000
_END_S = 2.0
_EXIT_S = 1.0
_MOST_STRAY_LINES = 100


@bots.method("command")
@dataclass(frozen=True)
class CommandBot:
    """A program that reads requests and writes replies."""

    command: str
    """The program and its arguments, as in a shell. No shell runs: there are no pipes and no variables."""
    processes: int = 0
    """How many of them run at once at most. 0: as many as conversations, but not more than 4."""
    system_prompt: str = ""
    """The first of the request's `messages`."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """`command:PROGRAM ARGS`, or a spec file with `bot: command`."""
        if target.startswith("command:"):
            return cls(command=target.removeprefix("command:").strip())
        return spec_in_file(target, "command", cls)

    @property
    def label(self) -> str:
        """The program alone: its arguments may hold keys."""
        try:
            return f"command:{Path(shlex.split(self.command)[0]).name}"
        except (ValueError, IndexError):
            return "command"

    def open(self, wiring: BotWiring) -> _Command:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise InputError(f"cannot be read as in a shell: {error}", field="command") from error
        if not words:
            raise InputError("names no program", field="command")
        if shutil.which(words[0]) is None:
            raise InputError(f"there is no program {words[0]!r} that can be run", field="command")
        if self.processes < 0:
            raise InputError("is negative", field="processes")
        return _Command(self, words, wiring)


class _Command:
    is_stateful = False

    def __init__(self, spec: CommandBot, words: Sequence[str], wiring: BotWiring) -> None:
        self.system_prompt = spec.system_prompt
        self._label = spec.label
        self._words = words
        self._timeout_s = wiring.timeout_s
        self._attempts = wiring.attempts
        self._slots = asyncio.Semaphore(spec.processes or max(1, min(wiring.concurrency, _MOST_PROCESSES)))
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._ending: set[asyncio.Task[str]] = set()
        self._numbers = count(1)

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        request = {
            "id": str(next(self._numbers)),
            "messages": messages(turns, prompt_for(session, self.system_prompt)),
            "message": whole(turns[-1].content),
            "session_id": session.id,
        }
        async with self._slots:
            began = time.perf_counter()
            answer = await self._asked(request)
            latency_ms = (time.perf_counter() - began) * 1000
        return BotReply(self._text(answer), latency_ms)

    async def _asked(self, request: dict[str, Any]) -> Any:
        """The program's answer. One that dies after it had served others is replaced and asked again: it had ended."""
        line = orjson.dumps(request) + b"\n"
        for attempt in range(max(1, self._attempts)):
            process = await self._process()
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await process.ask(line, request["id"])
            except TimeoutError:
                await self._end(process)
                raise BotError(
                    f"{self._label}: no answer within {self._timeout_s:g} s{process.told()}", retryable=True
                ) from None
            except _Ended:
                status = await self._end(process, patience_s=_EXIT_S)
                if process.served and attempt + 1 < self._attempts:
                    continue
                raise BotError(f"{self._label} ended with {status} and no reply{process.told()}") from None
            except BaseException:  # cancelled, or what it wrote is no answer: what it writes next may belong to this
                await self._end(process)
                raise
            process.served += 1
            self._idle.append(process)
            return answer
        raise AssertionError("the loop ends by an answer or an error")

    def _text(self, answer: Any) -> str:
        match answer:
            case str():
                return reply_text(answer, self._label)
            case {"error": error} if error:
                said = error if isinstance(error, str) else dumped(error)
                raise BotError(f"{self._label}: {cut(said)}", received=cut(dumped(answer)))
            case {"reply": reply}:
                return reply_text(reply, self._label)
        problem = f'{self._label} answered {shape(answer)}, not {{"reply": text}}, {{"error": text}} or a text'
        raise BotError(problem, received=cut(dumped(answer)))

    async def _process(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            if process.is_running:
                return process
            await self._end(process)
        process = _Process(self._label)
        try:
            await process.start(self._words)
        except OSError as error:
            raise BotError(f"{self._label} cannot be started: {error}", hopeless=True) from error
        self._all.add(process)
        return process

    async def _end(self, process: _Process, *, patience_s: float = 0.0) -> str:
        """End it, also where this conversation is cancelled meanwhile: `close` then waits for it."""
        self._all.discard(process)
        ending = asyncio.create_task(process.end(patience_s=patience_s))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return await asyncio.shield(ending)

    async def close(self) -> None:
        ending = [*self._ending, *(asyncio.create_task(process.end()) for process in self._all)]
        self._idle.clear()
        self._all.clear()
        await asyncio.gather(*ending)


class _Ended(Exception):
    """The process ended, or closed its output, before it answered."""


class _Process:
    """One running program."""

    def __init__(self, label: str) -> None:
        self.served = 0
        self._label = label
        self._stderr = bytearray()

    async def start(self, words: Sequence[str]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_BODY,
            start_new_session=True,  # Ctrl-C is for us; and its children can be ended with it
        )
        self._listener = asyncio.create_task(self._listen())

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def _listen(self) -> None:
        """Read its stderr, so that it never has to wait for a reader, and keep the tail."""
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(2**16):
            self._stderr += chunk
            del self._stderr[:-_STDERR_KEPT]

    async def ask(self, line: bytes, number: str) -> Any:
        """Its answer to one request. Raises _Ended, BotError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(line)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise _Ended from None
        for _ in range(_MOST_STRAY_LINES):
            answer = self._decoded(await self._line())
            if not isinstance(answer, dict) or answer.get("id") in (None, number) or str(answer["id"]) == number:
                return answer
        raise BotError(f"{self._label} answered other requests than ours {_MOST_STRAY_LINES} times: check its `id`")

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                if not error.partial.strip():
                    raise _Ended from None
                line = error.partial  # the last line of a program that ended without a line break
            except ConnectionResetError:
                raise _Ended from None
            except asyncio.LimitOverrunError:
                raise BotError(f"{self._label} wrote a line of more than {MAX_BODY // 2**20} MiB") from None
            if line.strip():
                return line

    def _decoded(self, line: bytes) -> Any:
        try:
            return decode(line)
        except ValueError as error:
            start = line[:200].decode("utf-8", "replace").strip()
            raise BotError(
                f"{self._label} wrote a line that is not JSON: {start!r}. Whatever is no reply belongs on stderr",
                received=cut(line[:8000].decode("utf-8", "replace")),
            ) from error

    def told(self) -> str:
        """What it last wrote on stderr, for a message."""
        text = whole(self._stderr.decode("utf-8", "replace")).strip()
        return f"; its stderr ends: {text}" if text else ""

    async def end(self, *, patience_s: float = 0.0) -> str:
        """End it, and all that it started: wait `patience_s`, terminate, kill. Its exit status in words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        for harder, wait_s in ((None, patience_s), (False, _END_S), (True, _END_S)):
            if harder is not None:
                self._signal(kill=harder)
            if await self._has_ended(wait_s):
                break
        self._signal(kill=True)  # children that outlived it hold its pipes
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await asyncio.gather(self._listener, self._process.stdout.read())
        status = self._process.returncode
        if status is not None and status < 0:
            return f"signal {signal.Signals(-status).name}"
        return f"exit status {status}"

    async def _has_ended(self, wait_s: float) -> bool:
        if not self.is_running:
            return True
        if not wait_s:
            return False
        try:
            await asyncio.wait_for(self._process.wait(), wait_s)
        except TimeoutError:
            return False
        return True

    def _signal(self, *, kill: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL if kill else signal.SIGTERM)
