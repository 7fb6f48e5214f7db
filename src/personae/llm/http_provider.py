"""An HTTP endpoint as a provider: address, key, protocol and prices. Each file in `providers/` is one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from personae.core.model import Capabilities, Model
from personae.errors import ConfigurationError
from personae.llm.client import HttpModel
from personae.llm.config import LLMConfig, Wiring
from personae.llm.openai_chat import OpenAIChat
from personae.llm.prices import FREE, pricing
from personae.llm.wire import Wire


@dataclass(frozen=True)
class HttpProvider:
    """What is known of an endpoint before the first call."""

    base_url: str = ""
    base_url_variable: str = ""
    """An environment variable that names another address."""
    key_variables: tuple[str, ...] = ()
    """Environment variables that may hold the key, in order."""
    needs_key: bool = True
    default_model: str = ""
    path: str = "/chat/completions"
    wire: Wire = OpenAIChat()
    price_list: str = ""
    """The provider's name in genai-prices."""
    is_free: bool = False
    """The endpoint runs on the user's own machine: calls cost nothing."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    """A first guess."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the environment variables that it may read."""
        return tuple(name for name in (*self.key_variables, self.base_url_variable) if name)

    def connect(self, config: LLMConfig, wiring: Wiring) -> Model:
        config = self._completed(config)
        key = self._key(config)
        rates = config.rates or (FREE if self.is_free else None)
        headers = {"Content-Type": "application/json", **self.wire.headers(key), **config.headers}
        return HttpModel(
            config=config,
            url=self.url(config),
            wire=self.wire,
            transport=wiring.transport,
            gate=wiring.limits.gate(
                config.base_url,
                key,
                requests_per_minute=config.requests_per_minute,
                tokens_per_minute=config.tokens_per_minute,
            ),
            price=pricing(config.model, self.price_list, rates),
            headers=headers,
            attempts=config.attempts or wiring.attempts,
            secrets=_secrets(key, config.headers),
            capabilities=replace(self.capabilities),
        )

    def url(self, config: LLMConfig) -> str:
        """Where requests go."""
        return config.base_url + self.path

    def _completed(self, config: LLMConfig) -> LLMConfig:
        model = config.model or self.default_model
        if not model:
            raise ConfigurationError(f"the provider {config.provider!r} needs a model's name")
        theirs = os.environ.get(self.base_url_variable, "") if config.uses_environment else ""
        base_url = (config.base_url or theirs).strip().rstrip("/") or self.base_url
        if not base_url:
            hint = f" or set {self.base_url_variable}" if self.base_url_variable else ""
            raise ConfigurationError(f"the provider {config.provider!r} needs an address: give a base URL{hint}")
        if not base_url.startswith(("http://", "https://")):
            raise ConfigurationError(f"the base URL {base_url!r} does not begin with http:// or https://")
        if "@" in base_url.split("/")[2]:
            raise ConfigurationError("the base URL holds a user or password: give it as a header or an API key instead")
        return config.with_(model=model, base_url=base_url)

    def _key(self, config: LLMConfig) -> str:
        variables = self.key_variables if config.uses_environment else ()
        given = {"the API key": config.api_key} | {name: os.environ.get(name, "") for name in variables}
        for where, text in given.items():
            if key := text.strip():
                if not (key.isascii() and key.isprintable()):
                    raise ConfigurationError(f"{where} holds characters that no key has: copy it again")
                return key
        at_home = config.base_url == self.base_url or not self.base_url  # elsewhere there may be no key to give
        if self.needs_key and at_home and not config.headers:
            names = " or ".join(self.key_variables)
            raise ConfigurationError(
                f"no API key for {config.provider!r}: set {names}, or choose another provider "
                "(`--provider ollama` for a local model, `--provider offline` to try without any)"
            )
        return ""


def _secrets(key: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """What must not stand in an error: the key, and the user's own headers without words such as `Bearer`."""
    values = (key, *(value.rpartition(" ")[2] for value in headers.values()))
    return tuple(value for value in values if len(value) >= 4)
