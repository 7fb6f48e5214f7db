"""What is asked of a language model and what it answers, whatever protocol carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from personae.core.usage import NO_USAGE, Usage

Message = dict[str, str]
"""`{"role": "system" | "user" | "assistant", "content": text}`."""

Purpose = Literal["simulator", "judge", "bot", "generator"]
"""Who the call is made for: the role under which its usage is counted."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call instead of, or beside, answering in text."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model calls a tool."""

    name: str
    arguments: str
    """JSON text, as the model wrote it: it may be broken."""


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """The answer must be JSON of this shape."""

    name: str
    schema: Mapping[str, Any]


@dataclass(slots=True)
class Request:
    """One question to a model. Never changed once made; not declared frozen, since that makes it three times dearer."""

    messages: Sequence[Message]
    """The system message, if there is one, comes first."""
    purpose: Purpose
    tools: tuple[Tool, ...] = ()
    force_tool: str = ""
    """The name of the one tool that must be called."""
    output: OutputSchema | None = None
    json_object: bool = False
    """The answer must be some JSON object: the weaker promise of models that take no schema."""
    max_output_tokens: int | None = None
    extra: Mapping[str, Any] | None = None
    """Fields of the request's body that this question alone has, as its endpoint calls them."""
    about: object = None
    """What the request is about, as data, for the offline engine, which computes instead of reading. Never sent."""


@dataclass(slots=True)
class Reply:
    """One answer of a model. Never changed; see Request."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = NO_USAGE
    latency_ms: float = 0.0
    finish_reason: str = ""
    sampling: Mapping[str, float] = field(default_factory=dict)
    """Temperature and the like, as they were in the request that was really sent."""


@dataclass(slots=True)
class Capabilities:
    """What an endpoint's model can do. Begins as a guess; a refusal by the endpoint corrects it for all later calls."""

    tools: bool = True
    json_schema: bool = True
    json_object: bool = True
    temperature: bool = True
    alternates: bool = False
    """Whether it refuses two messages of one role in a row, as the chat templates of some local models do."""
    tokens_field: str = "max_tokens"
    """What the endpoint calls the limit on output, where its protocol has two names for it."""


class Model(Protocol):
    """One language model at one endpoint."""

    @property
    def name(self) -> str:
        """`provider/model`, for records and messages."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def complete(self, request: Request) -> Reply:
        """One answer. Raises ProviderError when retries did not help, BudgetExceeded before a call over the ceiling."""
        ...

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        """What such a call would cost, or None where the price is not known."""
        ...
