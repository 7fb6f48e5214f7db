"""Answers in JSON: the strongest way that an endpoint takes, and one more try for a model that fails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from lab.fake_llm import BAD_KEY, ChatRequest, Limits, Reply, Status, ToolCall, Usage
from lab.fake_llm.hostile import LONE_SURROGATE
from personae.core.model import Capabilities, Model, OutputSchema
from personae.errors import ProviderError
from personae.llm.structured import NotUsable, Parsed, UnusableAnswer, ask
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
SCHEMA = OutputSchema(
    "verdict",
    {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"], "additionalProperties": False},
)
GOOD = '{"word": "yes"}'


def parse(data: Any) -> str:
    if not isinstance(data, dict) or not isinstance(data.get("word"), str):
        raise NotUsable("It must be an object with `word`.")
    return str(data["word"])


async def asked(model: Model, text: str = "Say it.") -> Parsed[str]:
    messages = [{"role": "system", "content": "You judge."}, {"role": "user", "content": text}]
    return await ask(model, messages, purpose="judge", schema=SCHEMA, parse=parse)


def way(request: ChatRequest) -> str:
    if request.schema:
        return "schema"
    if request.forced:
        return "tool"
    return "json object" if request.json_object else "text"


def ways(there: Reach) -> list[str]:
    return [way(request) for request in there.fake.requests]


@dataclass(frozen=True)
class Rung:
    limits: Limits
    first: tuple[str, ...]


RUNGS = [
    Rung(Limits(), ("schema",)),
    Rung(Limits(json_schema=False), ("schema", "tool")),
    Rung(Limits(json_schema=False, tools=False), ("schema", "tool", "json object")),
    Rung(Limits(json_schema=False, tools=False, json_object=False), ("schema", "tool", "json object", "text")),
]


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.first[-1])
async def test_each_refused_way_leads_to_the_next_and_is_remembered(rung: Rung) -> None:
    async with reach(limits=rung.limits) as there:
        model = there.model()
        await asked(model)
        await asked(model)
        assert ways(there) == [*rung.first, rung.first[-1]]


@pytest.mark.parametrize("rung", RUNGS[2:], ids=lambda rung: rung.first[-1])
async def test_where_the_endpoint_takes_no_schema_it_stands_in_the_prompt(rung: Rung) -> None:
    async with reach(limits=rung.limits) as there:
        await asked(there.model())
        system = there.sent()["messages"][0]["content"]
    assert system.startswith("You judge.\n\nAnswer with one JSON object and nothing else")
    assert '"additionalProperties":false' in system


async def test_conversations_that_find_out_at_once_do_not_lose_a_rung() -> None:
    async with reach(limits=Limits(json_schema=False), latency_ms=5) as there:
        model = there.model()
        await asyncio.gather(*(asked(model, f"Say {number}.") for number in range(6)))
        assert ways(there).count("tool") == 6
    assert model.capabilities == Capabilities(json_schema=False)


async def test_a_prompt_that_is_too_long_takes_no_rung_though_it_names_the_tools() -> None:
    says = "This model's maximum context length is 8192 tokens (8000 in the messages, 900 in the functions)."
    async with reach(Status(400, message=says, code="context_length_exceeded")) as there:
        model = there.model()
        model.capabilities.json_schema = False
        with pytest.raises(ProviderError, match="maximum context length"):
            await asked(model)
        assert there.calls == 1
    assert model.capabilities.tools


async def test_a_wrong_key_takes_no_rung() -> None:
    async with reach(BAD_KEY) as there:
        with pytest.raises(ProviderError) as raised:
            await asked(there.model())
        assert there.calls == 1
    assert raised.value.hopeless


TEXTS = [
    GOOD,
    f"```json\n{GOOD}\n```",
    f"Here it is:\n{GOOD}\nI hope that helps.",
    f"<think>Is it {{yes}} or {{no}}?</think>\n{GOOD}",
    f"Is it {{yes}}?</think>{GOOD}",
]


@pytest.mark.parametrize("text", TEXTS)
async def test_json_is_found_in_what_models_write_around_it(text: str) -> None:
    async with reach(Reply(text)) as there:
        assert (await asked(there.model())).value == "yes"


async def test_arguments_of_the_forced_tool_are_the_answer() -> None:
    async with reach(Reply(None, [ToolCall("verdict", {"word": "yes"})]), limits=Limits(json_schema=False)) as there:
        assert (await asked(there.model())).value == "yes"


async def test_half_a_surrogate_pair_in_an_answer_is_made_whole() -> None:
    async with reach(Reply('{"word": "half \\ud800"}')) as there:
        assert (await asked(there.model())).value == "half \ufffd"


@dataclass(frozen=True)
class Bad:
    reply: Reply
    told: str
    shown: str


BAD = [
    Bad(Reply("I would say yes."), "It holds no JSON object.", "I would say yes."),
    Bad(Reply('{"word": '), "It holds no JSON object.", '{"word": '),
    Bad(Reply('{"word": "yes",}'), "Its JSON is broken", '{"word": "yes",}'),
    Bad(Reply('{"word": 7}'), "It must be an object with `word`.", '{"word": 7}'),
    Bad(Reply('["yes"]'), "It must be an object with `word`.", '["yes"]'),
    Bad(Reply(""), "It was empty.", "(empty)"),
    Bad(Reply('{"word": "y', finish_reason="length"), "It was cut off because it was too long", '{"word": "y'),
    Bad(Reply(None, [ToolCall("verdict", '{"word": ')]), "Its JSON is broken", 'verdict({"word": )'),
    Bad(Reply("x" * 100_000), "It holds no JSON object.", "characters left out"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.told)
async def test_a_model_that_fails_once_is_shown_what_was_wrong(bad: Bad) -> None:
    async with reach([bad.reply, Reply(GOOD)]) as there:
        assert (await asked(there.model())).value == "yes"
        *first, said, told = there.sent()["messages"]
        assert first == there.sent(0)["messages"]
    assert (said["role"], told["role"]) == ("assistant", "user")
    assert bad.shown in said["content"]
    assert len(said["content"]) < 10_000
    assert told["content"].startswith(f"That answer cannot be used: {bad.told}")


async def test_a_mended_answer_counts_both_calls() -> None:
    async with reach([Reply("no", usage=Usage(10, 1)), Reply(GOOD, usage=Usage(20, 2))]) as there:
        parsed = await asked(there.model())
    assert (parsed.usage.calls, parsed.usage.input_tokens, parsed.usage.output_tokens) == (2, 30, 3)


async def test_a_model_that_fails_twice_is_an_unusable_answer_with_both_calls_counted() -> None:
    async with reach(Reply("no", usage=Usage(10, 1))) as there:
        with pytest.raises(UnusableAnswer) as raised:
            await asked(there.model())
        assert there.calls == 2
    assert str(raised.value) == ("openai/sim did not answer in the form asked for, twice: It holds no JSON object.")
    assert (raised.value.usage.calls, raised.value.usage.input_tokens) == (2, 20)
    assert not raised.value.retryable
    assert not raised.value.hopeless


async def test_a_second_call_that_fails_does_not_lose_what_the_first_one_cost() -> None:
    async with reach([Reply("no", usage=Usage(10, 1)), Status(400, message="too bad")]) as there:
        with pytest.raises(UnusableAnswer, match=r"400: too bad.*after an answer without use") as raised:
            await asked(there.model())
    assert raised.value.usage.calls == 1


async def test_a_key_that_was_withdrawn_between_two_calls_is_hopeless() -> None:
    async with reach([Reply("no"), BAD_KEY]) as there:
        with pytest.raises(ProviderError) as raised:
            await asked(there.model())
    assert raised.value.hopeless


async def test_a_lone_surrogate_in_a_bad_answer_can_be_shown_again() -> None:
    async with reach([Reply(LONE_SURROGATE), Reply(GOOD)]) as there:
        assert (await asked(there.model())).value == "yes"
