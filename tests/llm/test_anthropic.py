"""Anthropic's own protocol: what is sent, and what is read."""

from __future__ import annotations

from typing import Any

import pytest

from lab.fake_llm import Garbage, Reply
from lab.fake_llm import ToolCall as Calls
from personae.core.model import Message, OutputSchema, Purpose, Request, Tool
from personae.llm.structured import ask
from tests.llm.reach import KEY, Reach, answer, reach

pytestmark = pytest.mark.anyio
FINE = Reply("Fine.")
MARK = {"type": "ephemeral"}
SCHEMA = OutputSchema("verdict", {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})


async def sent(there: Reach, *messages: Message, purpose: Purpose = "simulator", **fields: Any) -> dict[str, Any]:
    await there.model("anthropic", path="", temperature=fields.pop("temperature", None)).complete(
        Request(messages, purpose, **fields)
    )
    return there.sent()


def say(role: str, content: str) -> Message:
    return {"role": role, "content": content}


async def test_the_key_and_the_version_are_headers() -> None:
    async with reach(FINE) as there:
        await answer(there.model("anthropic", path=""))
        request = there.fake.requests[-1]
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"


async def test_the_system_message_stands_apart_and_a_conversation_carries_two_cache_marks() -> None:
    async with reach(FINE) as there:
        body = await sent(there, say("system", "Be Ann."), say("user", "a"), say("assistant", "b"), say("user", "c"))
    assert body["system"] == [{"type": "text", "text": "Be Ann.", "cache_control": MARK}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "b"}]},
        {"role": "user", "content": [{"type": "text", "text": "c", "cache_control": MARK}]},
    ]


@pytest.mark.parametrize("purpose", ["judge", "generator"])
async def test_what_is_never_asked_again_is_not_written_to_the_cache(purpose: Purpose) -> None:
    async with reach(FINE) as there:
        body = await sent(there, say("system", "Rate."), say("user", "a"), purpose=purpose)
    assert "cache_control" not in str(body)


async def test_neighbours_of_one_role_become_blocks_of_one_message() -> None:
    async with reach(FINE) as there:
        body = await sent(there, say("user", "a"), say("user", "b"), say("assistant", "c"), say("user", "d"))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in body["messages"][0]["content"]] == ["a", "b"]


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
async def test_a_blank_message_is_sent_as_words_because_blank_ones_are_refused(blank: str) -> None:
    async with reach(FINE) as there:
        body = await sent(there, say("user", "a"), say("assistant", blank), say("user", "b"))
    assert body["messages"][1]["content"][0]["text"] == "(empty)"


async def test_the_callers_messages_are_left_as_they_are() -> None:
    messages = [say("user", "a"), say("user", "b")]
    async with reach(FINE) as there:
        await sent(there, *messages)
    assert messages == [say("user", "a"), say("user", "b")]


async def test_a_tool_is_offered_and_not_forced() -> None:
    schema = {"type": "object", "properties": {}}
    async with reach(Reply("Hello.")) as there:
        body = await sent(there, say("user", "a"), tools=(Tool("end", "End it.", schema),))
    assert body["tools"] == [{"name": "end", "description": "End it.", "input_schema": schema}]
    assert "tool_choice" not in body


async def test_a_schema_is_asked_for_as_a_tool_that_must_be_called() -> None:
    async with reach(Reply(None, [Calls("verdict", {"ok": True})])) as there:
        model = there.model("anthropic", path="")
        parsed = await ask(model, [say("user", "a")], purpose="judge", schema=SCHEMA, parse=lambda data: data["ok"])
        body = there.sent()
    assert parsed.value is True
    assert body["tool_choice"] == {"type": "tool", "name": "verdict"}
    assert body["tools"][0]["input_schema"] == SCHEMA.schema


async def test_a_temperature_above_its_scale_is_lowered_and_recorded_as_sent() -> None:
    async with reach(FINE) as there:
        reply = await answer(there.model("anthropic", path="", temperature=1.4))
        assert there.sent()["temperature"] == 1.0
    assert reply.sampling == {"temperature": 1.0}


async def test_input_tokens_count_what_was_read_from_and_written_to_the_cache() -> None:
    body = (
        '{"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Fine."}], "stop_reason": '
        '"end_turn", "usage": {"input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30, '
        '"output_tokens": 5}}'
    )
    async with reach(Garbage(body, "application/json")) as there:
        reply = await answer(there.model("anthropic", path="", model="claude-haiku-4-5-20251001"))
    usage = reply.usage
    assert (reply.text, reply.finish_reason) == ("Fine.", "end_turn")
    assert (usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.output_tokens) == (240, 200, 30, 5)
    assert usage.cost_usd == pytest.approx((10 * 1.0 + 200 * 0.1 + 30 * 1.25 + 5 * 5.0) / 1_000_000)
