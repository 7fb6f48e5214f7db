"""What a failed HTTP answer says: when to ask again, and the message in its body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan

import orjson

LONGEST_WAIT_S = 120.0
LONGEST_MESSAGE = 500
"""Characters."""


def retry_after(header: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds to wait, from a Retry-After header in seconds or as a date; at most two minutes."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if isnan(seconds) else min(max(0.0, seconds), LONGEST_WAIT_S)


def message_in(body: bytes) -> str:
    """The message in an error body of the usual forms: error.message, error, message, detail. Else blank."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    for _ in range(2):
        if not isinstance(data, dict):
            break
        data = data.get("error") or data.get("message") or data.get("detail")
    return data[:LONGEST_MESSAGE] if isinstance(data, str) else ""
