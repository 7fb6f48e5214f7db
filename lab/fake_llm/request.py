"""One request to a model, in one form for every wire protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ANY_TOOL = "*"
"""`forced` of a request that must call some tool, whichever."""


@dataclass(slots=True)
class ChatRequest:
    wire: str
    """`openai`, `anthropic` or `responses`."""
    model: str
    messages: list[dict[str, Any]]
    """As sent, the system text first wherever the protocol keeps it."""
    tools: dict[str, dict[str, Any]]
    """Name of each offered tool, with the JSON schema of its arguments."""
    forced: str | None
    """The tool that must be called, `ANY_TOOL`, or nothing."""
    schema: dict[str, Any] | None
    """The JSON schema asked for as response format."""
    json_object: bool
    stream: bool
    include_usage: bool
    body: dict[str, Any]
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    checksum: int = 0
    """CRC-32 of the body: the seed of the answer."""
    number: int = 0
    """Count of requests to this server, from 1, in order of arrival."""
    at: float = 0.0
    """Arrival on the server's monotonic clock, in seconds."""
    prompt_chars: int = 0
    cached_chars: int = 0
    """Characters of the prompt, and those that an earlier request had already sent."""
    role: str = ""
    """`simulator`, `bot` or `judge`, as read from the content."""

    @property
    def own_turns(self) -> int:
        """Assistant messages so far: turns the model has already taken."""
        return sum(1 for message in self.messages if message.get("role") == "assistant")

    @property
    def last_text(self) -> str:
        return text_of(self.messages[-1]) if self.messages else ""

    @property
    def first_text(self) -> str:
        return text_of(self.messages[0]) if self.messages else ""


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message, whether its content is text or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part.get("text") or "" if isinstance(part, dict) else str(part) for part in content)
    return ""
