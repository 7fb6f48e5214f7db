"""OpenAI, and any endpoint that speaks its chat completions protocol when a base URL is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from personae.core.model import Capabilities, Model
from personae.llm.config import LLMConfig, Wiring
from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("openai")
@dataclass(frozen=True)
class OpenAI(HttpProvider):
    """OpenAI, or what speaks like it."""

    base_url: str = "https://api.openai.com/v1"
    base_url_variable: str = "OPENAI_BASE_URL"
    key_variables: tuple[str, ...] = ("OPENAI_API_KEY",)
    default_model: str = "gpt-4o-mini"
    price_list: str = "openai"

    def connect(self, config: LLMConfig, wiring: Wiring) -> Model:
        """OpenAI itself calls the limit on output `max_completion_tokens`, most others only know `max_tokens`."""
        address = self._completed(config).base_url
        if address.startswith(self.base_url):
            return HttpProvider.connect(
                replace(self, capabilities=Capabilities(tokens_field="max_completion_tokens")), config, wiring
            )
        return HttpProvider.connect(self, config, wiring)
