"""Ollama: models on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("ollama")
@dataclass(frozen=True)
class Ollama(HttpProvider):
    """Ollama on this machine."""

    base_url: str = "http://localhost:11434/v1"
    base_url_variable: str = "OLLAMA_BASE_URL"
    needs_key: bool = False
    is_free: bool = True
