"""Requests that are written at once.

aiohttp writes a request's body before anything else happens, and needs a task of its own for the rest only where the
other side is slow to take it. On Python 3.11, which cannot start a task eagerly, it makes that task for every request:
a tenth of what a call costs. This is the same eager start for 3.11.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

import aiohttp
from aiohttp.connector import Connection


class Request(aiohttp.ClientRequest):
    """The class of requests for a session."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if sys.version_info >= (3, 12):
            return await super().send(conn)
        usual = self.loop.get_task_factory()
        self.loop.set_task_factory(_started)
        try:  # nothing is waited for in here, so nobody else's tasks are made this way
            return await super().send(conn)
        finally:
            self.loop.set_task_factory(usual)


Begun = Coroutine[Any, Any, Any] | Generator[Any, None, Any]


def _started(loop: asyncio.AbstractEventLoop, writing: Begun, /, **_: Any) -> asyncio.Future[Any]:
    """`writing`, begun: done already, or a task for what is left of it."""
    done = loop.create_future()
    try:
        waits_for = writing.send(None)
    except StopIteration as ended:
        done.set_result(ended.value)
    except Exception as error:  # a task keeps it for whoever awaits it, whatever it is
        done.set_exception(error)
    else:
        return asyncio.Task(_rest(writing, waits_for), loop=loop)
    return done


async def _rest(writing: Begun, waits_for: Any) -> Any:
    return await _going_on(writing, waits_for)


@coroutine
def _going_on(writing: Begun, waits_for: Any) -> Generator[Any, Any, Any]:
    """Go on with what waits for something."""
    while True:
        try:
            try:
                yield waits_for
            except BaseException as error:  # also that the task is cancelled: that is for the coroutine to see
                waits_for = writing.throw(error)
            else:
                waits_for = writing.send(None)
        except StopIteration as ended:
            return ended.value
