"""Chat requests read into prompts: (role, text) per message.

Text parts of a content list are joined by line feeds. Anything else (image, audio, file, tool use) is noted by its
kind only, as `[image_url]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

ENDPOINTS = ("/chat/completions", "/messages", "/responses", "/api/chat")
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})


class Prompt(NamedTuple):
    """What one message says, and as whom."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the bot made."""

    sdk: str
    """Package it was made with: `openai`, `httpx` ..."""
    name: str
    """What was called: `chat.completions.create`, or `POST /chat/completions` for raw requests."""
    prompts: tuple[Prompt, ...]


def endpoint_of(url: str) -> str | None:
    """Which of the known chat endpoints the URL or path ends with."""
    path = urlsplit(url).path.rstrip("/")
    return next((endpoint for endpoint in ENDPOINTS if path.endswith(endpoint)), None)


def prompts_of_request(url: str, body: object) -> tuple[Prompt, ...]:
    """The prompts of a request as the client sends it, empty if it is not a chat request."""
    if not isinstance(body, Mapping) or urlsplit(url).path.rstrip("/").endswith("/count_tokens"):
        return ()
    endpoint = endpoint_of(url)
    messages = body.get("messages")
    if endpoint == "/responses" and messages is None:
        return _prompts_of_response_request(body)
    if not isinstance(messages, list) or not messages:
        return ()
    if endpoint is None and not all(map(_is_message, messages)):
        return ()
    return _system(body.get("system")) + prompts_of_messages(messages)


def prompts_of_messages(messages: object) -> tuple[Prompt, ...]:
    """The prompts of a list of messages, dictionaries or objects of an SDK. Messages without content are skipped."""
    if not isinstance(messages, list | tuple):
        return ()
    found = []
    for message in messages:
        role, text = field(message, "role"), text_of(field(message, "content"))
        if isinstance(role, str) and text is not None:
            found.append(Prompt(role, text))
    return tuple(found)


def raw_call(sdk: str, method: str, url: str, body: object) -> Call | None:
    """A request made without an SDK, if it is a chat request; `body` is JSON as bytes or text, or the value itself."""
    if method.upper() != "POST":
        return None
    endpoint = endpoint_of(url)
    if isinstance(body, bytes | bytearray | str):
        body = _parsed(body, certain=endpoint is not None)
    prompts = prompts_of_request(url, body)
    # The path of an unknown endpoint may hold ids: it would make every conversation a call of its own.
    return Call(sdk, f"POST {endpoint}" if endpoint else "POST", prompts) if prompts else None


def text_of(content: object) -> str | None:
    """The text of a message's content, None if there is none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple) or not content:
        return None
    return "\n".join(map(_text_of_part, content))


def field(thing: Any, name: str) -> Any:
    """An entry of a dictionary or an attribute of an SDK's object, None if there is none."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _prompts_of_response_request(body: Mapping[str, Any]) -> tuple[Prompt, ...]:
    given = body.get("input")
    said = (Prompt("user", given),) if isinstance(given, str) else prompts_of_messages(given)
    return _system(body.get("instructions")) + said


def _system(content: object) -> tuple[Prompt, ...]:
    text = text_of(content)
    return () if text is None else (Prompt("system", text),)


def _text_of_part(part: object) -> str:
    if isinstance(part, str):
        return part
    kind, text = field(part, "type"), field(part, "text")
    if isinstance(text, str) and (kind is None or kind in TEXT_PARTS):
        return text
    return f"[{kind}]"


def _is_message(message: object) -> bool:
    return isinstance(message, Mapping) and isinstance(message.get("role"), str) and "content" in message


def _parsed(body: bytes | bytearray | str, *, certain: bool) -> object:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if not certain and b'"messages"' not in raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
