"""LiteLLM: `completion` and `acompletion`, also where a bot has imported them by name.

Some providers' streams send their request only when the first chunk is asked for, after the call has ended. That is
still the same call, so nothing below a stream is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from personae.provenance.case import suppressed
from personae.provenance.patches import Patches
from personae.provenance.prompts import Call, prompts_of_messages
from personae.provenance.watch import watched, watched_async


def install(module: Any, patches: Patches) -> None:
    """Hook the imported package."""
    patches.function(module, "completion", lambda call: watched(call, partial(_read, "completion")))
    patches.function(module, "acompletion", lambda call: watched_async(call, partial(_read, "acompletion")))
    stream = getattr(module, "CustomStreamWrapper", None)
    if stream is not None:
        patches.method(stream, "__next__", _silent)
        patches.method(stream, "__anext__", _silent_async)


def _read(name: str, /, model: object = None, messages: object = None, *_: object, **__: object) -> Call | None:  # noqa: ARG001 - its own
    prompts = prompts_of_messages(messages)
    return Call("litellm", name, prompts) if prompts else None


def _silent(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def silent(stream: Any) -> Any:
        with suppressed():
            return step(stream)

    return silent


def _silent_async(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    async def silent(stream: Any) -> Any:
        with suppressed():
            return await step(stream)

    return silent
