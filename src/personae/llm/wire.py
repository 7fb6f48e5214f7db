"""What a wire protocol does: a request as bytes on their way to an endpoint, and an endpoint's answer as a reply."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from personae.core.model import Capabilities, Request, ToolCall
from personae.core.usage import Usage


class Answer(NamedTuple):
    """What an endpoint's answer holds, before prices and latency are added."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    usage: Usage | None
    """None where the endpoint did not say."""
    finish_reason: str


class Malformed(Exception):
    """The endpoint answered with success, but not in its protocol's form. The text says what is missing."""


class Wire(Protocol):
    """One wire protocol."""

    def headers(self, api_key: str) -> dict[str, str]: ...

    def encode(
        self,
        request: Request,
        model: str,
        capabilities: Capabilities,
        *,
        temperature: float | None,
        max_output_tokens: int,
    ) -> dict[str, Any]:
        """The request's body. Sampling stands in it exactly where it is sent."""
        ...

    def decode(self, body: Any) -> Answer:
        """The answer in `body`, which is whatever JSON the endpoint sent. Raises Malformed."""
        ...


def count(value: Any) -> int:
    """A count of tokens as an endpoint sends it; 0 for whatever is none."""
    return value if type(value) is int and value > 0 else 0
