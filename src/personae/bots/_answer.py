"""JSON answers of bots: the reply by a JMESPath, or in the places where it usually is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from personae.bots._chat import clean_json, cut
from personae.errors import BotError, InputError

USUAL_PLACES = ("reply", "message", "text", "answer", "response", "output", "content")
_DEEPEST = 5
_LONGEST_SHAPE = 600


def decode(body: bytes | str) -> Any:
    """The JSON in `body`, lone surrogates replaced. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # orjson refuses escaped lone surrogates, which Python's json writes for broken text.
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        try:
            return clean_json(json.loads(text))
        except (ValueError, RecursionError):
            raise ValueError(str(error)) from error


@dataclass(frozen=True)
class Path:
    """A JMESPath, compiled when the bot is opened."""

    expression: str
    field: str
    """The spec's field that holds it, for messages."""

    def __post_init__(self) -> None:
        try:
            jmespath.compile(self.expression)
        except JMESPathError as error:
            problem = " ".join(str(error).split())
            raise InputError(f"{self.expression!r} is not a JMESPath: {problem}", field=self.field) from error

    def find(self, answer: Any) -> Any:
        """What the path yields, None for nothing. Raises BotError where a function in it cannot take the value."""
        try:
            return jmespath.compile(self.expression).search(answer)
        except JMESPathError as error:
            raise self._mismatch(f"fails: {error}", answer) from error

    def text(self, answer: Any) -> str:
        """The text that the path yields. Raises BotError with the answer's shape and the nearest keys."""
        found = self.find(answer)
        if isinstance(found, str):
            return found
        if found is None:
            raise self._mismatch("yields nothing", answer)
        hint = ""
        if isinstance(found, list) and found and all(isinstance(item, str) for item in found):
            hint = f"; to join its texts write join('\\n', {self.expression})"
        raise self._mismatch(f"yields {shape(found)}, not text{hint}", answer)

    def _mismatch(self, problem: str, answer: Any) -> BotError:
        nearest = _nearest(self._keys(), answer)
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        text = f"{self.field} {self.expression!r} {problem}. The answer is {shape(answer)}{hint}"
        return BotError(text, received=cut(dumped(answer)))

    def _keys(self) -> tuple[str, ...]:
        """The keys that the path names."""
        return tuple(_fields(jmespath.compile(self.expression).parsed))


def usual_reply(answer: Any) -> str | None:
    """The reply in one of the usual places: a bare text, `reply`, `message`, `text` ..., `messages[].text`, or a chat
    completion's `choices[0].message.content` (of a stream `delta`). None where there is no text in any."""
    match answer:
        case str():
            return answer
        case list():
            return _said(answer)
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            return content
        case {"choices": [{"delta": {"content": str(content)}}, *_]}:
            return content
        case dict():
            return _in_object(answer)
    return None


def _in_object(answer: dict[str, Any]) -> str | None:
    for place in USUAL_PLACES:
        value = answer.get(place)
        if isinstance(value, dict):
            value = value.get("text") or value.get("content")
        if isinstance(value, str):
            return value
    if isinstance(listed := answer.get("messages"), list):
        return _said(listed)
    return usual_reply(answer["data"]) if isinstance(answer.get("data"), dict) else None


_REPLY = re.compile(
    r"(reply|message|text|answer|response|output|content|speech|say|body|result)s?[-_]?(text|message|content)?",
    re.IGNORECASE,
)
_SESSION = re.compile(r"(session|conversation|chat|thread|dialog(ue)?)[-_]?(id|key|uuid)?", re.IGNORECASE)
_MOST_PLACES = 3


def places_of_reply(answer: Any, sent: str = "") -> list[str]:
    """JMESPaths of texts in an answer that may be the reply, the likeliest first: those in fields that are called so,
    then texts of several words. What is the message that was `sent` is none of them.
    """
    found = []
    for path, value in _texts(answer):
        if not isinstance(value, str) or not value.strip() or value.strip() == sent.strip():
            continue
        is_named = bool(_REPLY.fullmatch(path.rpartition(".")[2].partition("[")[0]))
        if is_named or " " in value.strip():
            found.append((not is_named, " " not in value.strip(), -len(value), path))
    return [path for *_, path in sorted(found)[:_MOST_PLACES]]


def places_of_session(answer: Any) -> list[str]:
    """JMESPaths of what may be the session's id in an answer."""
    named = [path for path, _ in _texts(answer) if _SESSION.fullmatch(path.rpartition(".")[2])]
    return named[:_MOST_PLACES]


def _texts(value: Any, before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Path and value of each text and number in an answer; of lists the first entry."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, one in list(value.items())[:100]:
            name = key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)
            yield from _texts(one, f"{before}.{name}" if before else name, depth + 1)
    elif isinstance(value, list) and value:
        yield from _texts(value[0], f"{before}[0]", depth + 1)
    elif before and isinstance(value, str | int) and not isinstance(value, bool):
        yield before, value


def _said(listed: list[Any]) -> str | None:
    """The texts of a list of messages, one per line, without those of the user."""
    texts = [
        text
        for message in listed
        if isinstance(message, dict) and message.get("role") not in ("user", "system")
        if isinstance(text := message.get("text") or message.get("content"), str)
    ]
    return "\n".join(texts) if texts else None


def shape(value: Any, depth: int = 0) -> str:
    """What `value` is made of, without what it says: `{id: text, choices: [{text: text}]}`."""
    match value:
        case None:
            text = "null"
        case bool():
            text = "true or false"
        case str():
            text = "text"
        case int() | float():
            text = "number"
        case dict() if depth < _DEEPEST:
            text = "{" + ", ".join(f"{key}: {shape(item, depth + 1)}" for key, item in list(value.items())[:30]) + "}"
        case list() if depth < _DEEPEST:
            text = f"[{shape(value[0], depth + 1)}{', ...' if len(value) > 1 else ''}]" if value else "[]"
        case _:
            text = "{...}" if isinstance(value, dict) else "[...]"
    return text if len(text) <= _LONGEST_SHAPE else text[:_LONGEST_SHAPE] + " ..."


def dumped(value: Any) -> str:
    """`value` as JSON text, as far as it can be."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _fields(node: Any) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if node.get("type") == "field":
        yield str(node["value"])
    for child in node.get("children", ()):
        yield from _fields(child)


def _nearest(asked: tuple[str, ...], answer: Any) -> list[str]:
    """Paths of keys in `answer` whose names are near to one that was asked for and is not there."""
    paths: dict[str, str] = {}
    for path in _key_paths(answer, "", 0):
        paths.setdefault(path.rpartition(".")[2].removesuffix("[0]").lower(), path)
    near: list[str] = []
    for key in asked:
        if key.lower() not in paths or paths[key.lower()] != key:
            near += [paths[name] for name in get_close_matches(key.lower(), paths, n=2, cutoff=0.6)]
    return list(dict.fromkeys(near))[:3]


def _key_paths(value: Any, before: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list) and value:
        yield from _key_paths(value[0], f"{before}[0]", depth + 1)
    elif isinstance(value, dict):
        for key, item in list(value.items())[:100]:
            path = f"{before}.{key}" if before else str(key)
            yield path
            yield from _key_paths(item, path, depth + 1)
