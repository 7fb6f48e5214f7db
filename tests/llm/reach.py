"""A fake endpoint, and models connected to it through real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from lab.fake_llm import FakeLLM, Limits, Script
from personae.core.model import Model, Purpose, Reply, Request
from personae.llm.client import HttpModel
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits as Gates
from personae.llm.providers import connect
from personae.transport import Pool, Transport

KEY = "sk-very-secret-0123456789"


@dataclass
class Reach:
    """The endpoint and what its models share."""

    fake: FakeLLM
    transport: Transport
    gates: Gates

    def model(
        self, provider: str = "openai", *, path: str = "/v1", attempts: int = 3, transport: Any = None, **config: Any
    ) -> HttpModel:
        """A model at the fake endpoint."""
        settings: dict[str, Any] = {
            "model": "sim",
            "base_url": self.fake.url + path,
            "api_key": KEY,
            "timeout_s": 5.0,
        } | config
        wiring = Wiring(transport or self.transport, self.gates, attempts=attempts)
        return cast("HttpModel", connect(LLMConfig(provider=provider, **settings), wiring))

    @property
    def calls(self) -> int:
        return len(self.fake.requests)

    def sent(self, number: int = -1) -> dict[str, Any]:
        """The body of one request as the endpoint got it."""
        return self.fake.requests[number].body


@asynccontextmanager
async def reach(
    script: Script | None = None, *, limits: Limits | None = None, at_once: int = 8, **options: Any
) -> AsyncIterator[Reach]:
    """A fake endpoint that does what `script` says."""
    async with FakeLLM(script, limits=limits or Limits(), **options) as fake, Pool() as pool:
        yield Reach(fake, pool, Gates(at_once))


def question(text: str = "Hi", *, purpose: Purpose = "bot", **fields: Any) -> Request:
    return Request([{"role": "user", "content": text}], purpose, **fields)


async def answer(model: Model, text: str = "Hi", **fields: Any) -> Reply:
    return await model.complete(question(text, **fields))
