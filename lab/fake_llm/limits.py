"""What the server pretends not to be able to do, answered as real servers answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lab.fake_llm.request import ChatRequest
from lab.fake_llm.steps import BAD_KEY, RESPONSE_FORMAT_UNSUPPORTED, TOOLS_UNSUPPORTED, Status


@dataclass(frozen=True, slots=True)
class Limits:
    tools: bool = True
    json_schema: bool = True
    json_object: bool = True
    sampling: bool = True
    """False refuses `temperature`, `top_p` and `max_tokens`, as reasoning models do."""
    usage: bool = True
    """False leaves the usage out of every reply."""
    api_key: str | None = None
    """The only key that is let in."""
    models: tuple[str, ...] = ()
    """The only models that exist; empty for any."""

    def refusal(self, request: ChatRequest) -> Status | None:
        """The error that this request meets, if any."""
        if self.api_key is not None and key_of(request.headers) != self.api_key:
            return BAD_KEY
        if self.models and request.model not in self.models:
            message = f"The model `{request.model}` does not exist or you do not have access to it."
            return Status(404, message=message, code="model_not_found")
        if not self.tools and request.tools:
            return TOOLS_UNSUPPORTED
        if not self.json_schema and request.schema is not None:
            return RESPONSE_FORMAT_UNSUPPORTED
        if not self.json_object and request.json_object:
            return Status(400, message="'response_format' is not supported with this model.", param="response_format")
        return None if self.sampling else _sampling(request)


OPEN = Limits()


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key of a request, wherever its protocol carries it."""
    bearer = headers.get("Authorization", "")
    return bearer.removeprefix("Bearer ") or headers.get("x-api-key") or headers.get("api-key")


def _sampling(request: ChatRequest) -> Status | None:
    for name in ("temperature", "top_p"):
        value = request.body.get(name)
        if value is not None and value != 1:
            message = (
                f"Unsupported value: '{name}' does not support {value} with this model. "
                "Only the default (1) value is supported."
            )
            return Status(400, message=message, code="unsupported_value", param=name)
    if "max_tokens" in request.body and request.wire == "openai":
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return Status(400, message=message, code="unsupported_parameter", param="max_tokens")
    return None
