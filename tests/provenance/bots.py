"""Bots as users write them: each function makes one call to a model, in one of the ways that clients offer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Thread
from typing import Any

import aiohttp
import anthropic
import httpx
import httpx2
import openai

SYSTEM = "You help with parcels."
ASKED = "Where is it?"
MESSAGES: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASKED}]
USER: list[Any] = [{"role": "user", "content": ASKED}]
CHAT = {"model": "m", "messages": MESSAGES}


@cache
def openai_client(server: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server}/v1", api_key="k", max_retries=0)


@cache
def anthropic_client(server: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server, api_key="k", max_retries=0)


def openai_async_client(server: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{server}/v1", api_key="k", max_retries=0)


def anthropic_async_client(server: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=server, api_key="k", max_retries=0)


# OpenAI, chat


def openai_create(server: str) -> None:
    openai_client(server).chat.completions.create(model="m", messages=MESSAGES)


def openai_create_streamed(server: str) -> None:
    for _ in openai_client(server).chat.completions.create(model="m", messages=MESSAGES, stream=True):
        pass


def openai_stream_helper(server: str) -> None:
    with openai_client(server).chat.completions.stream(model="m", messages=MESSAGES) as stream:
        stream.until_done()


def openai_parse(server: str) -> None:
    openai_client(server).chat.completions.parse(model="m", messages=MESSAGES)


def openai_raw_response(server: str) -> None:
    openai_client(server).chat.completions.with_raw_response.create(model="m", messages=MESSAGES)


def openai_over_httpx2(server: str) -> None:
    with httpx2.Client() as http:
        transport: Any = http  # taken by this version, and not yet in its types
        client = openai.OpenAI(base_url=f"{server}/v1", api_key="k", http_client=transport)
        client.chat.completions.create(model="m", messages=MESSAGES)


async def openai_async_create(server: str) -> None:
    async with openai_async_client(server) as client:
        await client.chat.completions.create(model="m", messages=MESSAGES)


async def openai_async_create_streamed(server: str) -> None:
    async with openai_async_client(server) as client:
        async for _ in await client.chat.completions.create(model="m", messages=MESSAGES, stream=True):
            pass


async def openai_async_stream_helper(server: str) -> None:
    async with (
        openai_async_client(server) as client,
        client.chat.completions.stream(model="m", messages=MESSAGES) as stream,
    ):
        await stream.until_done()


async def openai_async_gathered(server: str) -> None:
    """The task that `gather` makes holds the client's coroutine and no frame of this function."""
    async with openai_async_client(server) as client:
        await asyncio.gather(client.chat.completions.create(model="m", messages=MESSAGES))


# OpenAI, responses


def openai_responses(server: str) -> None:
    openai_client(server).responses.create(model="m", instructions=SYSTEM, input=ASKED)


def openai_responses_listed(server: str) -> None:
    openai_client(server).responses.create(model="m", instructions=SYSTEM, input=USER)


def openai_responses_stream_helper(server: str) -> None:
    with openai_client(server).responses.stream(model="m", instructions=SYSTEM, input=ASKED) as stream:
        stream.until_done()


async def openai_responses_async(server: str) -> None:
    async with openai_async_client(server) as client:
        await client.responses.create(model="m", instructions=SYSTEM, input=ASKED)


# Anthropic


def anthropic_create(server: str) -> None:
    anthropic_client(server).messages.create(model="m", max_tokens=9, system=SYSTEM, messages=USER)


def anthropic_create_streamed(server: str) -> None:
    client = anthropic_client(server)
    for _ in client.messages.create(model="m", max_tokens=9, system=SYSTEM, messages=USER, stream=True):
        pass


def anthropic_stream_helper(server: str) -> None:
    client = anthropic_client(server)
    with client.messages.stream(model="m", max_tokens=9, system=SYSTEM, messages=USER) as stream:
        stream.until_done()


def anthropic_beta(server: str) -> None:
    anthropic_client(server).beta.messages.create(model="m", max_tokens=9, system=SYSTEM, messages=USER)


async def anthropic_async_create(server: str) -> None:
    async with anthropic_async_client(server) as client:
        await client.messages.create(model="m", max_tokens=9, system=SYSTEM, messages=USER)


async def anthropic_async_stream_helper(server: str) -> None:
    async with (
        anthropic_async_client(server) as client,
        client.messages.stream(model="m", max_tokens=9, system=SYSTEM, messages=USER) as stream,
    ):
        await stream.until_done()


def anthropic_count_tokens(server: str) -> None:
    anthropic_client(server).messages.count_tokens(model="m", system=SYSTEM, messages=USER)


# Raw requests


def httpx_post(server: str) -> None:
    httpx.post(f"{server}/v1/chat/completions", json=CHAT)


def httpx_stream(server: str) -> None:
    with httpx.Client() as client, client.stream("POST", f"{server}/v1/chat/completions", json=CHAT) as response:
        response.read()


async def httpx_async_post(server: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.post(f"{server}/v1/chat/completions", json=CHAT)


def httpx2_post(server: str) -> None:
    httpx2.post(f"{server}/api/chat", json=CHAT)


async def httpx2_async_post(server: str) -> None:
    async with httpx2.AsyncClient() as client:
        await client.post(f"{server}/api/chat", json=CHAT)


async def aiohttp_post(server: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{server}/v1/chat/completions", json=CHAT):
        pass


async def aiohttp_gathered(server: str) -> None:
    async with aiohttp.ClientSession() as session:
        (response,) = await asyncio.gather(session.post(f"{server}/v1/chat/completions", json=CHAT))
        response.close()


def httpx_own_endpoint(server: str) -> None:
    httpx.post(f"{server}/sessions/5f3a/ask", json=CHAT)


def httpx_no_chat(server: str) -> None:
    httpx.post(f"{server}/orders", json={"order": 12})


# Threads


def in_a_thread(server: str) -> None:
    thread = Thread(target=openai_create, args=[server])
    thread.start()
    thread.join()


def thread_of_the_client(server: str) -> None:
    """The thread runs a method of the client, with no frame of a bot on its stack."""
    arguments = {"model": "m", "messages": MESSAGES}
    thread = Thread(target=openai_client(server).chat.completions.create, kwargs=arguments)
    thread.start()
    thread.join()


def pooled(server: str) -> None:
    with ThreadPoolExecutor() as pool:
        pool.submit(openai_create, server).result()


def pooled_client(server: str) -> None:
    client = openai_client(server)
    with ThreadPoolExecutor() as pool:
        pool.submit(client.chat.completions.create, model="m", messages=MESSAGES).result()


async def in_the_loops_executor(server: str) -> None:
    await asyncio.get_running_loop().run_in_executor(None, openai_create, server)


async def to_thread(server: str) -> None:
    await asyncio.to_thread(openai_create, server)
