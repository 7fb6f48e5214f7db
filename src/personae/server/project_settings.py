"""What a project chooses for its experiments, and for all else that asks a model in it, over the server's settings.

It is stored with the project under the names that an experiment has for it. An experiment takes it over when it is
made, a draft anew when it is run; what is chosen later is for later experiments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.server.settings import ServerSettings

_OF_PERSONAS = ("simulator", "max_turns")
"""What says nothing where nobody plays a persona."""
_INHERITED = "inherited"
"""Among the settings of an experiment: the names of those that it took over."""

Settings = Mapping[str, Any]


def over(deployment: ServerSettings, chosen: Settings) -> ServerSettings:
    """The server's settings with what a project has `chosen`, or an experiment has: numbers, and never more at once."""
    most = min(chosen.get("max_conversations", deployment.max_conversations), deployment.max_conversations)
    numbers = {name: chosen.get(name) for name in ("max_turns", "budget_usd")}
    return deployment.with_(**numbers, max_conversations=most)


def taken_over(own: Settings, chosen: Settings, *, has_personas: bool) -> dict[str, Any]:
    """The settings of an experiment: its own, and what its project has `chosen` where it says nothing itself."""
    settled = {*own, *(() if has_personas else _OF_PERSONAS), *(("judge",) if "judges" in own else ())}
    found = {name: value for name, value in chosen.items() if name not in settled}
    return {**own, **found, _INHERITED: [*found]} if found else dict(own)


def own(settings: Settings) -> dict[str, Any]:
    """Of an experiment's settings those that it was given itself."""
    left = {*settings.get(_INHERITED, ()), _INHERITED}
    return {name: value for name, value in settings.items() if name not in left}


def given(settings: Settings, **values: Any) -> dict[str, Any]:
    """An experiment's settings with `values`, which are its own from now on."""
    still = [name for name in settings.get(_INHERITED, ()) if name not in values]
    return {**settings, **values, **({_INHERITED: still} if _INHERITED in settings else {})}
