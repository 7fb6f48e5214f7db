"""A bare model: any endpoint that speaks OpenAI's chat completions, or any other provider of ours.

Source: seeds/000, provider OpenAI
Idea:   stateless: the system prompt and the whole conversation are sent each turn.
Cost:   one call per turn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from personae.bots import BotReply, BotWiring, Session, bots
from personae.bots._answer import dumped
from personae.bots._chat import messages, prompt_for, reply_text
from personae.bots._http import checked_url, host_of
from personae.bots._spec_file import spec_in_file
from personae.core.conversation import Turn
from personae.core.model import Model, Request, ToolCall
from personae.core.text import whole
from personae.errors import BotError, ConfigurationError, ProviderError


@bots.method("openai")
@dataclass(frozen=True)
class OpenAIBot:
    """A language model as the bot."""

    model: str = ""
    """The model's name. Blank: the provider's own default."""
    base_url: str = ""
    """Address of the endpoint, such as `http://localhost:8000/v1`. Blank: the provider's own."""
    system_prompt: str = ""
    """What makes the model your bot. Sent first in every request."""
    provider: str = "openai"
    """Who is asked, and by which protocol: `openai`, `anthropic`, `ollama`, `offline` ..."""
    api_key: str = field(default="", repr=False, metadata={"secret": True})
    """The key. Better left blank: it is then taken from `api_key_env`, or from the provider's own variable."""
    api_key_env: str = ""
    """Name of the environment variable that holds the key."""
    temperature: float | None = None
    """Blank leaves it to the endpoint."""
    max_output_tokens: int | None = None
    """Longest reply in tokens. Blank: the default of LLM configs."""
    requests_per_minute: float | None = None
    """At most so many requests a minute. Blank: no such limit."""
    tokens_per_minute: float | None = None
    """At most so many tokens a minute. Blank: no such limit."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Fields added to each request's body, for what an endpoint alone knows."""
    api_version: str = ""
    """Of the provider's API, where it has several: Azure."""
    uses_environment: bool = True
    """Whether a missing key or address may come from the provider's environment variables."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """An http or https address, `model:PROVIDER` or `model:PROVIDER/MODEL`, or a spec file with `bot: openai`."""
        if target.lower().startswith(("http://", "https://")):
            address = target.rstrip("/")
            return cls(base_url=address.removesuffix("/chat/completions"))
        if target.startswith("model:"):
            provider, _, model = target.removeprefix("model:").partition("/")
            return cls(provider=provider, model=model) if provider else None
        return spec_in_file(target, "openai", cls)

    @property
    def label(self) -> str:
        name = f"{self.provider}/{self.model}" if self.model else self.provider
        return f"{name} at {host_of(self.base_url)}" if self.base_url else name

    def open(self, wiring: BotWiring) -> _OpenAI:
        if self.base_url:
            checked_url(self.base_url, field="base_url")
        settings: dict[str, Any] = {
            "model": self.model,
            "base_url": self.base_url,
            "api_key": self._key(),
            "temperature": self.temperature,
            "max_output_tokens": self.max_output_tokens,
            "requests_per_minute": self.requests_per_minute,
            "tokens_per_minute": self.tokens_per_minute,
            "extra_body": dict(self.extra_body),
            "api_version": self.api_version,
            "uses_environment": None if self.uses_environment else False,
        }
        given = {name: value for name, value in settings.items() if value not in ("", None, {})}
        return _OpenAI(self, wiring.connect_model(provider=self.provider, timeout_s=wiring.timeout_s, **given))

    def _key(self) -> str:
        if self.api_key or not self.api_key_env:
            return self.api_key
        key = os.environ.get(self.api_key_env, "").strip()
        if not key:
            raise ConfigurationError(f"the environment variable {self.api_key_env} is not set (api_key_env of the bot)")
        return key


class _OpenAI:
    is_stateful = False

    def __init__(self, spec: OpenAIBot, model: Model) -> None:
        self.system_prompt = spec.system_prompt
        self.model = model

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        request = Request(messages(turns, prompt_for(session, self.system_prompt)), "bot", extra=session.extra)
        try:
            reply = await self.model.complete(request)
        except ProviderError as error:
            raise BotError(
                str(error), received=error.body[:2000], retryable=error.retryable, hopeless=error.hopeless
            ) from error
        ended = f"finish reason {reply.finish_reason!r}" if reply.finish_reason else ""
        calls = _as_chat(reply.tool_calls)
        said = reply.text if reply.text.strip() or not calls else dumped(calls)
        text = reply_text(said, self.model.name, received=ended)
        metadata: dict[str, Any] = {"model": self.model.name, "sampling": dict(reply.sampling), "tool_calls": calls}
        if reply.finish_reason:
            metadata["finish_reason"] = reply.finish_reason
        return BotReply(text, reply.latency_ms, reply.usage, {key: value for key, value in metadata.items() if value})

    async def close(self) -> None:
        """The model belongs to the run."""


def _as_chat(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """Tool calls as in a chat message. The ids are ours: a call is not answered, so nobody else's is needed."""
    return [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": whole(call.name), "arguments": whole(call.arguments)},
        }
        for number, call in enumerate(calls, 1)
    ]
