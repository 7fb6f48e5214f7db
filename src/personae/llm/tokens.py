"""Token counts where no reply has told them: an estimate, and it is marked as one wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable

from personae.core.model import Message

PER_MESSAGE = 4
"""Tokens that chat formats add around each message, roughly."""


def estimate(text: str) -> int:
    """About how many tokens `text` has: 4 characters each in ASCII, 2 bytes each beyond it."""
    size = len(text)
    if text.isascii():
        return size // 4 + 1
    beyond = len(text.encode("utf-8", "replace")) - size
    return size // 4 + beyond // 2 + 1


def estimate_messages(messages: Iterable[Message]) -> int:
    """About how many tokens `messages` have."""
    return sum(estimate(message["content"]) + PER_MESSAGE for message in messages)
