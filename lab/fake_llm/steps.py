"""What the fake model does with one request: a small set of frozen steps, each also writable as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str | Mapping[str, Any] = "{}"
    """An object, or raw text that goes out as it is: wrong arguments are written as text that is no JSON."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    """Part of `prompt` that the provider read from its prompt cache."""
    reasoning: int = 0
    """Part of `completion` that was hidden thinking."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A proper answer. What is left out is estimated (usage) or follows from the rest (finish reason)."""

    text: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    usage: Usage | None = None
    finish_reason: str | None = None
    chunk_ms: float = 0
    """Pause between two chunks when the request asks for a stream."""


@dataclass(frozen=True, slots=True)
class Status:
    """An error answer. Without `body` it is the one the real provider of that protocol sends."""

    status: int
    retry_after: float | str | None = None
    """Seconds, or an HTTP date as text."""
    body: str | None = None
    message: str | None = None
    code: str | None = None
    param: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Reset:
    """Cut the connection (RST) without a byte of reply."""


@dataclass(frozen=True, slots=True)
class CutBody:
    """Send the head and half of the body, wait, then close the connection."""

    wait_s: float = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing for so long, then close the connection."""

    seconds: float = 3600


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then go on with another step (by default the usual answer)."""

    ms: float
    then: Step | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """A well-formed reply with empty text; with `choices=False` one without any choice at all."""

    choices: bool = True


@dataclass(frozen=True, slots=True)
class Huge:
    """A reply whose text has so many bytes."""

    bytes: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Garbage:
    """Status 200 with a body that is no JSON, as gateways send it."""

    body: str = "<html><body>upstream connect error or disconnect before headers</body></html>"
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Auto:
    """The usual answer: the role is read from the request."""


Step: TypeAlias = Reply | Status | Reset | CutBody | Stall | Delay | Empty | Huge | Garbage | Auto

STEPS: dict[str, type[Step]] = {
    kind.__name__.lower(): kind for kind in (Reply, Status, Reset, CutBody, Stall, Delay, Empty, Huge, Garbage, Auto)
}

BAD_KEY = Status(401, message="Incorrect API key provided: sk-x.", code="invalid_api_key")
MODEL_NOT_FOUND = Status(404, message="The model `nope` does not exist.", code="model_not_found")
TOOLS_UNSUPPORTED = Status(400, message="this model does not support tools", param="tools")
RESPONSE_FORMAT_UNSUPPORTED = Status(
    400,
    message="Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    param="response_format",
)
CONTEXT_TOO_LONG = Status(
    400,
    message="This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
    code="context_length_exceeded",
    param="messages",
)


def step_to_json(step: Step) -> dict[str, Any]:
    """`{"step": "status", "status": 429, ...}`: what `step_from_json` reads."""
    out: dict[str, Any] = {"step": type(step).__name__.lower()}
    for item in fields(step):
        value = getattr(step, item.name)
        if value == item.default:
            continue
        if item.name == "then":
            value = step_to_json(value)
        elif item.name == "tool_calls":
            value = [{"name": call.name, "arguments": call.arguments, "id": call.id} for call in value]
        elif item.name == "usage":
            value = {part.name: getattr(value, part.name) for part in fields(Usage)}
        out[item.name] = value
    return out


def step_from_json(data: Mapping[str, Any]) -> Step:
    """Read one step. Raises ValueError with the words that are known when a name is not."""
    values = dict(data)
    name = str(values.pop("step", "reply")).lower()
    if name not in STEPS:
        raise ValueError(f"unknown step {name!r}; known: {', '.join(STEPS)}")
    kind = STEPS[name]
    known = {item.name for item in fields(kind)}
    if unknown := values.keys() - known:
        raise ValueError(f"step {name!r} has no {sorted(unknown)}; it has {sorted(known)}")
    if values.get("then") is not None:
        values["then"] = step_from_json(values["then"])
    if "tool_calls" in values:
        values["tool_calls"] = tuple(ToolCall(**call) for call in values["tool_calls"])
    if values.get("usage") is not None:
        values["usage"] = Usage(**values["usage"])
    return kind(**values)
