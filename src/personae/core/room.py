"""Rooms: how methods are found.

A room is a package in which every module, but no package below it, holds one method. A method is a class that the
room's decorator registers under its module's name; dash and underscore are the same in it (`knowledge-retention` is
`knowledge_retention.py`). Other packages add methods by an entry point in the group that carries the room's package
name. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import EntryPoints, distributions
from pkgutil import iter_modules
from typing import Generic, TypeVar

from personae.errors import NotFound

M = TypeVar("M")


@dataclass
class Room(Generic[M]):
    """The methods of one package."""

    package: str
    noun: str
    """What one method is called in messages, such as `bot` or `metric`."""
    _found: dict[str, type[M]] = field(default_factory=dict)

    def method(self, name: str) -> Callable[[type[M]], type[M]]:
        """Class decorator: registers the class under `name`. Two different classes of one name are an error."""

        def register(method: type[M]) -> type[M]:
            known = self._found.get(_key(name))
            if known is not None and _place(known) != _place(method):
                raise ValueError(f"two {self.noun}s are called {name!r}: {known!r} and {method!r}")
            self._found[_key(name)] = method
            return method

        return register

    def names(self) -> tuple[str, ...]:
        """Names of all methods, sorted, without importing one."""
        return tuple(sorted({*self._modules(), *self._entry_points, *self._found}))

    def get(self, name: str) -> type[M]:
        """The method called `name`. Raises NotFound with the nearest names."""
        key = _key(name)
        if key not in self._found:
            if key in (modules := self._modules()):
                import_module(modules[key])
            elif key in (others := self._entry_points):
                import_module(others[key])
        if key not in self._found:
            names = self.names()
            nearest = get_close_matches(key, names, n=3) or names
            raise NotFound(f"no {self.noun} is called {name!r}; there is {', '.join(nearest)}")
        return self._found[key]

    def all(self) -> dict[str, type[M]]:
        """Every method by name. Imports all their modules."""
        return {name: self.get(name) for name in self.names()}

    def _modules(self) -> dict[str, str]:
        path = import_module(self.package).__path__
        found = (module for module in iter_modules(path) if not module.ispkg)
        names = (module.name for module in found if not module.name.startswith("_"))
        return {name: f"{self.package}.{name}" for name in names}

    @cached_property
    def _entry_points(self) -> dict[str, str]:
        return {_key(point.name): point.module for point in _installed(tuple(sys.path)).select(group=self.package)}


@cache  # to find them is to read a file of every package that is installed
def _installed(_path: tuple[str, ...]) -> EntryPoints:
    return EntryPoints(point for package in distributions() for point in package.entry_points)


def _place(method: type) -> tuple[str, str]:
    """What a class is known by; a module that is loaded again gives the same."""
    return method.__module__, method.__qualname__


def _key(name: str) -> str:
    return name.replace("-", "_")
