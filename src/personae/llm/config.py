"""LLM config: how to reach one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from personae.llm.limits import Limits
from personae.llm.prices import Rates
from personae.transport import Transport


@dataclass(frozen=True, slots=True)
class LLMConfig:
    """How to reach one model. What is left at its default comes from the provider."""

    provider: str
    """Name of a file in `llm/providers/`, such as `openai`, `anthropic`, `ollama`, `offline`."""
    model: str = ""
    """The provider's own default where blank."""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    """Blank: taken from the provider's environment variable."""
    temperature: float | None = None
    """None leaves it to the endpoint."""
    max_output_tokens: int = 4096
    """At most so many tokens are asked for; also what is reserved of the budget before a call."""
    timeout_s: float = 120.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    rates: Rates | None = None
    """US dollars a million tokens, for models that no price list knows."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Fields added to each request's body, for what an endpoint alone knows."""
    attempts: int | None = None
    """Tries per call, the first included. None: as many as for the run's other models."""
    api_version: str = ""
    """Of the provider's API, where it has several: Azure."""
    uses_environment: bool = True
    """Whether a missing key or address may come from the provider's environment variables. Not where the address was
    given by somebody who must not have the process's own key."""

    def with_(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all models of one run share."""

    transport: Transport
    limits: Limits
    attempts: int = 8
    """Tries per call, the first included."""
    seed: int = 0
    """For the offline engine's draws."""
