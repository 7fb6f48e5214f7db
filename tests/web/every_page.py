"""Every page, found by walking the workbench: a new one is tested, and photographed, from its first day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from fastapi.routing import APIRoute

from personae.server import web

STATES: dict[str, tuple[str, ...]] = {
    "/p/{project_id}/collections": ("?new=1",),
    "/p/{project_id}/criteria": ("?new=1",),
    "/p/{project_id}/llm-configs": ("?new=1",),
    "/p/{project_id}/templates": ("?new=1",),
    "/p/{project_id}/compare": ("?before={experiment_id}&after={experiment_id}&show=same",),
    "/p/{project_id}/experiments/new": ("?again={experiment_id}",),
    "/p/{project_id}/experiments/{experiment_id}": (
        "?show=rerate&goal_achieved=false&persona_id={persona_id}&turns_min=2&turns_max=4",
    ),
    "/p/{project_id}/generations/new": ("?method=queries", "?method=identity"),
    "/p/{project_id}/generations/{generation_id}": ("?show=resume",),
    "/p/{project_id}/generations/{generation_id}/review": (
        "?draft={draft_id}&do=edit",
        "?draft={draft_id}&do=reject",
        "?draft={draft_id}&do=similar",
    ),
    "/p/{project_id}/personas": ("?edit={persona_id}&trait=polite", "?new=1&new_group=1"),
    "/p/{project_id}/personas/{persona_id}/try": ("?seat=persona",),
}
"""Further states of a page that are worth a look, as queries. `{name}` is an id of the example."""
NOT_LOOKED_AT = {
    "/": "leads to a project's page",
    "/invitations/{token}": "tests/web/test_settings.py looks at it",
    "/p/{project_id}/experiments/{experiment_id}/now": "parts that a live page asks for",
    "/p/{project_id}/personas/{persona_id}": "leads to the library with the persona open",
}
"""Addresses that are no page, and why."""


def routes(method: str) -> list[str]:
    """The paths of all pages that take this method."""
    names = [module.name for module in iter_modules(web.__path__) if not module.name.startswith("_")]
    found = [route for name in names for route in import_module(f"{web.__name__}.{name}").router.routes]
    return [route.path for route in found if isinstance(route, APIRoute) and method in (route.methods or ())]


def pages() -> list[str]:
    """The addresses to look at, with placeholders for ids."""
    paths = [path for path in routes("GET") if path not in NOT_LOOKED_AT]
    return [path + state for path in paths for state in ("", *STATES.get(path, ()))]


def filled(path: str, ids: Mapping[str, int]) -> str:
    """The address with ids of the example."""
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in ids]
    assert not missing, f"{path}: say in tests/web/serving.py what {missing} of the example is, or in NOT_LOOKED_AT why"
    return path.format(**ids)
