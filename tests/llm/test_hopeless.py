"""Failures that no other call of the run could escape: one message that says what to mend, without any secret."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab.fake_llm import BAD_KEY, CONTEXT_TOO_LONG, MODEL_NOT_FOUND, Garbage, Limits, Reply, Status, Step
from personae.errors import ProviderError
from tests.llm.reach import KEY, answer, reach

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Case:
    name: str
    step: Step
    mend: str


QUOTA = Status(429, message="You exceeded your current quota.", code="insufficient_quota", retry_after=60)
CREDIT = Status(400, message="Your credit balance is too low to access the API.")
CASES = [
    Case("wrong key", BAD_KEY, "Check the API key for http://127.0.0.1"),
    Case("forbidden", Status(403, message="Country not supported"), "Check the API key for"),
    Case("unknown model", MODEL_NOT_FOUND, "Check the model's name"),
    Case("unknown model, as 400", Status(400, message="unknown model sim"), "Check the model's name"),
    Case("unknown address", Status(404, body="Not Found", content_type="text/plain"), "base URLs often end in /v1"),
    Case("quota spent", QUOTA, "has no credit left"),
    Case("payment required", Status(402, message="Insufficient credits"), "has no credit left"),
    Case("no credit, as 400", CREDIT, "has no credit left"),
    Case("redirect", Status(307, body=""), "redirects to 'nowhere': give that address as the base URL"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_failure_that_cannot_heal_says_what_to_mend_after_one_call(case: Case) -> None:
    async with reach(case.step) as there:
        with pytest.raises(ProviderError) as raised:
            await answer(there.model())
        assert there.calls == 1
    assert case.mend in str(raised.value)
    assert ".." not in str(raised.value)
    assert raised.value.hopeless
    assert not raised.value.retryable


ECHOES: list[Step] = [
    Status(401, message=f"Invalid proxy token {KEY}"),
    Status(403, body=f"<p>Bearer {KEY}</p>", content_type="text/html"),
    Status(400, message=f"what is {KEY}?"),
    Status(500, body=KEY),
    Garbage(f"<html>{KEY}</html>"),
]


@pytest.mark.parametrize("step", ECHOES)
async def test_a_key_that_is_sent_back_does_not_stand_in_the_error(step: Step) -> None:
    async with reach(step) as there:
        with pytest.raises(ProviderError) as raised:
            await answer(there.model(attempts=1))
    assert "***" in str(raised.value)
    assert KEY not in str(raised.value) + raised.value.body


async def test_the_users_own_headers_do_not_stand_in_the_error_either() -> None:
    async with reach(Status(400, message="no such tenant: tenant-secret")) as there:
        with pytest.raises(ProviderError, match=r"no such tenant: \*\*\*"):
            await answer(there.model(headers={"X-Tenant": "tenant-secret"}))


async def test_nothing_that_shows_a_model_shows_its_key() -> None:
    async with reach() as there:
        assert KEY not in repr(there.model().config)


@pytest.mark.parametrize("status", [400, 403])
async def test_a_message_that_was_flagged_is_one_conversations_failure(status: int) -> None:
    async with reach(Status(status, message="Your input was flagged by moderation")) as there:
        with pytest.raises(ProviderError) as raised:
            await answer(there.model())
    assert not raised.value.hopeless


async def test_a_conversation_that_is_too_long_for_the_model_is_its_own_failure() -> None:
    async with reach(CONTEXT_TOO_LONG) as there:
        with pytest.raises(ProviderError, match="maximum context length is 8192 tokens") as raised:
            await answer(there.model())
        assert there.calls == 1
    assert not raised.value.hopeless


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "a"}}', "a"),
        ('{"error": "b"}', "b"),
        ('{"message": "c"}', "c"),
        ('{"detail": "d"}', "d"),
        ('{"object": "error", "message": "e", "code": 400}', "e"),
        ("plain words", "plain words"),
        ("", "no message"),
        ('{"error": {"message": 7}}', '{"error": {"message": 7}}'),
    ],
)
async def test_the_message_is_found_in_the_usual_forms(body: str, said: str) -> None:
    async with reach(Status(400, body=body)) as there:
        with pytest.raises(ProviderError) as raised:
            await answer(there.model())
    assert str(raised.value) == f"openai/sim answered 400: {said}"


async def test_the_right_key_and_model_are_let_in() -> None:
    async with reach(Reply("Fine."), limits=Limits(api_key=KEY, models=("sim",))) as there:
        assert (await answer(there.model())).text == "Fine."
