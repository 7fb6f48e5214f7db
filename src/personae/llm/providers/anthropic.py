"""Anthropic, by its own messages protocol."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.anthropic_messages import AnthropicMessages
from personae.llm.config import LLMConfig
from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers
from personae.llm.wire import Wire


@providers.method("anthropic")
@dataclass(frozen=True)
class Anthropic(HttpProvider):
    """Claude at Anthropic."""

    base_url: str = "https://api.anthropic.com"
    base_url_variable: str = "ANTHROPIC_BASE_URL"
    key_variables: tuple[str, ...] = ("ANTHROPIC_API_KEY",)
    default_model: str = "claude-haiku-4-5-20251001"
    path: str = "/v1/messages"
    wire: Wire = AnthropicMessages()
    price_list: str = "anthropic"

    def url(self, config: LLMConfig) -> str:
        """The messages address, whether or not the base URL ends in `/v1`."""
        return config.base_url.removesuffix("/v1") + self.path
