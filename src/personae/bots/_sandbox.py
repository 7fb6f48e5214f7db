"""A parser script, run in pydantic-monty: an interpreter in a worker process that knows no file, network or clock.

Its synchronous pool on daemon threads is used, not its asynchronous one: with that, one process in ten aborts at
interpreter exit (pydantic-monty 1.4, when a script has called out to the host).
"""

from __future__ import annotations

import asyncio
import reprlib
import threading
from typing import Any

import pydantic_monty as monty

from personae.bots._chat import cut
from personae.bots._threads import Threads
from personae.core.text import whole
from personae.errors import BotError

LIMITS: monty.ResourceLimits = {
    "max_feed_duration_secs": 2.0,
    "max_memory": 256 * 1024 * 1024,
    "max_recursion_depth": 200,
    "max_suspensions": 100,
}
_BACKSTOP_S = 5.0
_MOST_PRINTED = 100_000
_MOST_WORKERS = 4
LONGEST_REPLY = 1_000_000
"""Characters. A script may make more of little than any answer can hold."""
_LONGEST_SESSION_ID = 1000


class Parser:
    """One parser script. Its workers start with the first answer."""

    def __init__(self, code: str, concurrency: int) -> None:
        self._code = whole(code)
        workers = min(concurrency, _MOST_WORKERS)
        self._threads = Threads(workers)
        self._lock = threading.Lock()
        self._workers = workers
        self._pool: monty.Monty | None = None

    async def parse(self, text: str, body: Any) -> tuple[str, str | None]:
        """Reply and session id that the script makes of an answer: of its `text`, and of `body`, its JSON or None.

        Raises BotError where the script fails, takes too long or too much memory, or yields neither a text nor
        `{"reply": text, "session_id": text}`.
        """
        inputs = {"text": whole(text), "body": body}
        try:
            outcome = await self._threads.call(lambda: self._run(inputs), 3 * _BACKSTOP_S)
        except TimeoutError:
            raise BotError("the parser script did not end", received=cut(text)) from None
        if outcome.raised is not None:
            raise self._failure(outcome.raised, text) from outcome.raised
        return self._read(outcome.value, text)

    def _run(self, inputs: dict[str, Any]) -> Any:
        with self._started().checkout(script_name="parser", limits=LIMITS, os_policy={"sleep": "zero"}) as session:
            return session.feed_run(self._code, inputs=inputs, print_callback=monty.CollectString(_MOST_PRINTED))

    def _started(self) -> monty.Monty:
        with self._lock:
            if self._pool is None:
                self._pool = monty.Monty(
                    min_processes=0,
                    max_processes=self._workers,
                    checkout_timeout=2 * _BACKSTOP_S,
                    request_timeout=_BACKSTOP_S,
                )
                self._pool.__enter__()
            return self._pool

    def _failure(self, error: BaseException, text: str) -> BotError:
        if isinstance(error, monty.MontyCrashedError) and error.timed_out:
            return BotError("the parser script took too long and was ended", received=cut(text))
        if isinstance(error, monty.MontySyntaxError):
            problem = f"the parser script is not Python: {error.display('type-msg')}{_line(error)}"
            return BotError(problem, received=cut(text), hopeless=True)
        if isinstance(error, monty.MontyRuntimeError):
            problem = f"the parser script failed: {error.display('type-msg')}{_line(error)}"
            return BotError(whole(problem), received=cut(text))
        return BotError(f"the parser script failed: {type(error).__name__}: {error}", received=cut(text))

    def _read(self, value: Any, text: str) -> tuple[str, str | None]:
        match value:
            case str(reply) | {"reply": str(reply)} if len(reply) > LONGEST_REPLY:
                raise BotError(
                    f"the parser script yields {len(reply):,} characters; a reply has {LONGEST_REPLY:,} at most"
                )
            case str():
                return value, None
            case {"reply": str(reply), **rest} if not rest.keys() - {"session_id"}:
                session_id = rest.get("session_id")
                if session_id is None:
                    return reply, None
                if isinstance(session_id, int) and not isinstance(session_id, bool) and abs(session_id) < 2**63:
                    return reply, str(session_id)
                if isinstance(session_id, str) and len(session_id) <= _LONGEST_SESSION_ID:
                    return reply, session_id
            case None:
                hint = "its last line must be the reply, such as `body['answer']`"
                raise BotError(f"the parser script yields nothing: {hint}", received=cut(text))
        problem = f"the parser script yields {_shown(value)}, not a text or {{reply, session_id}}"
        raise BotError(problem, received=cut(text))

    async def close(self) -> None:
        """End the workers."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.__exit__, None, None, None)


def _shown(value: Any) -> str:
    """The beginning of `value`, which may be of any size."""
    try:
        return cut(reprlib.repr(value))[:200]
    except ValueError:  # an integer of more digits than Python writes out
        return f"a {type(value).__name__}"


def _line(error: monty.MontySyntaxError | monty.MontyRuntimeError) -> str:
    frames = error.traceback()
    if not frames:
        return ""
    frame = frames[-1]
    source = f": {frame.source_line.strip()}" if frame.source_line else ""
    return f" (line {frame.line}{source})"
