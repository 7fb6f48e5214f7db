"""Logs of conversations between users and a bot, one conversation at a time, however large the file.

JSONL: a line a conversation (a list of messages `{role, content}`, or an object with such a list), or a line a message
(`{conversation_id, role, content}`). CSV: a row a message. Messages of one conversation stand one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from personae.core.text import whole
from personae.errors import InputError
from personae.sources._jsonl import read_objects
from personae.sources._text import MAX_ROW_BYTES, megabytes, read_lines
from personae.sources.csv import records

MOST_LOG_BYTES = 1 << 40
_MESSAGES = ("messages", "conversation", "conversations", "turns", "transcript", "dialogue")
_HOLDERS = (*_MESSAGES, "request")
_IDS = ("conversation_id", "conversation", "session_id", "sessionid", "thread_id", "chat_id", "dialogue_id", "id")
_ROLES = ("role", "from", "speaker", "author", "sender")
_TEXTS = ("content", "text", "message", "value", "utterance")
_USERS = frozenset(("user", "human", "customer", "client", "visitor", "guest", "caller"))
_NO_ONE = frozenset(("system", "developer", "tool", "function"))


@dataclass(frozen=True, slots=True)
class LoggedTurn:
    """One message."""

    is_user: bool
    text: str


@dataclass(frozen=True, slots=True)
class Logged:
    """One conversation of a log."""

    line: int
    """On which it begins."""
    id: str
    """As the log names it; blank where it does not."""
    turns: tuple[LoggedTurn, ...]
    """Messages of users and bots, those without text left out, and what systems and tools said."""
    roles: frozenset[str]
    """All roles that were found."""

    @property
    def said(self) -> tuple[str, ...]:
        """What the user said, message by message."""
        return tuple(turn.text for turn in self.turns if turn.is_user)


@dataclass(frozen=True, slots=True)
class _Message:
    line: int
    id: str
    role: str
    text: str


def read_logs(path: Path, user_role: str = "") -> Iterator[Logged]:
    """The conversations of a file, in its order, read as they are asked for.

    `user_role`: what the log calls its users, beside the usual words. Raises InputError with file and line.
    """
    users = _USERS | {user_role.strip().casefold()}
    if path.suffix.lower() == ".csv":
        yield from _grouped(_from_csv(path), users, path)
        return
    rows = read_objects(path, most_bytes=MOST_LOG_BYTES)
    first = next(rows, None)
    if first is None:
        return
    if _single(*first) is None:
        for line, row in chain([first], rows):
            yield _whole(line, row, users, path)
    else:
        yield from _grouped((_message(line, row, path) for line, row in chain([first], rows)), users, path)


def _message(line: int, row: Any, path: Path) -> _Message:
    message = _single(line, row)
    if message is None:
        raise InputError("must be one message with its conversation_id, role and content", file=path, line=line)
    return message


def _single(line: int, row: Any) -> _Message | None:
    """The row as one message of a conversation that it names; None where it is a whole conversation."""
    if not isinstance(row, Mapping) or any(isinstance(row.get(name), list | dict) for name in _HOLDERS):
        return None
    role, text = _first(row, _ROLES), _first(row, _TEXTS)
    id_ = next((row[name] for name in _IDS if isinstance(row.get(name), str | int)), None)
    if not isinstance(role, str) or text is None or id_ is None:
        return None
    return _Message(line, str(id_), role, _text(text))


def _whole(line: int, row: Any, users: frozenset[str], path: Path) -> Logged:
    messages, id_ = row, ""
    if isinstance(row, Mapping):
        id_ = str(next((row[name] for name in _IDS if isinstance(row.get(name), str | int)), ""))
        messages = next((row[name] for name in _MESSAGES if isinstance(row.get(name), list)), None)
        if messages is None and isinstance(row.get("request"), Mapping):
            messages = [*row["request"].get("messages", ()), *_answered(row.get("response"))]
    if not isinstance(messages, list):
        raise InputError(
            "is no conversation: it must be a list of messages {role, content}, an object with such a list under "
            f"{', '.join(map(repr, _MESSAGES))}, or one message with its conversation_id",
            file=path,
            line=line,
        )
    found = []
    for number, message in enumerate(messages, 1):
        role = _first(message, _ROLES) if isinstance(message, Mapping) else None
        if not isinstance(role, str):
            raise InputError(f"message {number} must be an object with 'role' and 'content'", file=path, line=line)
        found.append(_Message(line, id_, role, _text(_first(message, _TEXTS))))
    return _logged(found, users, line, id_)


def _answered(response: Any) -> list[Any]:
    """The message in a chat completion."""
    choices = response.get("choices") if isinstance(response, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return [first["message"]] if isinstance(first, Mapping) and isinstance(first.get("message"), Mapping) else []


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _text(content: Any) -> str:
    """The content as text; of a list of parts, those that are text."""
    if isinstance(content, str):
        return whole(content).strip()
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        return whole("\n".join(part for part in parts if isinstance(part, str))).strip()
    return ""


def _logged(messages: Sequence[_Message], users: frozenset[str], line: int = 0, id_: str = "") -> Logged:
    roles = [message.role.strip().casefold() for message in messages]
    turns = tuple(
        LoggedTurn(role in users, message.text)
        for role, message in zip(roles, messages, strict=True)
        if message.text and role not in _NO_ONE
    )
    begins = messages[0] if messages else None
    return Logged(line or (begins.line if begins else 0), id_ or (begins.id if begins else ""), turns, frozenset(roles))


def _grouped(messages: Iterator[_Message], users: frozenset[str], path: Path) -> Iterator[Logged]:
    """Conversations from their messages. Raises InputError for one that goes on after another one began."""
    begun: dict[str, int] = {}
    own: list[_Message] = []
    for message in messages:
        if own and own[-1].id != message.id:
            yield _logged(own, users)
            own = []
        if not own and message.id in begun:
            problem = f"conversation {message.id!r} of line {begun[message.id]} goes on here after another one"
            raise InputError(f"{problem}: sort the file by conversation", file=path, line=message.line)
        begun.setdefault(message.id, message.line)
        own.append(message)
    if own:
        yield _logged(own, users)


def _from_csv(path: Path) -> Iterator[_Message]:
    rows = _csv_rows(path)
    line, header = next(rows, (1, []))
    names = [name.strip().casefold().replace(" ", "_") for name in header]
    places = []
    for what, known in (("the conversation", _IDS), ("the role", _ROLES), ("the text", _TEXTS)):
        place = next((names.index(name) for name in known if name in names), None)
        if place is None:
            problem = f"has no column for {what}: call it {' or '.join(map(repr, known[:3]))}"
            raise InputError(problem, file=path, line=line)
        places.append(place)
    for number, cells in rows:
        if len(cells) != len(names):
            raise InputError(f"has {len(cells)} cells, the header has {len(names)}", file=path, line=number)
        id_, role, text = (cells[place] for place in places)
        yield _Message(number, id_, role, text.strip())


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row, as a stream: a row is read on until each of its double quotes is closed."""
    pending, begin, is_open = "", 1, False
    for line, text in read_lines(path, most_bytes=MOST_LOG_BYTES):
        if not pending:
            begin = line
        pending += text
        is_open ^= text.count('"') % 2 == 1
        if is_open:
            if len(pending) > MAX_ROW_BYTES:
                problem = f"a double quote is opened here and not closed within {megabytes(MAX_ROW_BYTES)}"
                raise InputError(problem, file=path, line=begin)
            continue
        for _, cells in records(pending, path):
            yield begin, cells
        pending = ""
    if pending:
        raise InputError("a double quote is opened here and never closed", file=path, line=begin)
