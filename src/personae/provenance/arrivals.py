"""Clients that are imported while a recording runs, for example by the bot at its first message.

Importing them ourselves would be simpler, but LiteLLM alone takes seconds, and most bots use one client.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Arrived = Callable[[ModuleType], None]


class Arrivals(MetaPathFinder):
    """Calls back once a wanted package has been imported; it goes back to its own loader before it runs."""

    def __init__(self, wanted: frozenset[str], arrived: Arrived) -> None:
        self._wanted = wanted
        self._arrived = arrived

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._wanted:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if finder is not self else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Announcing(spec.loader, self._arrived)
                return spec
        return None


class _Announcing(Loader):
    def __init__(self, loader: Loader, arrived: Arrived) -> None:
        self._loader = loader
        self._arrived = arrived

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._arrived(module)
