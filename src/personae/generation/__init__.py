"""Generation: ways to make personas, one method per file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from personae.core.model import Model
from personae.core.persona import Persona
from personae.core.room import Room


@dataclass(frozen=True, slots=True)
class Draft:
    """A persona that a method proposes, and how it came to be."""

    persona: Persona
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Method, model, prompt hash, seed and source."""


class Generator(Protocol):
    """What every file of this room registers."""

    def generate(self, model: Model, n: int, seed: int) -> AsyncIterator[Draft]:
        """`n` drafts, varied by `seed`. Raises ProviderError where the model cannot give them."""
        ...


generators: Room[Generator] = Room("personae.generation", "generator")
