"""Changes to other people's classes and modules, each with its way back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_MISSING = object()


class Patches:
    """What has been replaced so far. `undo` leaves every attribute as it was found."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, object, object]] = []
        self._imported: list[tuple[str, object, object]] = []

    def method(self, owner: type[Any], name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace a method where it is defined: on `owner`, or on the base it inherits it from."""
        definer = next((kind for kind in owner.__mro__ if name in vars(kind)), owner)
        self.attribute(definer, name, wrap)

    def attribute(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace `owner.name` by what `wrap` makes of it."""
        found = vars(owner).get(name, _MISSING)
        replacement = wrap(getattr(owner, name) if found is _MISSING else found)
        setattr(owner, name, replacement)
        self._replaced.append((owner, name, found, replacement))

    def function(self, module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace a module's function, also where other packages have imported it by name."""
        original = getattr(module, name)
        self.attribute(module, name, wrap)
        package, replacement = module.__name__, getattr(module, name)
        _swap_imported(package, original, replacement)
        self._imported.append((package, original, replacement))

    def undo(self) -> None:
        for owner, name, found, replacement in reversed(self._replaced):
            if vars(owner).get(name) is not replacement:
                continue  # somebody patched on top of us and may still run; ours does nothing without a recording
            if found is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, found)
        for package, original, replacement in self._imported:
            _swap_imported(package, replacement, original)
        self._replaced.clear()
        self._imported.clear()


def _swap_imported(package: str, old: object, new: object) -> None:
    """`from package import function` has put the function into the importing module: change it there too."""
    for module_name, module in sys.modules.copy().items():
        if module_name.partition(".")[0] == package or not isinstance(module, ModuleType):
            continue
        names = vars(module)
        for name in [name for name, value in names.copy().items() if value is old]:
            names[name] = new
