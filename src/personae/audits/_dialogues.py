"""Conversations from a file, whoever held them: our own result rows, or logs as OpenAI-style messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personae.errors import InputError

Dialogue = tuple[str, ...]
"""What the user said in one conversation, message by message; blank ones left out."""
_HOLDS = ("transcript", "messages", "conversation", "turns")
"""Keys under which a row may hold its messages."""
_NEEDS = "a list of messages {role, content}, or an object with such a list under " + ", ".join(map(repr, _HOLDS))


@dataclass(frozen=True, slots=True)
class Dialogues:
    """The conversations of one file."""

    path: Path
    all: tuple[Dialogue, ...]
    """Of each, what the user said. Empty where the user said nothing."""


def read_dialogues(path: Path) -> Dialogues:
    """The conversations of a JSONL file, in its order; of a result row that was written again, the last.

    An empty file has none. Turns that a scenario gave to begin with are left out. Raises InputError with file and line.
    """
    found: dict[str | int, Dialogue] = {}
    for line, row in _rows(path):
        key = row.get("key") if isinstance(row, Mapping) else None
        found[key if isinstance(key, str) else line] = _spoken(row, path, line)
    return Dialogues(path, tuple(found.values()))


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from error
    with file:
        for line, raw in enumerate(file, 1):
            if not raw.strip():
                continue
            try:
                yield line, json.loads(raw.decode("utf-8-sig" if line == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                if raw.endswith(b"\n") or line == 1:
                    raise InputError(f"is not JSON: {error}", file=path, line=line) from error
                # else: the last line was only half written, as a run leaves it that was broken off


def _spoken(row: Any, path: Path, line: int) -> Dialogue:
    messages = row
    if isinstance(row, Mapping):
        messages = next((row[name] for name in _HOLDS if name in row), None)
    if not isinstance(messages, list):
        raise InputError(f"is no conversation: it must be {_NEEDS}", file=path, line=line)
    texts = []
    for number, message in enumerate(messages, 1):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise InputError(f"message {number} must be an object with 'role' and 'content'", file=path, line=line)
        metadata = message.get("metadata")
        is_given = isinstance(metadata, Mapping) and bool(metadata.get("opening"))
        if message["role"] == "user" and not is_given:
            texts.append(_text(message.get("content"), number, path, line))
    return tuple(text for text in texts if text)


def _text(content: Any, number: int, path: Path, line: int) -> str:
    """The content as text; of a list of parts, those that are text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [part.get("text", "") for part in content if isinstance(part, Mapping)]
        return "\n".join(part for part in parts if isinstance(part, str) and part)
    raise InputError(f"message {number}: 'content' must be text or a list of parts", file=path, line=line)
