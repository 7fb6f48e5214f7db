"""What happens when a hooked call is made: it is noticed once, by the outermost client, and never disturbed.

An OpenAI call goes through httpx, LiteLLM through OpenAI: each layer is hooked, and only the outermost may speak. A
call below another is the same call unless it comes from another function of the bot: a bot that is itself reached
through httpx, in this process (an ASGI app under a test client), makes calls of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar, Token
from functools import wraps
from types import FrameType, MappingProxyType
from typing import Any, Protocol

from personae.provenance.case import SUPPRESSED
from personae.provenance.prompts import Call
from personae.provenance.sites import SPAWNED_AT, Place, Site

Places = Mapping[int, Place]
"""Per recording, by its serial number, where a call came from."""

Reader = Callable[..., Call | None]
"""Reads the arguments of a hooked function; None when it is no chat call."""


class Watcher(Protocol):
    """A recording that runs."""

    serial: int

    def locate(self, frame: FrameType | None, spawned_at: Place | None) -> Place:
        """The bot's innermost frame, from `frame` outwards, in a thread or task started at `spawned_at`."""

    def take(self, call: Call, place: Place) -> None:
        """A call was made."""

    def fail(self, error: Exception) -> None:
        """A call could not be read or recorded."""


WATCHERS: list[Watcher] = []
"""The recordings that run. The recorder replaces the list's content under its lock."""

OUTER: ContextVar[Places | None] = ContextVar("personae_outer_call", default=None)
"""Where the call was made that the current one happens inside of."""


def watched(function: Callable[..., Any], read: Reader) -> Callable[..., Any]:
    """`function`, noticed on each call; `read` gets the same arguments."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Noticed(read, args, kwargs):
            return function(*args, **kwargs)

    return call


def watched_async(function: Callable[..., Awaitable[Any]], read: Reader) -> Callable[..., Awaitable[Any]]:
    """As `watched`, for a coroutine function; the call is noticed when it is first awaited."""

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _Noticed(read, args, kwargs):
            return await function(*args, **kwargs)

    return call


def places(frame: FrameType | None) -> Places:
    """Where the code at `frame` was called from, in the eyes of each recording."""
    found: dict[int, Place] = {}
    spawned_at = SPAWNED_AT.get()
    for watcher in tuple(WATCHERS):
        try:
            found[watcher.serial] = watcher.locate(frame, spawned_at.get(watcher.serial))
        except Exception as error:  # the boundary: whatever goes wrong in recording is not the bot's problem
            watcher.fail(error)
    return MappingProxyType(found)


class _Noticed:
    """Around one call of a hooked function."""

    __slots__ = ("_args", "_kwargs", "_read", "_token")

    _token: Token[Places | None] | None

    def __init__(self, read: Reader, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._read, self._args, self._kwargs = read, args, kwargs

    def __enter__(self) -> None:
        self._token = None
        if WATCHERS and not SUPPRESSED.get():
            found = _notice(inspect.currentframe(), self._read, self._args, self._kwargs)
            if found is not None:
                self._token = OUTER.set(found)

    def __exit__(self, *_: object) -> None:
        if self._token is None:
            return
        try:
            OUTER.reset(self._token)
        except ValueError:
            # A coroutine that is thrown away half done ends in another context, and this one is gone.
            return


def _notice(frame: FrameType | None, read: Reader, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Places | None:
    """Tell the recordings of a call. Returns its places, None if it is no call of its own."""
    outer = OUTER.get()
    found = places(frame) if outer is not None else None
    if outer is not None and found is not None and all(_is_same(outer, serial, found[serial]) for serial in found):
        return None
    try:
        call = read(*args, **kwargs)
    except Exception as error:  # the boundary: a request that we cannot read still has to be sent
        for watcher in tuple(WATCHERS):
            watcher.fail(error)
        return None
    if call is None:
        return None
    found = found if found is not None else places(frame)
    for watcher in tuple(WATCHERS):
        serial = watcher.serial
        if serial not in found or (outer is not None and _is_same(outer, serial, found[serial])):
            continue
        try:
            watcher.take(call, found[serial])
        except Exception as error:  # the boundary: see above
            watcher.fail(error)
    return found


def _is_same(outer: Places, serial: int, place: Place) -> bool:
    before = outer.get(serial)
    return place.same_function(before) if isinstance(place, Site) else place is before
