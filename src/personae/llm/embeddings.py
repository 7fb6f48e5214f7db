"""Embeddings of an OpenAI-compatible endpoint: texts as vectors that are alike where they mean alike.

A model of embeddings is reached as one that talks is: same retries, limits, meter and journal. Its reply is the vector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from personae.core.model import Capabilities, Model, Request
from personae.core.usage import Usage
from personae.errors import ConfigurationError
from personae.llm.config import LLMConfig, Wiring
from personae.llm.http_provider import HttpProvider
from personae.llm.openai_chat import OpenAIChat
from personae.llm.providers import providers
from personae.llm.wire import Answer, Malformed, count

MOST_TEXT = 20_000
"""Characters of a text that are sent."""


@dataclass(frozen=True)
class Embeddings:
    """`POST /embeddings` of OpenAI."""

    def headers(self, api_key: str) -> dict[str, str]:
        return OpenAIChat().headers(api_key)

    def encode(
        self,
        request: Request,
        model: str,
        capabilities: Capabilities,  # noqa: ARG002 - the protocol's, as what follows
        *,
        temperature: float | None,  # noqa: ARG002
        max_output_tokens: int,  # noqa: ARG002
    ) -> dict[str, Any]:
        return {"model": model, "input": request.messages[-1]["content"][:MOST_TEXT]}

    def decode(self, body: Any) -> Answer:
        try:
            vector = body["data"][0]["embedding"]
            numbers = [float(value) for value in vector]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Malformed("it holds no list of numbers in `data[0].embedding`") from None
        if not numbers:
            raise Malformed("its vector is empty")
        spent = body.get("usage")
        usage = Usage(calls=1, input_tokens=count(spent.get("prompt_tokens"))) if isinstance(spent, dict) else None
        return Answer(orjson.dumps(numbers).decode(), (), usage, "stop")


def connect_embeddings(config: LLMConfig, wiring: Wiring) -> Model:
    """The model of embeddings that `config` names. Raises ConfigurationError where its provider has none."""
    provider = providers.get(config.provider)()
    if not isinstance(provider, HttpProvider) or not isinstance(provider.wire, OpenAIChat):
        raise ConfigurationError(
            f"the provider {config.provider!r} has no embeddings: leave the embeddings model out, or name an "
            "endpoint that has them"
        )
    made = replace(provider, path="/embeddings", wire=Embeddings())
    return HttpProvider.connect(made, config, wiring)


async def vector_of(model: Model, text: str) -> list[float]:
    """What `text` means, to this model. Raises ProviderError and BudgetExceeded."""
    messages = [{"role": "user", "content": text}]
    reply = await model.complete(Request(messages, "generator", max_output_tokens=1))
    vector: list[float] = orjson.loads(reply.text)
    return vector
