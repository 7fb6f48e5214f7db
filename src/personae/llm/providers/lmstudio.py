"""LM Studio: models on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("lmstudio")
@dataclass(frozen=True)
class LMStudio(HttpProvider):
    """LM Studio on this machine."""

    base_url: str = "http://localhost:1234/v1"
    base_url_variable: str = "LMSTUDIO_BASE_URL"
    needs_key: bool = False
    is_free: bool = True
