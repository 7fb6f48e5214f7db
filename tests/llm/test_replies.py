"""Whatever comes back as an answer: its text, its calls and its tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.fake_llm import Empty, Garbage, Huge, Limits, Reply, ToolCall, Usage
from lab.fake_llm.hostile import BIDI, CONTROLS, LINE_SEPARATORS, LONE_SURROGATE, TEMPLATE
from personae.core.model import ToolCall as Call
from personae.errors import ProviderError
from personae.llm.anthropic_messages import AnthropicMessages
from personae.llm.openai_chat import OpenAIChat
from personae.llm.wire import Malformed
from tests.llm.reach import answer, reach

pytestmark = pytest.mark.anyio
PROVIDERS = [("openai", "/v1"), ("anthropic", "")]
BOTH = pytest.mark.parametrize(("provider", "path"), PROVIDERS)


@BOTH
@pytest.mark.parametrize("text", [LINE_SEPARATORS, CONTROLS, BIDI, TEMPLATE, "日本語 😀", " spaced "])
async def test_text_arrives_as_it_was_sent(provider: str, path: str, text: str) -> None:
    async with reach(Reply(text)) as there:
        assert (await answer(there.model(provider, path=path))).text == text


@BOTH
async def test_half_a_surrogate_pair_becomes_a_character_that_can_be_stored(provider: str, path: str) -> None:
    async with reach(Reply(LONE_SURROGATE)) as there:
        text = (await answer(there.model(provider, path=path))).text
    assert text == "half a pair \ufffd and on"


async def test_five_megabytes_arrive_whole() -> None:
    async with reach(Huge(5_000_000)) as there:
        assert len((await answer(there.model())).text) == 5_000_000


async def test_an_empty_reply_is_an_empty_text() -> None:
    async with reach(Empty()) as there:
        reply = await answer(there.model())
    assert (reply.text, reply.tool_calls) == ("", ())


@BOTH
async def test_tool_calls_come_beside_the_text(provider: str, path: str) -> None:
    async with reach(Reply("Bye.", [ToolCall("end", {"reason": "stuck"})])) as there:
        reply = await answer(there.model(provider, path=path))
    assert reply.text == "Bye."
    assert reply.tool_calls == (Call("end", '{"reason":"stuck"}'),)


async def test_arguments_of_a_tool_call_stay_broken_as_they_are() -> None:
    async with reach(Reply(None, [ToolCall("end", '{"reason": ')])) as there:
        assert (await answer(there.model())).tool_calls == (Call("end", '{"reason": '),)


@BOTH
async def test_tokens_are_read_with_their_cached_and_reasoning_parts(provider: str, path: str) -> None:
    async with reach(Reply("Fine.", usage=Usage(1000, 50, cached=800, reasoning=30))) as there:
        usage = (await answer(there.model(provider, path=path))).usage
    assert (usage.calls, usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (1, 1000, 800, 50)
    assert usage.reasoning_tokens == (30 if provider == "openai" else 0)
    assert usage.estimated_calls == 0


@BOTH
async def test_where_the_endpoint_does_not_count_tokens_they_are_estimated_and_marked(provider: str, path: str) -> None:
    async with reach(Reply("x" * 400), limits=Limits(usage=False)) as there:
        usage = (await answer(there.model(provider, path=path), "y" * 4000)).usage
    assert usage.estimated_calls == 1
    assert (usage.input_tokens, usage.output_tokens) == (1005, 101)


@pytest.mark.parametrize(
    "usage",
    [None, [], "many", {"prompt_tokens": "9"}, {"prompt_tokens": 9}, {"prompt_tokens": 9, "completion_tokens": None}],
)
async def test_usage_that_cannot_be_read_is_estimated(usage: Any) -> None:
    body = {"choices": [{"message": {"content": "Fine."}}], "usage": usage}
    async with reach(Garbage(json.dumps(body), "application/json")) as there:
        assert (await answer(there.model())).usage.estimated_calls == 1


async def test_content_in_parts_is_joined_and_a_refusal_is_text() -> None:
    parts = [{"type": "text", "text": "Fi"}, {"type": "image"}, {"type": "text", "text": "ne."}]
    for message, text in [({"content": parts}, "Fine."), ({"content": None, "refusal": "No."}, "No.")]:
        body = json.dumps({"choices": [{"message": message}]})
        async with reach(Garbage(body, "application/json")) as there:
            assert (await answer(there.model())).text == text


async def test_an_answer_that_is_no_answer_shows_its_beginning() -> None:
    async with reach(Garbage('{"error": {"message": "upstream said no"}}', "application/json")) as there:
        with pytest.raises(ProviderError, match="upstream said no"):
            await answer(there.model(attempts=1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "message", "content", "tool_calls", "function", "name", "arguments", "usage", "prompt_tokens",
             "completion_tokens", "prompt_tokens_details", "cached_tokens", "type", "text", "input", "input_tokens",
             "output_tokens", "cache_read_input_tokens", "finish_reason", "refusal"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=25,
)  # fmt: skip


@given(JSON, st.sampled_from([OpenAIChat(), AnthropicMessages()]))
def test_any_json_is_an_answer_or_malformed_and_nothing_else(body: Any, wire: OpenAIChat | AnthropicMessages) -> None:
    for shape in (body, {"choices": [{"message": body}], "usage": body}, {"content": [body], "usage": body}):
        try:
            found = wire.decode(shape)
        except Malformed:
            continue
        assert isinstance(found.text, str)
        assert all(isinstance(call.name, str) and isinstance(call.arguments, str) for call in found.tool_calls)
        assert found.usage is None or all(
            type(number) is int for number in (found.usage.tokens, found.usage.cached_tokens)
        )
