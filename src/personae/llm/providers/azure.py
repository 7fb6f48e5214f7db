"""Azure OpenAI. The model is the deployment's name; the base URL is the resource's address."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import quote

from personae.core.model import Capabilities
from personae.llm.config import LLMConfig
from personae.llm.http_provider import HttpProvider
from personae.llm.openai_chat import OpenAIChat
from personae.llm.providers import providers
from personae.llm.wire import Wire

_VERSION = "OPENAI_API_VERSION"


@providers.method("azure")
@dataclass(frozen=True)
class Azure(HttpProvider):
    """One resource of Azure OpenAI."""

    base_url_variable: str = "AZURE_OPENAI_ENDPOINT"
    key_variables: tuple[str, ...] = ("AZURE_OPENAI_API_KEY",)
    price_list: str = "azure"
    api_version: str = "2024-10-21"
    wire: Wire = OpenAIChat(key_header="api-key")
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(tokens_field="max_completion_tokens"))

    @property
    def variables(self) -> tuple[str, ...]:
        return (*super().variables, _VERSION)

    def url(self, config: LLMConfig) -> str:
        """The deployment's address. A base URL that holds `/openai/v1` is the newer form and is taken as it is."""
        base = config.base_url
        if "/openai/v1" in base:
            return base + self.path
        version = config.api_version or os.environ.get(_VERSION, self.api_version)
        deployment = quote(config.model, safe="")
        return f"{base}/openai/deployments/{deployment}{self.path}?api-version={version}"
