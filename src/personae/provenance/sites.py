"""Call sites: where in the bot's own code a call to a model was made."""

from __future__ import annotations

import asyncio
import os
import sysconfig
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import FrameType, MappingProxyType

PERSONAE = Path(os.path.realpath(__file__)).parents[1]
PROVENANCE = PERSONAE / "provenance"
LIBRARIES = tuple(
    {Path(os.path.realpath(path)) for name, path in sysconfig.get_paths().items() if name.endswith("lib")}
)
PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the bot's code."""

    file: str
    """Path within the repository, with forward slashes."""
    function: str
    """Qualified name, `Agent.answer`."""
    line: int

    def same_function(self, other: object) -> bool:
        return isinstance(other, Site) and (self.file, self.function) == (other.file, other.function)


class Whose(Enum):
    """Whose code a file is, if not the bot's."""

    OURS = "personae"
    """The call was made by personae itself: no frame further out may be taken for its site."""
    LIBRARY = "library"


Place = Site | Whose
"""Where a call came from."""

SPAWNED_AT: ContextVar[Mapping[int, Place]] = ContextVar("personae_spawned_at", default=MappingProxyType({}))
"""Per recording, where the current thread or task was started.

It stands in when a thread or task has no frame of the bot: `asyncio.gather(client.chat.completions.create(...))` makes
a task that holds nothing but the client's own coroutine."""

LOOP = frozenset({asyncio.Handle._run.__code__, asyncio.Runner.run.__code__})  # noqa: SLF001 - no public mark
"""Where a task's own frames end: those further out run the event loop, whatever the task does."""


class Repository:
    """A folder with the bot's code. Libraries and virtual environments below it do not belong to it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._owner = lru_cache(maxsize=None)(self._find_owner)

    def nearest(self, frame: FrameType | None, spawned_at: Place | None = None) -> Place:
        """The innermost frame of the bot, from `frame` outwards; else whose code the call came from.

        A thread or task without any came from where it was started.
        """
        while frame is not None:
            if spawned_at is not None and frame.f_code in LOOP:
                return spawned_at
            owner = self._owner(frame.f_code.co_filename)
            if owner is Whose.OURS:
                return Whose.OURS
            if isinstance(owner, str):
                return Site(owner, frame.f_code.co_qualname, frame.f_lineno)
            frame = frame.f_back
        return Whose.LIBRARY if spawned_at is None else spawned_at

    def _find_owner(self, filename: str) -> str | Whose:
        if filename.startswith("<"):
            return Whose.LIBRARY
        path = Path(os.path.realpath(filename))
        if path.is_relative_to(PERSONAE):
            return Whose.LIBRARY if path.is_relative_to(PROVENANCE) else Whose.OURS
        if not path.is_relative_to(self.root) or any(path.is_relative_to(library) for library in LIBRARIES):
            return Whose.LIBRARY
        inside = path.relative_to(self.root)
        if not PACKAGE_FOLDERS.isdisjoint(inside.parts):
            return Whose.LIBRARY
        folders = list(path.parents)[: len(inside.parts) - 1]
        if any((folder / "pyvenv.cfg").exists() for folder in folders):
            return Whose.LIBRARY
        return inside.as_posix()
