"""vLLM: your own server of open models."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("vllm")
@dataclass(frozen=True)
class VLLM(HttpProvider):
    """A server of your own."""

    base_url: str = "http://localhost:8000/v1"
    base_url_variable: str = "VLLM_BASE_URL"
    key_variables: tuple[str, ...] = ("VLLM_API_KEY",)
    needs_key: bool = False
    is_free: bool = True
