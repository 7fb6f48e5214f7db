"""OpenRouter: many providers behind one key."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("openrouter")
@dataclass(frozen=True)
class OpenRouter(HttpProvider):
    """OpenRouter."""

    base_url: str = "https://openrouter.ai/api/v1"
    key_variables: tuple[str, ...] = ("OPENROUTER_API_KEY",)
    price_list: str = "openrouter"
