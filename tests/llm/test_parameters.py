"""What is sent beside the messages, and what happens where an endpoint does not take it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.fake_llm import ChatRequest, Limits, Reply, Status, Step
from personae.errors import ProviderError
from tests.llm.reach import answer, reach

pytestmark = pytest.mark.anyio
FINE = Reply("Fine.")


async def test_a_plain_request_holds_what_was_asked_and_nothing_else() -> None:
    async with reach(FINE) as there:
        await answer(there.model())
        assert there.sent() == {
            "model": "sim",
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 4096,
        }


async def test_what_is_recorded_of_the_sampling_is_what_was_sent() -> None:
    async with reach(FINE) as there:
        reply = await answer(there.model(temperature=0.7, extra_body={"top_p": 0.9, "seed": 7}))
        body = there.sent()
    assert reply.sampling == {"temperature": 0.7, "top_p": 0.9, "seed": 7}
    assert {name: body[name] for name in reply.sampling} == reply.sampling


async def test_a_field_of_the_users_own_wins_and_is_what_is_recorded() -> None:
    async with reach(FINE) as there:
        reply = await answer(there.model(temperature=0.7, extra_body={"temperature": 0.1}))
        assert there.sent()["temperature"] == 0.1
    assert reply.sampling == {"temperature": 0.1}


async def test_without_a_temperature_none_is_sent_or_recorded() -> None:
    async with reach(FINE) as there:
        assert (await answer(there.model())).sampling == {}


async def test_a_refused_temperature_is_dropped_for_this_and_all_later_calls() -> None:
    async with reach(FINE, limits=Limits(sampling=False)) as there:
        model = there.model(temperature=0.7)
        replies = [await answer(model), await answer(model)]
        assert [request.body.get("temperature") for request in there.fake.requests] == [0.7, None, None, None]
    assert [reply.sampling for reply in replies] == [{}, {}]


async def test_a_limit_on_output_goes_by_the_name_that_the_endpoint_takes() -> None:
    async with reach(FINE, limits=Limits(sampling=False)) as there:
        model = there.model()
        await answer(model)
        await answer(model)
        names = [name for request in there.fake.requests for name in request.body if "tokens" in name]
    assert names == ["max_tokens", "max_completion_tokens", "max_completion_tokens"]


def refuses_more_than(most: int, says: str) -> Any:
    def step(request: ChatRequest) -> Step:
        return Status(400, message=says) if request.body["max_tokens"] > most else FINE

    return step


@pytest.mark.parametrize(
    "says",
    [
        "max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas you provided 6000.",
        "max_tokens: 6000 > 4096, which is the maximum allowed number of output tokens for claude-3-haiku",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 4096]",
        "max_tokens must be less than or equal to 4096",
    ],
)
async def test_a_limit_above_what_the_model_can_is_lowered_to_it(says: str) -> None:
    async with reach(refuses_more_than(4096, says)) as there:
        model = there.model()
        await answer(model, max_output_tokens=6000)
        await answer(model, max_output_tokens=6000)
        await answer(model, max_output_tokens=500)
        assert [request.body["max_tokens"] for request in there.fake.requests] == [6000, 4096, 4096, 500]


async def test_a_complaint_that_no_change_silences_is_an_error() -> None:
    says = "'max_tokens' is too large: 4096. The maximum context length is 2048 tokens (4096 > 2048 - 100)."
    async with reach(Status(400, message=says)) as there:
        with pytest.raises(ProviderError, match="is too large"):
            await answer(there.model())
        assert there.calls <= 3


async def test_a_temperature_that_was_not_sent_is_not_to_blame() -> None:
    async with reach(Status(400, message="the temperature of this discussion is too high")) as there:
        with pytest.raises(ProviderError):
            await answer(there.model())
        assert there.calls == 1


async def test_headers_carry_the_key_and_the_users_own() -> None:
    async with reach(FINE) as there:
        await answer(there.model(api_key="  sk-1234\n", headers={"X-Title": "personae"}))
        headers = there.fake.requests[-1].headers
    assert headers["Authorization"] == "Bearer sk-1234"
    assert headers["X-Title"] == "personae"
    assert headers["Content-Type"] == "application/json"


async def test_without_a_key_no_header_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    async with reach(FINE) as there:
        await answer(there.model(api_key=""))
        assert "Authorization" not in there.fake.requests[-1].headers


async def test_what_a_request_is_about_is_never_sent() -> None:
    async with reach(FINE) as there:
        await answer(there.model(), about="the offline engine's data")
        assert "offline" not in str(there.sent())
