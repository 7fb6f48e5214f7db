"""What a test of a connection found, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Exchange(BaseModel):
    """One HTTP request as sent, and the raw answer. Secrets are `***`."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: int | None
    answer_headers: dict[str, str]
    answer: str
    latency_ms: float | None
    error: str
    """Why no answer came."""


class CheckedTurn(BaseModel):
    """One message to the bot and what became of it."""

    session: Literal["first", "fresh"]
    """The last message is sent in a fresh session, where nothing may be remembered."""
    message: str
    reply: str | None
    """The reply as the simulator would see it."""
    session_id: str
    latency_ms: float | None
    exchanges: list[Exchange]
    """More than one where a try failed; none for bots that are not reached by HTTP."""
    error: str
    received: str
    """What came instead of a reply."""


class BotCheck(BaseModel):
    """Two turns in one session, and the question again in a fresh one."""

    label: str
    is_stateful: bool | None
    passed: bool
    """It answers, remembers what it should, and keeps conversations apart."""
    verdict: Literal["remembers", "remembers_sent_history", "does_not_remember", "leaks", "failed"]
    explanation: str
    error: str
    """The first error, blank if there was none."""
    turns: list[CheckedTurn]
    reply_paths: list[str]
    """Where the reply may stand in the raw answer, the likeliest first; blank where one was found."""
    session_paths: list[str]
    """Where the session's id may stand, of a bot that forgot what was said."""
