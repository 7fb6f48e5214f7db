"""uvloop has an event loop of its own, whose tasks must know where they were started as asyncio's do."""

from __future__ import annotations

from typing import Any

from personae.provenance.patches import Patches
from personae.provenance.spawning import create_task_remembering


def install(module: Any, patches: Patches) -> None:
    """Hook the imported package."""
    patches.attribute(module.Loop, "create_task", create_task_remembering)
