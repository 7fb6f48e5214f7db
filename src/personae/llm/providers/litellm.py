"""LiteLLM: the proxy of that name, for whatever it is set up to reach."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("litellm")
@dataclass(frozen=True)
class LiteLLM(HttpProvider):
    """A LiteLLM proxy."""

    base_url: str = "http://localhost:4000"
    base_url_variable: str = "LITELLM_BASE_URL"
    key_variables: tuple[str, ...] = ("LITELLM_API_KEY", "LITELLM_MASTER_KEY")
    needs_key: bool = False
