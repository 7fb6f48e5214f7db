"""The route files of a folder, found by themselves."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter
from starlette.routing import BaseRoute

from personae.server.openapi import operation_id


@cache
def route_files(folder: ModuleType) -> tuple[ModuleType, ...]:
    """The modules of a package that have a `router`: all but those whose name begins with an underscore."""
    names = [module.name for module in iter_modules(folder.__path__) if not module.name.startswith("_")]
    return tuple(import_module(f"{folder.__name__}.{name}") for name in names)


@cache
def routes(folder: ModuleType, prefix: str = "") -> tuple[BaseRoute, ...]:
    """Their routes. They belong to no application, so that a process builds them once, however many it makes."""
    together = APIRouter(generate_unique_id_function=operation_id)
    for file in route_files(folder):
        together.include_router(file.router, prefix=prefix)
    return tuple(together.routes)
