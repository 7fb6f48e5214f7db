"""A curl command as the settings of a bot: what somebody copied from an API's docs, or from a browser's network tab.

The request is taken as it stands, and where a message, a conversation or a session stands in it, a placeholder is put.
What is guessed is shown to the person who pasted it, and the connection can be tested before anything is stored.
"""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from personae.errors import InputError

_DATA = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_VALUED = (
    *("-X", "--request", "-H", "--header", "--url", "-u", "--user", "-b", "--cookie", "-A", "--user-agent"),
    *("-e", "--referer", "-o", "--output", "-m", "--max-time", "--connect-timeout", "-x", "--proxy", "--retry"),
    *("-F", "--form", "--data-urlencode", "-T", "--upload-file"),
)
_UNREAD = ("-F", "--form", "--data-urlencode", "-T", "--upload-file")
_OF_THE_BROWSER = re.compile(r"(accept|accept-.*|content-length|content-type|connection|host|origin|priority|referer|"
                             r"sec-.*|user-agent|dnt|cache-control|pragma|te)", re.IGNORECASE)  # fmt: skip
_KEY_HEADER = re.compile(r"(x-)?(api|auth|access)[-_]?(key|token)", re.IGNORECASE)
MESSAGE = re.compile(
    r"(user)?[-_]?(message|input|query|question|prompt|utterance|text|content|q|msg)[-_]?(text)?", re.IGNORECASE
)
SESSION = re.compile(r"(session|conversation|chat|thread|dialog(ue)?|contact|sender)[-_]?(id|key|uuid)?", re.IGNORECASE)
"""Names of fields that hold what is said, and by which a bot knows a conversation."""


@dataclass(frozen=True, slots=True)
class Curl:
    """What a command sends, with placeholders."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    """Without the key, and without what every client sends."""
    body: Any = None
    key: str = ""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    has_message: bool = False
    """A place for the message was found; else nothing that the persona says would be sent."""
    has_session: bool = False


def read_curl(text: str) -> Curl:
    """What the command sends. Raises InputError for what is no curl command, or sends something else than JSON."""
    sent = _Sent()
    for option, value in _options(text):
        sent.take(option, value)
    if not sent.url:
        raise InputError("holds no address", field="curl")
    key, key_header, key_prefix = _key(sent.headers)
    body, found = _placed(_json("&".join(sent.data))) if sent.data else (None, frozenset())
    url, in_url = _placed_in_url(sent.url if "://" in sent.url else f"https://{sent.url}")
    return Curl(
        url,
        sent.method or ("POST" if sent.data else "GET"),
        {name: value for name, value in sent.headers.items() if not _OF_THE_BROWSER.fullmatch(name)},
        body,
        key,
        key_header,
        key_prefix,
        has_message=bool({"message", "messages"} & (found | in_url)),
        has_session="session_id" in found | in_url,
    )


@dataclass(slots=True)
class _Sent:
    """What the options say."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)

    def take(self, option: str, value: str) -> None:
        if option in _DATA:
            self.data.append(value)
        elif option in ("-X", "--request"):
            self.method = value.upper()
        elif option in ("-H", "--header"):
            name, _, held = value.partition(":")
            self.headers[name.strip()] = held.strip()
        elif option in ("-b", "--cookie"):
            self.headers["Cookie"] = value
        elif option in ("-u", "--user"):
            self.headers["Authorization"] = f"Basic {b64encode(value.encode()).decode()}"
        elif option in ("-G", "--get"):
            self.method = "GET"
        elif option in ("", "--url"):
            self.url = self.url or value
        elif option in _UNREAD:
            raise InputError(f"sends a form or a file ({option}): a bot is sent JSON", field="curl")


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Options with their values; what stands alone under a blank name."""
    try:
        words = shlex.split(_plain_quotes(text.replace("\\\r\n", " ").replace("\\\n", " ")))
    except ValueError as error:
        raise InputError(f"cannot be read: {error}", field="curl") from None
    if not words or words.pop(0).rpartition("/")[2].removesuffix(".exe") != "curl":
        raise InputError("does not begin with curl", field="curl")
    while words:
        word = words.pop(0)
        name, is_said, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if len(word) > 2 and word[0] == "-" and word[1] != "-" and word[:2] in (*_DATA, *_VALUED):
            name, is_said, value = word[:2], "=", word[2:]
        if name not in (*_DATA, *_VALUED):
            yield (name, "") if word.startswith("-") else ("", word)
        elif is_said:
            yield name, value
        elif not words:
            raise InputError(f"ends after {name}", field="curl")
        else:
            yield name, words.pop(0)


def _plain_quotes(text: str) -> str:
    r"""Browsers write `$'...'` with escapes such as `\u00fc` and `\'`, which Python's shlex does not know."""

    def quoted(found: re.Match[str]) -> str:
        said = re.sub(r"\\'", "'", found[1])
        said = re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})", lambda one: chr(int(one[1][1:], 16)), said)
        return shlex.quote(re.sub(r"\\([\\n])", lambda one: "\n" if one[1] == "n" else "\\", said))

    return re.sub(r"\$'((?:[^'\\]|\\.)*)'", quoted, text)


def _json(text: str) -> Any:
    if text.startswith("@"):
        raise InputError(f"sends the file {text[1:]!r}: paste its text in its place", field="curl")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"sends no JSON, but {text[:60]!r}: a bot is sent JSON", field="curl") from None


def _key(headers: dict[str, str]) -> tuple[str, str, str]:
    """The key, its header and what stands before it; the header is taken out. Blank: there is none."""
    for name, value in headers.items():
        if name.lower() == "authorization" or _KEY_HEADER.fullmatch(name):
            prefix, space, key = value.rpartition(" ")
            del headers[name]
            return key, name, prefix + space
    return "", "Authorization", "Bearer "


def _placed(body: Any) -> tuple[Any, frozenset[str]]:
    """The body with placeholders, and which these are."""
    found: set[str] = set()

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {name: _placeholder(name, one, found) or walk(one) for name, one in value.items()}

    return walk(body), frozenset(found)


def _placeholder(name: str, value: Any, found: set[str]) -> str:
    """What to put in a field's place; blank: nothing."""
    kind = ""
    if name == "messages" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
        kind = "messages"
    elif SESSION.fullmatch(name) and isinstance(value, str | int):
        kind = "session_id"
    elif MESSAGE.fullmatch(name) and isinstance(value, str) and not found & {"message", "messages"}:
        kind = "message"
    if kind:
        found.add(kind)
    return f"{{{{{kind}}}}}" if kind else ""


def _placed_in_url(url: str) -> tuple[str, frozenset[str]]:
    address, mark, query = url.partition("?")
    found: set[str] = set()
    pairs = []
    for pair in query.split("&") if mark else ():
        name, _, value = pair.partition("=")
        pairs.append(f"{name}={_placeholder(unquote(name), value, found) or value}")
    return address + mark + "&".join(pairs), frozenset(found)
