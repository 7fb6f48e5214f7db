"""A request's template: placeholders in URL, headers and JSON body, filled in one pass, values never read again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from personae.core.model import Message
from personae.core.template import fill, placeholders
from personae.core.text import whole
from personae.errors import BotError, InputError

OURS = frozenset({"message", "messages", "session_id", "system_prompt"})
"""Placeholders that the conversation fills. All others are columns."""

_MESSAGES_ALONE = re.compile(r"\{\{[ \t]*messages[ \t]*\}\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Values:
    """What one request is filled with."""

    message: str
    messages: Sequence[Message]
    session_id: str
    system_prompt: str
    columns: Mapping[str, Any]

    def by_name(self) -> dict[str, str]:
        texts = {name: whole(str(value)) for name, value in self.columns.items()}
        texts |= {"message": whole(self.message), "session_id": whole(self.session_id)}
        texts["system_prompt"] = whole(self.system_prompt)
        texts["messages"] = orjson.dumps(self.messages).decode()
        return texts


@dataclass(frozen=True)
class Template:
    """URL, headers and body of a request, before they are filled."""

    url: str
    headers: Mapping[str, str]
    body: Any
    """Plain JSON data, or None for a request without a body."""

    def names(self) -> tuple[str, ...]:
        """All placeholders, each once: those of the URL, of the headers, of the body."""
        found: dict[str, None] = dict.fromkeys(placeholders(self.url))
        for header in self.headers.values():
            found |= dict.fromkeys(placeholders(header))
        for text in _texts(self.body):
            found |= dict.fromkeys(placeholders(text))
        return tuple(found)

    def columns(self) -> tuple[str, ...]:
        """The placeholders that columns fill."""
        return tuple(name for name in self.names() if name not in OURS)

    def filled(self, values: Values) -> tuple[str, dict[str, str], bytes | None]:
        """URL (values percent-encoded), headers (control characters in values become spaces) and JSON body.

        Raises BotError for a placeholder that nothing fills.
        """
        texts = values.by_name()
        try:
            url = fill(self.url, {name: quote(text, safe="") for name, text in texts.items()}, where="url")
            in_headers = {name: _CONTROL.sub(" ", text) for name, text in texts.items()}
            headers = {name: fill(value, in_headers, where=f"headers.{name}") for name, value in self.headers.items()}
            body = None if self.body is None else orjson.dumps(_filled(self.body, texts, values.messages, "body"))
        except InputError as error:
            raise BotError(f"the request cannot be filled: {error}", hopeless=True) from error
        if url != self.url and any(part in (".", "..") for part in url.partition("?")[0].split("/")[3:]):
            raise BotError("the request cannot be filled: a value makes '.' or '..' a part of the URL's path")
        return url, headers, body


def _filled(part: Any, texts: Mapping[str, str], messages: Sequence[Message], where: str) -> Any:
    match part:
        case str() if _MESSAGES_ALONE.fullmatch(part):
            return list(messages)
        case str():
            return fill(part, texts, where=where)
        case list() | tuple():
            return [_filled(item, texts, messages, f"{where}[{index}]") for index, item in enumerate(part)]
        case Mapping():
            return {name: _filled(item, texts, messages, f"{where}.{name}") for name, item in part.items()}
    return part


def _texts(part: Any) -> Iterator[str]:
    match part:
        case str():
            yield part
        case list() | tuple():
            for item in part:
                yield from _texts(item)
        case Mapping():
            for item in part.values():
                yield from _texts(item)


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """`headers` if they can be sent. Raises InputError."""
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
            raise InputError(f"{name!r} is no name for a header", field="headers")
        if _CONTROL.search(value):
            raise InputError("the value holds a line break or control character", field=f"headers.{name}")
    return headers


def checked_body(body: Any, *, field: str = "body") -> Any:
    """`body` as plain JSON data; a text is read as JSON. Raises InputError."""
    if isinstance(body, str):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            hint = '; placeholders stand in quotes, as in "{{messages}}"' if "{{" in body else ""
            raise InputError(f"is not JSON: {error}{hint}", field=field) from error
    try:
        orjson.dumps(body)
    except (TypeError, ValueError) as error:
        raise InputError(f"cannot be sent as JSON: {error}", field=field) from error
    return body
