"""Every way to call a model is recorded once: with the bot's function, the client's name and the case."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from personae.provenance import PromptRecording, bind_case
from tests.provenance import bots
from tests.provenance.samples import Recorder


@dataclass(frozen=True)
class Case:
    bot: Callable[[str], Any]
    sdk: str
    call: str


CHAT, RESPONSES, MESSAGES = "chat.completions.create", "responses.create", "messages.create"
CASES = [
    Case(bots.openai_create, "openai", CHAT),
    Case(bots.openai_create_streamed, "openai", CHAT),
    Case(bots.openai_stream_helper, "openai", CHAT),
    Case(bots.openai_parse, "openai", CHAT),
    Case(bots.openai_raw_response, "openai", CHAT),
    Case(bots.openai_over_httpx2, "openai", CHAT),
    Case(bots.openai_async_create, "openai", CHAT),
    Case(bots.openai_async_create_streamed, "openai", CHAT),
    Case(bots.openai_async_stream_helper, "openai", CHAT),
    Case(bots.openai_async_gathered, "openai", CHAT),
    Case(bots.openai_responses, "openai", RESPONSES),
    Case(bots.openai_responses_listed, "openai", RESPONSES),
    Case(bots.openai_responses_stream_helper, "openai", RESPONSES),
    Case(bots.openai_responses_async, "openai", RESPONSES),
    Case(bots.anthropic_create, "anthropic", MESSAGES),
    Case(bots.anthropic_create_streamed, "anthropic", MESSAGES),
    Case(bots.anthropic_stream_helper, "anthropic", MESSAGES),
    Case(bots.anthropic_beta, "anthropic", MESSAGES),
    Case(bots.anthropic_async_create, "anthropic", MESSAGES),
    Case(bots.anthropic_async_stream_helper, "anthropic", MESSAGES),
    Case(bots.httpx_post, "httpx", "POST /chat/completions"),
    Case(bots.httpx_stream, "httpx", "POST /chat/completions"),
    Case(bots.httpx_async_post, "httpx", "POST /chat/completions"),
    Case(bots.httpx_own_endpoint, "httpx", "POST"),
    Case(bots.httpx2_post, "httpx2", "POST /api/chat"),
    Case(bots.httpx2_async_post, "httpx2", "POST /api/chat"),
    Case(bots.aiohttp_post, "aiohttp", "POST /chat/completions"),
    Case(bots.aiohttp_gathered, "aiohttp", "POST /chat/completions"),
]


def run(bot: Callable[[str], Any], server: str) -> None:
    outcome = bot(server)
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)


def seen(prompt: PromptRecording) -> tuple[object, ...]:
    return prompt.file, prompt.function, prompt.sdk, prompt.call, prompt.role, prompt.case_uids, prompt.count


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.bot.__name__)
def test_a_call_is_recorded_once_with_site_and_case(case: Case, chat_server: str, recorder: Recorder) -> None:
    with recorder() as recording, bind_case("case-1"):
        run(case.bot, chat_server)
    place = ("bots.py", case.bot.__name__, case.sdk, case.call)
    assert [seen(prompt) for prompt in recording.prompts] == [
        (*place, role, ("case-1",), 1) for role in ("system", "user")
    ]


@pytest.mark.parametrize("bot", [bots.anthropic_count_tokens, bots.httpx_no_chat], ids=lambda bot: bot.__name__)
def test_a_request_that_asks_no_model_is_not_recorded(
    bot: Callable[[str], None], chat_server: str, recorder: Recorder
) -> None:
    with recorder() as recording:
        bot(chat_server)
    assert (recording.prompts, recording.unplaced, recording.failures) == ([], 0, 0)
