"""Audits: is the simulation sound? One study per file, each of conversations that are held already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from personae.audits._dialogues import Dialogue, Dialogues, read_dialogues
from personae.core.room import Room


class Audit(Protocol):
    """What every file of this room registers."""

    def study(self, simulated: Sequence[Dialogue], reference: Sequence[Dialogue]) -> Any:
        """What the study finds in simulated conversations, held against a reference such as logs of real users."""
        ...


audits: Room[Audit] = Room("personae.audits", "audit")

__all__ = ["Audit", "Dialogue", "Dialogues", "audits", "read_dialogues"]
