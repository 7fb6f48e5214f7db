"""Text as it may be stored, sent and shown: always valid Unicode, and not longer than a prompt can bear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

MOST_SHOWN = 20_000
"""Characters of one message that a prompt shows. Longer ones are kept whole in the record."""
_TAIL = 2_000
_SIGNS = '!"#$%&()*+,./:;<=>?@[\\]^_`{|}~'
_BLANKS = str.maketrans(
    dict.fromkeys(_SIGNS, " ")
    | dict.fromkeys("\u2026\u2013\u2014\u00bf\u00a1\u201c\u201d\u201e\u00ab\u00bb\u3002\uff0c\uff1f\uff01\u3001", " ")
)
_ASCII_BLANKS = bytes.maketrans(_SIGNS.encode(), b" " * len(_SIGNS))


def whole(text: str) -> str:
    """`text` with lone surrogates, which cannot be written as UTF-8, as U+FFFD. Halves that fit are joined."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """`text`, or its beginning and end with a note of how much was left out between them."""
    if len(text) <= most:
        return text
    tail = min(_TAIL, most // 4)
    return f"{text[: most - tail]}\n[… {len(text) - most:,} characters left out …]\n{text[len(text) - tail :]}"


def has_any(text: str, signs: Sequence[str]) -> bool:
    """Whether one of `signs` is in `text`. Some hundred times cheaper than to try a pattern of as many words."""
    for sign in signs:  # noqa: SIM110 - a loop takes half the time of `any` here
        if sign in text:
            return True
    return False


def words_of(lower: str) -> list[str]:
    """The words of a text that is in lower case; what stands between them is left out, save for `'` and `-`."""
    if lower.isascii():  # bytes are translated in a fraction of the time
        return lower.encode().translate(_ASCII_BLANKS).decode().split()
    return lower.translate(_BLANKS).split()


def loads(data: bytes | str) -> Any:
    """JSON as it comes from servers: fast, and lenient only towards lone surrogates. Raises ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        if "\\u" not in text:
            raise
        try:
            return whole_values(json.loads(text, parse_constant=_no_constant))
        except RecursionError as error:
            raise ValueError("its parts stand in one another too deep") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def whole_values(value: Any) -> Any:
    """JSON data with every text in it made `whole`."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [whole_values(item) for item in value]
    if isinstance(value, dict):
        return {whole(name): whole_values(item) for name, item in value.items()}
    return value
