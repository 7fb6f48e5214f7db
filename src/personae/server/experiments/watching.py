"""What happens in an experiment, for all who watch it: read once a moment, whoever runs it, and told to everybody.

Events of `GET experiments/{id}/events`, each a server-sent event with JSON data:

    progress   status, planned, finished, failed, rated, spent_usd; the first event, and whenever one of them changes
    turn       one message of a conversation that runs: turn_id, key, row_id, persona_id, epoch, role, content
    response   one conversation is over: response_id, key, row_id, persona_id, epoch, and how it ended and was rated
    end        the experiment is over; the stream ends
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from personae.core.text import shown
from personae.server.experiments.words import on_wire
from personae.store import experiments, responses, turns
from personae.store.columns import Record
from personae.store.engine import Database, may_heal

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.4
SILENCE_S = 15.0
"""After so long without an event a comment is sent, so that nobody takes the connection for dead."""
MOST_TURNS = 300
"""Turns and responses that one look takes. A listener that is not live misses none of the responses."""
MOST_SHOWN = 4000
"""Characters of a turn that its event shows."""
_BACKLOG = 200
"""Looks that a slow listener may be behind before it is sent away, to come back and look anew."""
OVER = ("finished", "cancelled", "failed", "draft")
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(eq=False, slots=True)
class _Watch:
    """One experiment that somebody watches."""

    listeners: set[asyncio.Queue[bytes | None]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None
    progress: Record | None = None
    last_turn: int = 0
    last_response: int = 0


class Watching:
    """The experiments that are watched through this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: dict[tuple[int, int], _Watch] = {}

    async def listen(self, project_id: int, experiment_id: int) -> AsyncIterator[bytes]:
        """Server-sent events until the experiment is over, or the listener falls too far behind."""
        key = (project_id, experiment_id)
        watch = self._watches.setdefault(key, _Watch())
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_BACKLOG)
        watch.listeners.add(queue)
        if watch.task is None:
            watch.task = asyncio.create_task(self._watch(watch, *key), name=f"watch {experiment_id}")
        elif watch.progress is not None:
            queue.put_nowait(_event("progress", _told(watch.progress)))
        try:
            while True:
                try:
                    async with asyncio.timeout(SILENCE_S):
                        event = await queue.get()
                except TimeoutError:
                    yield b": nothing new\n\n"
                    continue
                if event is None:
                    return
                yield event
        finally:
            watch.listeners.discard(queue)
            if not watch.listeners:
                await self._forget(key, watch)

    async def _forget(self, key: tuple[int, int], watch: _Watch) -> None:
        if self._watches.get(key) is watch:
            del self._watches[key]
        if watch.task is not None:
            watch.task.cancel()
            with suppress(asyncio.CancelledError):
                await watch.task

    async def _watch(self, watch: _Watch, project_id: int, experiment_id: int) -> None:
        is_begun = False
        while True:
            try:
                if not is_begun:
                    await self._begin(watch, experiment_id)
                    is_begun = True
                news, is_over = await self._look(watch, project_id, experiment_id)
            except Exception as error:  # the watch goes on when the database is back
                if not may_heal(error):
                    log.exception("watching an experiment failed")
                news, is_over = b"", not may_heal(error)
            _tell(watch, news, is_over=is_over)
            if is_over:
                self._watches.pop((project_id, experiment_id), None)
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _begin(self, watch: _Watch, experiment_id: int) -> None:
        """What was said before anybody watched is no news."""
        async with self._database.reading() as connection:
            watch.last_turn = await turns.last_id(connection, experiment_id)
            watch.last_response = await responses.last_id(connection, experiment_id)

    async def _look(self, watch: _Watch, project_id: int, experiment_id: int) -> tuple[bytes, bool]:
        """Everything new as one piece of the stream, and whether there will be no more."""
        async with self._database.reading() as connection:
            progress = await experiments.progress(connection, project_id, experiment_id)
            said = await turns.since(connection, experiment_id, watch.last_turn, limit=MOST_TURNS)
            done = await responses.after(connection, experiment_id, watch.last_response, limit=MOST_TURNS, light=True)
        if progress is None:
            return _event("end", {"status": "deleted"}), True
        events = []
        if progress != watch.progress:
            watch.progress = progress
            events.append(_event("progress", _told(progress)))
        events += [_event("turn", turn) for turn in map(_turn, said) if turn is not None]
        events += [_event("response", _response(row)) for row in done]
        watch.last_turn = said[-1]["id"] if said else watch.last_turn
        watch.last_response = done[-1]["id"] if done else watch.last_response
        is_over = progress["status"] in OVER and len(done) < MOST_TURNS
        if is_over:
            events.append(_event("end", _told(progress)))
        return b"".join(events), is_over


def _tell(watch: _Watch, news: bytes, *, is_over: bool) -> None:
    for queue in list(watch.listeners):
        try:
            if news:
                queue.put_nowait(news)
            if is_over:
                queue.put_nowait(None)
        except asyncio.QueueFull:  # it is too slow: it comes back, and looks anew
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)


def _event(name: str, data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))


def _told(progress: Record) -> dict[str, Any]:
    names = ("id", "status", "problem", "planned", "finished", "failed", "rated", "spent_usd")
    return {**{name: progress[name] for name in names}, "wanted": progress["wanted"] or None}


def _turn(row: Record) -> dict[str, Any] | None:
    said = orjson.loads(row["entry"]).get("turn")
    if said is None:
        return None
    place = {name: row[name] for name in ("key", "row_id", "persona_id", "epoch")}
    return {"turn_id": row["id"], **place, "role": said["role"], "content": shown(said["content"], MOST_SHOWN)}


def _response(row: Record) -> dict[str, Any]:
    names = ("key", "row_id", "persona_id", "epoch", "goal_achieved", "passed", "not_passed", "unrated")
    return {
        "response_id": row["id"],
        **{name: row[name] for name in (*names, "turns", "cost_usd", "error")},
        "termination_reason": on_wire(row["termination"]),
        "validity": (row["validity"] or {}).get("verdict"),
    }


def as_events(stream: AsyncIterator[bytes]) -> StreamingResponse:
    """The stream as an answer."""
    return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)


def status_stream(look: Callable[[], Awaitable[BaseModel]], every_s: float) -> StreamingResponse:
    """What `look` finds, every so often, until its `status` says that the task is over."""

    async def stream() -> AsyncIterator[bytes]:
        while True:
            found = (await look()).model_dump(exclude_none=True)
            yield b"data: %s\n\n" % orjson.dumps(found)
            if found["status"] in ("SUCCESS", "FAILURE"):
                return
            await asyncio.sleep(every_s)

    return as_events(stream())
