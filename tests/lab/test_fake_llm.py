"""The fake model server answers the real SDKs as the real services do, and counts honestly."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import math
import time
from collections.abc import Iterator
from typing import Any, cast

import aiohttp
import anthropic
import jsonschema  # type: ignore[import-untyped]  # its stubs are no dependency of ours
import openai
import pytest

from lab.fake_llm import (
    BAD_KEY,
    CutBody,
    Delay,
    Empty,
    FakeLLM,
    Faults,
    Garbage,
    Huge,
    Limits,
    Reply,
    Reset,
    Stall,
    Status,
    Step,
    ToolCall,
    Usage,
)
from lab.fake_llm.auto import answer
from lab.fake_llm.hostile import LINE_SEPARATORS, LONE_SURROGATE, WRONG_ARGUMENTS

END = {
    "type": "function",
    "function": {
        "name": "end_conversation",
        "parameters": {
            "type": "object",
            "properties": {"reason": {"enum": ["goal_met", "stuck"]}, "explanation": {"type": "string"}},
            "required": ["reason", "explanation"],
        },
    },
}
RATING = {
    "type": "object",
    "$defs": {"Verdict": {"enum": ["NO", "YES"]}},
    "properties": {
        "ratings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "criterion": {"enum": ["c1", "c2", "c3"]},
                    "quotes": {"type": "array", "items": {"type": "string"}},
                    "verdict": {"$ref": "#/$defs/Verdict"},
                },
                "required": ["criterion", "quotes", "verdict"],
            },
        },
        "confidence": {"type": "number", "minimum": 0, "maximum": 0.9},
        "note": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 200}]},
    },
    "required": ["ratings", "confidence", "note"],
}
USER = {"role": "user", "content": "Where is my parcel?"}


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread() as server:
        yield server


@functools.cache
def sdk_at(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)


def client(fake: FakeLLM, **options: Any) -> openai.OpenAI:
    sdk = sdk_at(fake.url)
    return sdk.with_options(**options) if options else sdk


def ask(fake: FakeLLM, model: str = "bot", messages: Any = (USER,), **options: Any) -> Any:
    return client(fake).chat.completions.create(model=model, messages=list(messages), **options)


def test_a_bot_is_answered_in_some_thirty_words_with_usage(fake: FakeLLM) -> None:
    reply = ask(fake)
    assert 20 <= len(reply.choices[0].message.content.split()) <= 40
    assert reply.usage.completion_tokens == len(reply.choices[0].message.content) // 4
    assert reply.usage.prompt_tokens_details.cached_tokens == 0
    assert fake.ledger.calls(model="bot", role="bot") == 1


def test_the_same_request_gets_the_same_answer(fake: FakeLLM) -> None:
    assert ask(fake).choices[0].message.content == ask(fake).choices[0].message.content


def test_the_simulator_talks_until_the_turn_it_is_told_to_end_after() -> None:
    with FakeLLM.in_thread(end_after=2) as fake:
        messages: list[Any] = [{"role": "system", "content": "You are Ann."}]
        said = []
        for _ in range(3):
            message = ask(fake, "sim", messages, tools=[END]).choices[0].message
            said.append(message)
            messages += [{"role": "assistant", "content": message.content}, USER]
    assert [bool(message.tool_calls) for message in said] == [False, False, True]
    assert json.loads(said[2].tool_calls[0].function.arguments)["reason"] == "goal_met"
    assert fake.ledger.calls(role="simulator") == 3


def test_a_rating_is_a_valid_instance_of_its_schema_with_one_entry_per_criterion(fake: FakeLLM) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "rating", "schema": RATING}}
    rating = json.loads(ask(fake, "judge", response_format=wanted).choices[0].message.content)
    jsonschema.validate(rating, RATING)
    assert [entry["criterion"] for entry in rating["ratings"]] == ["c1", "c2", "c3"]
    assert {entry["verdict"] for entry in rating["ratings"]} == {"YES"}
    assert fake.asked("judge")[0].schema == RATING


def test_a_forced_tool_is_called_with_arguments_of_its_schema(fake: FakeLLM) -> None:
    tool = {"type": "function", "function": {"name": "rate", "parameters": RATING}}
    forced = {"type": "function", "function": {"name": "rate"}}
    message = ask(fake, "judge", tools=[tool], tool_choice=forced).choices[0].message
    jsonschema.validate(json.loads(message.tool_calls[0].function.arguments), RATING)


def test_an_openai_stream_joins_to_the_whole_answer_with_usage_last(fake: FakeLLM) -> None:
    whole = ask(fake)
    streamed = list(ask(fake, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices)
    assert text == fake_text(fake)
    assert len(streamed) > 5
    assert streamed[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_a_streamed_tool_call_arrives_in_pieces() -> None:
    with FakeLLM.in_thread(Reply(tool_calls=[ToolCall("look_up", {"order": 48213})])) as fake:
        chunks = [chunk.choices[0].delta.tool_calls for chunk in ask(fake, stream=True) if chunk.choices]
    calls = [call for part in chunks if part for call in part]
    assert "".join(call.function.arguments for call in calls) == '{"order":48213}'
    assert calls[0].function.name == "look_up"


def test_the_anthropic_sdk_gets_text_tools_and_streams(fake: FakeLLM) -> None:
    sdk = anthropic.Anthropic(base_url=fake.url, api_key="x", max_retries=0)
    tool = {"name": "rate", "input_schema": RATING}
    common: Any = {"model": "judge", "max_tokens": 100, "system": "Be fair.", "messages": [USER], "tools": [tool]}
    rated = sdk.messages.create(**common, tool_choice={"type": "tool", "name": "rate"})
    assert rated.stop_reason == "tool_use"
    jsonschema.validate(cast("Any", rated.content[0]).input, RATING)
    with sdk.messages.stream(**common, tool_choice={"type": "any"}) as stream:
        final = stream.get_final_message()
    assert cast("Any", final.content[0]).input == cast("Any", rated.content[0]).input
    with sdk.messages.stream(model="bot", max_tokens=100, messages=[cast("Any", USER)]) as stream:
        assert len("".join(stream.text_stream).split()) > 10
        assert stream.get_final_message().usage.output_tokens > 10


def test_the_responses_api_answers_and_streams(fake: FakeLLM) -> None:
    sdk = client(fake)
    reply = sdk.responses.create(model="bot", input="Where is my parcel?", instructions="Be kind.")
    assert len(reply.output_text.split()) > 10
    with sdk.responses.stream(model="bot", input="Where is my parcel?") as stream:
        assert len(stream.get_final_response().output_text.split()) > 10


def test_azure_finds_its_deployment_by_path(fake: FakeLLM) -> None:
    azure = openai.AzureOpenAI(azure_endpoint=fake.url, api_key="x", api_version="2024-10-21", max_retries=0)
    azure.chat.completions.create(model="my-deployment", messages=[cast("Any", USER)])
    assert fake.ledger.calls(model="my-deployment") == 1


def test_embeddings_are_unit_vectors_and_like_texts_are_alike(fake: FakeLLM) -> None:
    texts = ["refund my order", "please refund my order", "the weather in Oslo"]
    rows = [row.embedding for row in client(fake).embeddings.create(model="e", input=texts).data]
    assert math.isclose(sum(value * value for value in rows[0]), 1, rel_tol=1e-6)
    alike, unlike = (sum(a * b for a, b in zip(rows[0], other, strict=True)) for other in rows[1:])
    assert alike > unlike


def fake_text(fake: FakeLLM) -> str:
    """What the last request should have been answered."""
    return answer(fake.requests[-1], None).text or ""


FAULTS = [
    pytest.param(Status(429, retry_after=0.05), openai.RateLimitError, id="429"),
    pytest.param(Status(503), openai.InternalServerError, id="503"),
    pytest.param(BAD_KEY, openai.AuthenticationError, id="401"),
    pytest.param(Reset(), openai.APIConnectionError, id="reset"),
    pytest.param(CutBody(), openai.APIConnectionError, id="cut"),
    pytest.param(Stall(30), openai.APITimeoutError, id="stall"),
]


@pytest.mark.parametrize(("step", "error"), FAULTS)
def test_a_fault_reaches_the_client_as_the_error_it_stands_for(step: Any, error: type[Exception]) -> None:
    with FakeLLM.in_thread([step]) as fake:
        with pytest.raises(error) as caught:
            client(fake, timeout=0.5).chat.completions.create(model="bot", messages=[cast("Any", USER)])
        assert ask(fake).choices[0].message.content, "the script is used up, so the next answer is the usual one"
    if step == Status(429, retry_after=0.05):
        assert cast("openai.RateLimitError", caught.value).response.headers["retry-after"] == "0.05"


def test_hostile_replies_go_out_as_written() -> None:
    script: list[Step] = [
        Reply(LONE_SURROGATE),
        Reply(LINE_SEPARATORS),
        Reply(tool_calls=[ToolCall("end_conversation", WRONG_ARGUMENTS)]),
        Empty(),
        Huge(2_000_000),
        Reply("x", usage=Usage(10, 5, cached=8, reasoning=3)),
    ]
    with FakeLLM.in_thread(script) as fake:
        answers = [ask(fake) for _ in script]
    contents = [each.choices[0].message.content for each in answers]
    assert contents[:2] == [LONE_SURROGATE, LINE_SEPARATORS]
    assert answers[2].choices[0].message.tool_calls[0].function.arguments == WRONG_ARGUMENTS
    assert contents[3] == ""
    assert len(contents[4]) == 2_000_000
    assert answers[5].usage.completion_tokens_details.reasoning_tokens == 3


def test_limits_are_refused_in_the_words_of_real_servers() -> None:
    limits = Limits(tools=False, json_schema=False, sampling=False, usage=False, models=("bot",))
    wanted = {"type": "json_schema", "json_schema": {"name": "rating", "schema": RATING}}
    with FakeLLM.in_thread(limits=limits) as fake:
        with pytest.raises(openai.BadRequestError, match="does not support tools"):
            ask(fake, tools=[END])
        with pytest.raises(openai.BadRequestError, match="response_format"):
            ask(fake, response_format=wanted)
        with pytest.raises(openai.BadRequestError, match="max_completion_tokens"):
            ask(fake, max_tokens=5)
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            ask(fake, "nope")
        assert ask(fake).usage is None


def test_a_script_can_be_given_by_role() -> None:
    with FakeLLM.in_thread({"judge": Status(500), "bot": [Garbage()]}) as fake:
        assert ask(fake, "sim", tools=[END]).choices[0].message.content
        with pytest.raises(openai.InternalServerError):
            ask(fake, "judge", response_format={"type": "json_object"})
        assert fake.ledger.total(role="judge").statuses == {"500": 1}


def test_random_faults_repeat_with_their_seed() -> None:
    def statuses(seed: int) -> dict[str, int]:
        with FakeLLM.in_thread(Faults([(Status(429), 0.3)], seed)) as fake:
            for _ in range(30):
                with contextlib.suppress(openai.RateLimitError):
                    ask(fake)
            return dict(fake.ledger.total().statuses)

    assert statuses(1) == statuses(1)
    assert 0 < statuses(1)["429"] < 30


def talk(history_as_sent: list[list[dict[str, str]]]) -> tuple[int, int, int]:
    with FakeLLM.in_thread() as fake:
        for messages in history_as_sent:
            ask(fake, messages=messages)
        return fake.ledger.openings, fake.ledger.with_predecessor, fake.ledger.prefix_unchanged


def test_the_ledger_tells_a_kept_prefix_from_a_changed_one() -> None:
    system, one = {"role": "system", "content": "s"}, {"role": "assistant", "content": "a1"}
    opening = [system, USER]
    kept = [opening, [*opening, one, USER], [*opening, one, USER, one, USER]]
    changed = [opening, [{"role": "system", "content": "turn 2"}, USER, one, USER]]
    assert talk(kept) == (1, 2, 2)
    assert talk(changed) == (1, 1, 0)


def test_a_message_for_one_turn_alone_is_counted_apart() -> None:
    system, one, only_now = {"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}, "turn"
    first = [system, {"role": "user", "content": f"{only_now} 1"}]
    second = [system, one, USER, {"role": "user", "content": f"{only_now} 2"}]
    with FakeLLM.in_thread() as fake:
        ask(fake, messages=first)
        ask(fake, messages=second)
        assert (fake.ledger.prefix_unchanged, fake.ledger.unchanged_but_last) == (0, 1)


@pytest.mark.anyio
async def test_connections_and_requests_at_once_are_counted() -> None:
    async with FakeLLM(Delay(50)) as fake, aiohttp.ClientSession() as session:
        url, body = f"{fake.url}/v1/chat/completions", {"model": "bot", "messages": [USER]}
        for _ in range(2):
            replies = await asyncio.gather(*(session.post(url, json=body) for _ in range(7)))
            assert [reply.status for reply in replies] == [200] * 7
            for reply in replies:
                await reply.read()
        assert (fake.ledger.connections, fake.ledger.max_in_flight, fake.ledger.in_flight) == (7, 7, 0)


def test_a_server_in_another_process_takes_a_script_and_tells_its_ledger() -> None:
    with FakeLLM.in_process([Status(500)], "--latency-ms", "30") as fake:
        sdk = openai.OpenAI(base_url=f"{fake.url}/v1", api_key="x", max_retries=0)
        with pytest.raises(openai.InternalServerError):
            sdk.chat.completions.create(model="bot", messages=[cast("Any", USER)])
        start = time.monotonic()
        sdk.chat.completions.create(model="bot", messages=[cast("Any", USER)])
        assert time.monotonic() - start > 0.03
        assert fake.ledger.total().statuses == {"500": 1, "200": 1}
        fake.reset()
        assert fake.ledger.calls() == 0


def test_the_judge_answers_each_question_that_its_prompt_lists() -> None:
    entry: dict[str, Any] = {"id": {"type": "string"}, "verdict": {"enum": ["YES", "NO"]}}
    single: dict[str, Any] = entry | {"turn": {"type": "integer"}}
    schema = {
        "type": "object",
        "properties": {
            "criteria": {"type": "array", "items": {"type": "object", "properties": entry}},
            "turns": {"type": "array", "items": {"type": "object", "properties": single}},
        },
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "ratings", "schema": schema}}
    prompt = "- `goal`: Was it reached?\n- `c1`: Polite?\n- `relevance` for turn 2, 4: To the point?"
    with FakeLLM.in_thread() as fake:
        text = (
            ask(fake, messages=[{"role": "user", "content": prompt}], response_format=wanted).choices[0].message.content
        )
    rated = json.loads(text)
    assert [row["id"] for row in rated["criteria"]] == ["goal", "c1"]
    assert [(row["id"], row["turn"]) for row in rated["turns"]] == [("relevance", 2), ("relevance", 4)]


def test_a_schema_written_into_the_prompt_is_followed() -> None:
    system = {"role": "system", "content": f"Rate it. Answer with JSON of this form: {json.dumps(RATING)} Only that."}
    with FakeLLM.in_thread(limits=Limits(tools=False, json_schema=False)) as fake:
        text = ask(fake, messages=[system, USER], response_format={"type": "json_object"}).choices[0].message.content
    jsonschema.validate(json.loads(text), RATING)
