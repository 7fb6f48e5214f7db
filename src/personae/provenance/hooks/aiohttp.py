"""Raw requests through aiohttp: `post`, `request` and the module's own `request` end in the session's `_request`.

There is no public place that all of them pass: a trace configuration sees the body in chunks, and only in sessions
that were made with it.
"""

from __future__ import annotations

from typing import Any

from personae.provenance.patches import Patches
from personae.provenance.prompts import Call, raw_call
from personae.provenance.watch import watched_async


def install(module: Any, patches: Patches) -> None:
    """Hook the imported package."""
    patches.method(module.ClientSession, "_request", lambda request: watched_async(request, _read))


def _read(
    _session: object, /, method: str, str_or_url: object, *, json: object = None, data: object = None, **_: object
) -> Call | None:
    return raw_call("aiohttp", method, str(str_or_url), json if json is not None else data)
