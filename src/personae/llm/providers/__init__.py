"""Endpoints, one per file. A new one is a new file here: a frozen dataclass with the decorator `providers.method`."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from personae.core.model import Model
from personae.core.room import Room
from personae.llm.config import LLMConfig, Wiring


class Provider(Protocol):
    """An endpoint, or an engine of its own."""

    def connect(self, config: LLMConfig, wiring: Wiring) -> Model:
        """The model that `config` names. Raises ConfigurationError where a key or an address is missing."""
        ...


@runtime_checkable
class ReadsEnvironment(Protocol):
    """A provider that takes keys or addresses from the environment, where a config allows it."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that it may read."""
        ...


providers: Room[Provider] = Room("personae.llm.providers", "provider")


def connect(config: LLMConfig, wiring: Wiring) -> Model:
    """The model that `config` names, at its provider."""
    return providers.get(config.provider)().connect(config, wiring)
