"""Mined: what a question that somebody asked says about what can be known of people."""

from __future__ import annotations

from typing import Literal

from personae.core.record import Field, Filled, Record
from personae.core.sections import Provenance

Depends = Literal["no", "partly", "yes"]
"""Whether a good answer depends on who asks."""


class Mined(Record):
    """One question, and the attributes of the asker on which a good answer depends."""

    question: Filled
    depends: Depends
    paths: tuple[Filled, ...] = Field(default=(), strict=False)
    """Paths in a taxonomy of attributes, their parts separated by ` > `."""
    provenance: Provenance | None = None

    @property
    def label(self) -> str:
        """What it found, for lists."""
        return f"{self.depends}: {'; '.join(self.paths)}" if self.paths else f"{self.depends}: {self.question[:60]}"
