"""OpenAI: every call, of whatever resource, sync or async, streamed, parsed or raw, passes the client's `request`."""

from __future__ import annotations

from typing import Any

from personae.provenance.patches import Patches
from personae.provenance.prompts import Call, endpoint_of, prompts_of_request
from personae.provenance.watch import watched, watched_async

NAMES = {"/chat/completions": "chat.completions.create", "/responses": "responses.create"}


def install(module: Any, patches: Patches) -> None:
    """Hook the imported package."""
    patches.method(module.OpenAI, "request", lambda request: watched(request, _read))
    patches.method(module.AsyncOpenAI, "request", lambda request: watched_async(request, _read))


def _read(_client: object, /, cast_to: object, options: Any, *_: object, **__: object) -> Call | None:  # noqa: ARG001 - the client's own parameters
    url = str(options.url)
    prompts = prompts_of_request(url, options.json_data)
    return Call("openai", NAMES.get(endpoint_of(url) or "", "post"), prompts) if prompts else None
