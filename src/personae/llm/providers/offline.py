"""The offline engine as a provider: no key, no network, no cost. For trying and testing, not a measure of a bot."""

from __future__ import annotations

from dataclasses import dataclass

from personae.core.model import Model
from personae.errors import ConfigurationError
from personae.llm.config import LLMConfig, Wiring
from personae.llm.offline.engine import OfflineModel
from personae.llm.offline.slips import CARELESS
from personae.llm.providers import providers


@providers.method("offline")
@dataclass(frozen=True)
class Offline:
    """Computes what a model would be asked for. Only one model's name makes it another: see `llm.offline.slips`."""

    def connect(self, config: LLMConfig, wiring: Wiring) -> Model:
        if config.base_url:
            raise ConfigurationError(
                f"provider 'offline' asks no model, so nothing would go to {config.base_url}: name the provider that "
                "answers there, such as openai for any OpenAI-compatible endpoint, or leave out the address"
            )
        return OfflineModel(wiring.seed, is_careless=config.model == CARELESS)
