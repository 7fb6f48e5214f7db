"""Turns as chat messages, and replies as clean text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personae.bots import Session
from personae.core.conversation import Turn
from personae.core.model import Message
from personae.core.text import whole
from personae.errors import BotError

LONGEST_RECEIVED = 2000
"""Characters of what a bot sent that an error carries."""


def clean_json(value: Any) -> Any:
    """The same for every text in `value`, keys included."""
    match value:
        case str():
            return whole(value)
        case list():
            return [clean_json(item) for item in value]
        case dict():
            return {whole(key): clean_json(item) for key, item in value.items()}
    return value


def messages(turns: Sequence[Turn], system_prompt: str) -> list[Message]:
    """Chat messages: the system prompt first, if there is one, then every turn."""
    said: list[Message] = [
        {"role": turn.role, "content": turn.content if turn.content.isascii() else whole(turn.content)}
        for turn in turns  # asked of each turn again and again, and nearly all are
    ]
    return [{"role": "system", "content": whole(system_prompt)}, *said] if system_prompt else said


def prompt_for(session: Session, of_bot: str) -> str:
    """The system prompt of this conversation: its own, else the bot's."""
    return of_bot if session.system_prompt is None else session.system_prompt


def reply_text(reply: object, who: str, *, received: str | None = None) -> str:
    """`reply` if it is text that says something. Raises BotError, which names the type of anything else."""
    if not isinstance(reply, str):
        kind = "None" if reply is None else type(reply).__name__
        raise BotError(f"{who} replied with {kind}, not with text", received=cut(received or repr_of(reply)))
    text = whole(reply)
    if not text.strip():
        raise BotError(f"empty reply from {who}", received=cut(repr(text) if received is None else received))
    return text


def cut(text: str) -> str:
    """`text` as an error may carry it: clean, and not longer than `LONGEST_RECEIVED`."""
    return whole(text[:LONGEST_RECEIVED])


def repr_of(value: object) -> str:
    """`repr`, also of objects whose own one fails: they are not ours."""
    try:
        return repr(value)
    except Exception as error:  # a stranger's __repr__ may raise anything
        return f"<{type(value).__name__}, whose repr fails with {type(error).__name__}>"
