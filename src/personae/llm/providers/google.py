"""Google: Gemini by its OpenAI-compatible endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from personae.llm.http_provider import HttpProvider
from personae.llm.providers import providers


@providers.method("google")
@dataclass(frozen=True)
class Google(HttpProvider):
    """Gemini at Google."""

    base_url: str = "https://generativelanguage.googleapis.com/v1beta/openai"
    key_variables: tuple[str, ...] = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    default_model: str = "gemini-2.5-flash"
    price_list: str = "google"
