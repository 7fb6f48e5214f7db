"""Clients whose calls are recorded: one file each, named as the package that it hooks.

A hook is a function `install(module, patches)`, called once the package is imported and a recording runs. It replaces
the narrowest places that all calls of the client pass.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

from personae.provenance.patches import Patches

Hook = Callable[[Any, Patches], None]


def find_hooks() -> dict[str, Hook]:
    """Every hook in this folder, by the name of its package."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    return {name: import_module(f"{__name__}.{name}").install for name in names}
