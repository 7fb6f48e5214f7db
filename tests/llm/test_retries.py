"""What is asked again, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import stamina

from lab.fake_llm import CutBody, Empty, Garbage, Reply, Reset, Stall, Status, Step
from personae.errors import ProviderError
from personae.transport.failure import retry_after
from tests.llm.reach import answer, reach

pytestmark = pytest.mark.anyio
FINE = Reply("Fine.")
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Fault:
    name: str
    step: Step
    says: str


FAULTS = [
    Fault("rate limit", Status(429), "answered 429: Rate limit reached"),
    Fault("server error", Status(500), "answered 500: The server had an error"),
    Fault("overloaded", Status(503), "answered 503: The engine is currently overloaded"),
    Fault("overloaded at Anthropic", Status(529), "answered 529"),
    Fault("gateway", Status(502, body="<html>Bad Gateway</html>", content_type="text/html"), "Bad Gateway"),
    Fault("connection reset", Reset(), "the connection was cut"),
    Fault("no answer", Stall(), "no answer within 0.1 s"),
    Fault("half JSON", CutBody(), "the connection was cut"),
    Fault("half JSON, whole body", Garbage('{"choices": [{"mess', "application/json"), "its JSON is broken"),
    Fault("not JSON", Garbage(), "its JSON is broken"),
    Fault("JSON, but a list", Garbage("[]", "application/json"), "it holds no choices"),
    Fault("no choices", Empty(choices=False), "it holds no choices"),
]
EACH_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@EACH_FAULT
async def test_a_passing_fault_is_asked_again(fault: Fault) -> None:
    async with reach([fault.step, fault.step, FINE]) as there:
        model = there.model(timeout_s=0.1 if isinstance(fault.step, Stall) else 5.0)
        assert (await answer(model)).text == "Fine."
        assert there.calls == 3


@EACH_FAULT
async def test_a_fault_that_stays_is_an_error_that_says_what_happened(fault: Fault) -> None:
    async with reach(fault.step) as there:
        model = there.model(timeout_s=0.1 if isinstance(fault.step, Stall) else 5.0, attempts=2)
        with pytest.raises(ProviderError) as raised:
            await answer(model)
    assert fault.says in str(raised.value)
    assert str(raised.value).startswith("openai/sim")
    assert raised.value.retryable
    assert not raised.value.hopeless


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_the_first_try_counts_as_one_of_the_attempts(attempts: int) -> None:
    async with reach(Status(500)) as there:
        with pytest.raises(ProviderError):
            await answer(there.model(attempts=attempts))
        assert there.calls == attempts


async def test_a_bad_request_is_not_asked_again() -> None:
    async with reach(Status(400, message="messages: too few")) as there:
        with pytest.raises(ProviderError, match="answered 400: messages: too few") as raised:
            await answer(there.model())
        assert there.calls == 1
    assert not raised.value.hopeless


async def test_only_the_answer_is_counted_and_timed_and_not_the_tries() -> None:
    async with reach([Status(500), Status(500), FINE]) as there:
        reply = await answer(there.model())
    assert reply.usage.calls == 1
    assert 0 < reply.latency_ms < 1000


@pytest.mark.parametrize(
    ("header", "least_s", "most_s"),
    [(0.05, 0.05, 0.45), ("0", 0.0, 0.45), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, 0.45), (None, 0.5, 3.0)],
)
async def test_a_wait_that_the_endpoint_asks_for_is_honoured(
    header: float | str | None, least_s: float, most_s: float
) -> None:
    async with reach([Status(429, retry_after=header), FINE]) as there:
        with stamina.set_testing(False):
            await answer(there.model())
        first, second = there.fake.requests
    assert least_s <= second.at - first.at < most_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("86400", 120.0),
        ("inf", 120.0),
        ("nan", None),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        (format_datetime(NOW - timedelta(seconds=9), usegmt=True), 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, lambda: NOW) == seconds


async def test_an_address_where_nobody_listens_stops_the_run_with_one_message() -> None:
    async with reach() as there:
        model = there.model(base_url="http://127.0.0.1:9/v1")
        with pytest.raises(
            ProviderError, match=r"no connection to http://127\.0\.0\.1:9/.*Check the base URL"
        ) as raised:
            await answer(model)
    assert raised.value.hopeless


async def test_an_endpoint_that_answered_before_and_is_gone_is_asked_again() -> None:
    async with reach() as there:
        model = there.model()
        await answer(model)
        await there.fake.__aexit__(None, None, None)
        with pytest.raises(ProviderError) as raised:
            await answer(model)
    assert raised.value.retryable
    assert not raised.value.hopeless
