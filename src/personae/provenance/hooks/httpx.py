"""Raw requests through httpx: all ways to make one end in the client's `send`."""

from __future__ import annotations

from functools import partial
from typing import Any

from personae.provenance.patches import Patches
from personae.provenance.prompts import Call, raw_call
from personae.provenance.watch import watched, watched_async


def install(module: Any, patches: Patches) -> None:
    """Hook the imported package."""
    read = partial(_read, module)
    patches.method(module.Client, "send", lambda send: watched(send, read))
    patches.method(module.AsyncClient, "send", lambda send: watched_async(send, read))


def _read(module: Any, _client: object, /, request: Any, **_: object) -> Call | None:
    try:
        body: bytes = request.content
    except module.RequestNotRead:  # a body that is made up while it is sent; reading it would use it up
        return None
    return raw_call(module.__name__, request.method, str(request.url), body)
