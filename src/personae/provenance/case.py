"""The conversation that is going on: a context variable that carries its `case_uid`.

The runner binds it around each conversation; whatever the bot does in there, also in tasks and worker threads, can be
traced to the case. Threads that copy no context are seen to by `spawning.py` while a recording runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token


class Conversation:
    """One bound conversation. A thread or task that outlives it must not be counted to it, hence `open`."""

    __slots__ = ("case_uid", "open")

    def __init__(self, case_uid: str) -> None:
        self.case_uid = case_uid
        self.open = True


CONVERSATION: ContextVar[Conversation | None] = ContextVar("personae_conversation", default=None)
SUPPRESSED: ContextVar[bool] = ContextVar("personae_suppressed", default=False)

_recordings_running = 0


def current_case() -> str | None:
    """The `case_uid` of the conversation that is going on here, or None outside of any."""
    conversation = CONVERSATION.get()
    return conversation.case_uid if conversation is not None and conversation.open else None


@contextmanager
def bind_case(case_uid: str) -> Iterator[None]:
    """Everything inside belongs to the conversation `case_uid`, tasks and threads started there included.

    When it ends, what still runs of them belongs to no case any more: a worker that lives on and serves other
    conversations would otherwise be counted to the one that happened to start it.
    """
    conversation = Conversation(case_uid)
    token = CONVERSATION.set(conversation)
    try:
        yield
    finally:
        conversation.open = False
        CONVERSATION.reset(token)


def suppressed() -> AbstractContextManager[None]:
    """Calls inside are our own (simulator, judge): never recorded as the bot's. Free without a recording."""
    return _Suppression() if _recordings_running else _NOTHING


def count_recordings(change: int) -> None:
    """A recording starts (1) or stops (-1). The caller holds the recorder's lock."""
    global _recordings_running
    _recordings_running += change


class _Suppression:
    __slots__ = ("_token",)

    _token: Token[bool]

    def __enter__(self) -> None:
        self._token = SUPPRESSED.set(True)

    def __exit__(self, *_: object) -> None:
        SUPPRESSED.reset(self._token)


_NOTHING = nullcontext()
