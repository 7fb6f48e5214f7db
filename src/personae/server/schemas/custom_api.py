"""The parts of an LLM config that describe a bot which is no language model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Line = Annotated[str, StringConstraints(max_length=2000)]
Value = Annotated[str, StringConstraints(max_length=20_000)]


class KeyHeader(BaseModel):
    """How the config's `api_key` is sent."""

    model_config = ConfigDict(extra="forbid")

    header: Line = "Authorization"
    """Name of the header that carries it."""
    prefix: Annotated[str, StringConstraints(max_length=60)] = "Bearer "
    """What stands before the key in the header."""


class CustomApi(BaseModel):
    """An HTTP API as a bot: the request as a template, and where the reply stands in the answer.

    `{{message}}` (the user's last one), `{{messages}}` (the whole conversation), `{{session_id}}`, `{{system_prompt}}`
    and the columns of a row can stand anywhere in `url`, `headers` and `body`. A bot of the provider `botario` needs
    none of this; it takes `url`, `headers`, `auth`, `reply_path`, `session_field` and `message_field`.
    """

    model_config = ConfigDict(extra="forbid")

    url: Value | None = None
    """Where requests go. Blank: the config's `llm_base_url`."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    """The HTTP method. Blank: POST."""
    headers: dict[Line, Value] | None = Field(default=None, max_length=100)
    """Headers. Values of those that look like keys are never shown again."""
    body: JsonValue = None
    """JSON with placeholders. A text that is nothing but `{{messages}}` becomes the list of chat messages. Blank:
    `{"messages": "{{messages}}"}`, or `{"message": ..., "session_id": ...}` if the bot remembers."""
    reply_path: Line | None = None
    """JMESPath of the reply in the answer, such as `data.answer`. Blank: the usual places, such as `reply`."""
    session_path: Line | None = None
    """JMESPath of the session id in the answer. From then on it is what `{{session_id}}` stands for."""
    stream: bool | None = None
    """The answer is a stream of server-sent events."""
    stream_path: Line | None = None
    """JMESPath of the piece of text in each event."""
    stateful: bool | None = None
    """The bot remembers: only the new message is sent, and a conversation that broke off starts anew."""
    auth: KeyHeader | None = None
    """How `api_key` is sent. Blank: as a bearer token, if `headers` has no `Authorization` of its own."""
    session_field: Line | None = None
    """Of a botario request: the field of the session id. Blank: `sessionId`."""
    message_field: Line | None = None
    """Of a botario request: the field of the message. Blank: `message`."""

    def foreign_to(self, provider: str) -> list[str]:
        """Fields that are given and mean nothing to a bot of this provider."""
        theirs = {
            "botario": {"url", "headers", "auth", "reply_path", "session_field", "message_field"},
            "custom_api": set(type(self).model_fields) - {"session_field", "message_field"},
        }
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        return [name for name in given if name not in theirs.get(provider, set())]


class MockScript(BaseModel):
    """What a mock says."""

    model_config = ConfigDict(extra="forbid")

    replies: list[Annotated[str, StringConstraints(min_length=1, max_length=100_000)]] | None = Field(
        default=None, min_length=1, max_length=1000
    )
    """The replies in order."""
    at_end: Literal["repeat", "cycle"] | None = None
    """After the last reply: repeat it, or begin again."""
    echo: bool | None = None
    """Say back the user's message instead."""
    latency_ms: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = None
    """How long each reply takes."""
    fail_every: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Each so manieth call fails. 0: none."""
    fail_with: Value | None = None
    """What the failure says."""
