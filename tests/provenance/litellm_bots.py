"""Bots on LiteLLM, whose import takes seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import litellm
from litellm import completion as imported_by_name
from litellm.litellm_core_utils.litellm_logging import Logging

from tests.provenance.bots import CHAT, MESSAGES


def litellm_completion(server: str) -> None:
    litellm.completion("openai/m", MESSAGES, api_base=f"{server}/v1", api_key="k")


def litellm_by_name(server: str) -> None:
    imported_by_name(model="openai/m", messages=MESSAGES, api_base=f"{server}/v1", api_key="k")


def litellm_streamed(server: str) -> None:
    for _ in litellm.completion("openai/m", MESSAGES, api_base=f"{server}/v1", api_key="k", stream=True):
        pass


def litellm_to_anthropic_streamed(server: str) -> None:
    for _ in litellm.completion("anthropic/m", MESSAGES, api_base=server, api_key="k", stream=True):
        pass


async def litellm_acompletion(server: str) -> None:
    await litellm.acompletion("openai/m", MESSAGES, api_base=f"{server}/v1", api_key="k")


async def litellm_to_anthropic_acompletion(server: str) -> None:
    await litellm.acompletion("anthropic/m", MESSAGES, api_base=server, api_key="k")


async def litellm_to_anthropic_async_streamed(server: str) -> None:
    stream: Any = await litellm.acompletion("anthropic/m", MESSAGES, api_base=server, api_key="k", stream=True)
    async for _ in stream:
        pass


def late_stream(server: str) -> None:
    """LiteLLM's stream as some versions make it for Bedrock: the request is sent when the first chunk is asked for."""

    def make_call(client: object) -> Any:
        httpx.post(f"{server}/invoke", json=CHAT)
        return iter(())

    for _ in litellm.CustomStreamWrapper(None, "m", log_of_the_call(), "bedrock", make_call=make_call):
        pass


async def late_async_stream(server: str) -> None:
    async def nothing() -> Any:
        for _ in ():
            yield

    async def make_call(client: object) -> Any:
        async with httpx.AsyncClient() as http:
            await http.post(f"{server}/invoke", json=CHAT)
        return nothing()

    async for _ in litellm.CustomStreamWrapper(None, "m", log_of_the_call(), "bedrock", make_call=make_call):
        pass


def log_of_the_call() -> Logging:
    return Logging("m", MESSAGES, True, "completion", datetime.now(), "id", "id")
