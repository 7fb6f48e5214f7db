"""Threads and tasks that the bot starts keep the case, and the place where they were started.

Tasks copy the context anyway. `threading.Thread` and `ThreadPoolExecutor` start with an empty one (until Python
3.14), so while a recording runs they carry our own variables, and only those: a bot whose threads saw more than
without us would be another bot.
"""

from __future__ import annotations

import inspect
import threading
from asyncio import BaseEventLoop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pool
from contextvars import ContextVar
from functools import wraps
from types import FrameType
from typing import Any

from personae.provenance.case import CONVERSATION, SUPPRESSED
from personae.provenance.patches import Patches
from personae.provenance.sites import SPAWNED_AT
from personae.provenance.watch import OUTER, places

CARRIED: tuple[ContextVar[Any], ...] = (CONVERSATION, SUPPRESSED, OUTER)


def install(patches: Patches) -> None:
    """Hook the ways in which Python starts threads and tasks."""
    patches.attribute(threading.Thread, "start", _start_carrying)
    patches.attribute(ThreadPoolExecutor, "submit", _submit_carrying)
    patches.attribute(BaseEventLoop, "create_task", create_task_remembering)


def create_task_remembering(create_task: Callable[..., Any]) -> Callable[..., Any]:
    """A loop's `create_task` whose tasks know where they were started."""

    @wraps(create_task)
    def remembering(*args: Any, **kwargs: Any) -> Any:
        # Set around the call, for the task copies the context: a context passed on would confuse task factories.
        token = SPAWNED_AT.set(places(inspect.currentframe()))
        try:
            return create_task(*args, **kwargs)
        finally:
            SPAWNED_AT.reset(token)

    return remembering


def _start_carrying(start: Callable[..., None]) -> Callable[..., None]:
    @wraps(start)
    def carrying(thread: threading.Thread) -> None:
        # A pool's thread serves many: what it runs is carried by `submit`, the thread itself belongs to nobody.
        if getattr(thread, "_target", None) is not getattr(pool, "_worker", start):
            run, carried = thread.run, _Carried(inspect.currentframe())

            def run_carrying() -> None:
                del thread.run
                carried.run(run)

            thread.run = run_carrying  # type: ignore[method-assign]
        try:
            start(thread)
        except BaseException:
            vars(thread).pop("run", None)  # it never ran, or was running already
            raise

    return carrying


def _submit_carrying(submit: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(submit)
    def carrying(executor: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return submit(executor, _Carried(inspect.currentframe()).run, function, *args, **kwargs)

    return carrying


class _Carried:
    """Our variables as they are where a thread is asked for, to be set where it runs."""

    __slots__ = ("_values",)

    def __init__(self, frame: FrameType | None) -> None:
        self._values: list[tuple[ContextVar[Any], Any]] = [(variable, variable.get()) for variable in CARRIED]
        self._values.append((SPAWNED_AT, places(frame)))

    def run(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        tokens = [(variable, variable.set(value)) for variable, value in self._values]
        try:
            return function(*args, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)
