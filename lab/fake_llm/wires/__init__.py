"""One file per wire protocol: read a request, write a reply, a stream or an error in its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from lab.fake_llm.request import ChatRequest
from lab.fake_llm.steps import Reply, Status, Usage


class Wire(Protocol):
    def read(self, body: dict[str, Any]) -> ChatRequest:
        """Raises KeyError, TypeError or ValueError when the body is not of this protocol."""

    def whole(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> dict[str, Any]:
        """The body of a reply in one piece."""

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> Iterator[str]:
        """The server-sent events of a streamed reply, each with its final blank line."""

    def error(self, step: Status, message: str) -> Mapping[str, Any]:
        """The body of an error."""


def pieces(text: str, count: int = 6) -> list[str]:
    """Cut a text into some pieces, as a stream delivers it. Joined they are the text."""
    size = max(1, -(-len(text) // count))
    return [text[start : start + size] for start in range(0, len(text), size)]
