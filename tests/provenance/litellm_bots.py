"""Bots on LiteLLM, whose import takes seconds."""

from __future__ import annotations

from typing import Any

import litellm
from litellm import completion as imported_by_name

from tests.provenance.bots import MESSAGES


def litellm_completion(server: str) -> None:
    litellm.completion("openai/m", MESSAGES, api_base=f"{server}/v1", api_key="k")


def litellm_by_name(server: str) -> None:
    imported_by_name(model="openai/m", messages=MESSAGES, api_base=f"{server}/v1", api_key="k")


def litellm_streamed(server: str) -> None:
    for _ in litellm.completion("openai/m", MESSAGES, api_base=f"{server}/v1", api_key="k", stream=True):
        pass


def litellm_to_anthropic_streamed(server: str) -> None:
    """This provider's request is sent at the first chunk."""
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
