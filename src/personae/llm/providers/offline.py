"""The offline engine as a provider: no key, no network, no cost. For trying and testing, not a measure of a bot."""

from __future__ import annotations

from dataclasses import dataclass

from personae.core.model import Model
from personae.llm.config import LLMConfig, Wiring
from personae.llm.offline import OfflineModel
from personae.llm.providers import providers


@providers.method("offline")
@dataclass(frozen=True)
class Offline:
    """Computes what a model would be asked for. Any model's name in the config is taken and changes nothing."""

    def connect(self, config: LLMConfig, wiring: Wiring) -> Model:  # noqa: ARG002 - the protocol's
        return OfflineModel(wiring.seed)
