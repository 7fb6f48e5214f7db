"""What is repeated, and what a failure means, for the bots behind HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina
from stamina.instrumentation import RetryDetails

from personae.bots import BotSpec, BotWiring, Session
from personae.bots.botario import BotarioBot
from personae.bots.custom_api import CustomApiBot
from personae.errors import BotError
from personae.transport.failure import retry_after
from tests.bots.serving import Server, cut, status, user

pytestmark = pytest.mark.anyio

OK = {"reply": "fine"}


@dataclass(frozen=True)
class Case:
    first: Any
    stateless_tries: int
    stateful_tries: int


CASES = {
    "429": Case(status(429), 2, 2),
    "502": Case(status(502), 2, 1),
    "503": Case(status(503), 2, 1),
    "504": Case(status(504), 2, 1),
    "cut": Case(cut, 2, 1),
    "500": Case(status(500), 1, 1),
    "400": Case(status(400), 1, 1),
    "401": Case(status(401), 1, 1),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", ["stateless", "stateful", "botario"])
async def test_a_failure_is_repeated_only_where_that_is_safe(
    name: str, kind: str, server: Server, wiring: BotWiring
) -> None:
    case = CASES[name]
    server.then(case.first, OK)
    spec: BotSpec = BotarioBot(server.url)
    if kind != "botario":
        spec = CustomApiBot(server.url, stateful=kind == "stateful")
    bot = spec.open(wiring)
    tries = case.stateless_tries if kind == "stateless" else case.stateful_tries
    if tries == 2:
        assert (await bot.reply(user("Hi"), Session("s"))).text == "fine"
    else:
        with pytest.raises(BotError):
            await bot.reply(user("Hi"), Session("s"))
    assert len(server.seen) == tries


@pytest.mark.parametrize("stateful", [False, True])
async def test_a_connection_that_is_not_made_is_tried_again(
    stateful: bool, closed_port: str, wiring: BotWiring
) -> None:
    bot = CustomApiBot(closed_port, stateful=stateful).open(replace(wiring, attempts=3))
    with pytest.raises(BotError, match=r"no connection to .*\(tried 3 times\)") as raised:
        await bot.reply(user("Hi"), Session("s"))
    assert raised.value.retryable
    assert raised.value.hopeless
    assert f"Check that the bot runs, and the address {closed_port}" in str(raised.value)


async def test_a_bot_that_answered_once_and_is_gone_does_not_stop_the_run(server: Server, wiring: BotWiring) -> None:
    bot = CustomApiBot(server.url).open(replace(wiring, attempts=1))
    await bot.reply(user("Hi"), Session("s"))
    server.then(status(200, {"reply": "last"}, Connection="close"))
    await bot.reply(user("Hi"), Session("s"))
    await server.stop()
    with pytest.raises(BotError, match="no connection to") as raised:
        await bot.reply(user("Hi"), Session("s"))
    assert not raised.value.hopeless


async def test_it_gives_up_after_the_last_try_and_says_how_many(server: Server, wiring: BotWiring) -> None:
    server.then(status(503, {"detail": "full"}))
    with pytest.raises(BotError, match=r"answered 503: full \(tried 4 times\)") as raised:
        await CustomApiBot(server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert len(server.seen) == 4
    assert raised.value.received == '{"detail":"full"}'


async def test_one_attempt_is_one_request(server: Server, wiring: BotWiring) -> None:
    server.then(status(503))
    with pytest.raises(BotError):
        await CustomApiBot(server.url).open(replace(wiring, attempts=1)).reply(user("Hi"), Session("s"))
    assert len(server.seen) == 1


async def test_the_wait_that_the_bot_asks_for_is_kept(server: Server, wiring: BotWiring) -> None:
    waits: list[float] = []

    def note(details: RetryDetails) -> None:
        waits.append(details.wait_for)

    server.then(status(429, Retry_After="0.015"), status(503, Retry_After="0"), OK)
    stamina.instrumentation.set_on_retry_hooks([note])
    try:
        with stamina.set_testing(False):
            await CustomApiBot(server.url).open(wiring).reply(user("Hi"), Session("s"))
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)
    assert waits == [0.015, 0.0]


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("Thu, 01 Jan 2026 00:00:09 GMT", 9.0),
        ("Thu, 01 Jan 2025 00:00:00 GMT", 0.0),
        ("99999", 120.0),
        ("-1", 0.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, lambda: NOW) == seconds


@dataclass(frozen=True)
class Hopeless:
    code: int
    message: str


@pytest.mark.parametrize(
    "case",
    [
        Hopeless(401, "Check the key or token that POST http://127.0.0.1"),
        Hopeless(403, "Check the key or token"),
        Hopeless(404, "Check the address and the method: POST http://127.0.0.1"),
        Hopeless(405, "Check the address and the method"),
        Hopeless(307, "give that address instead"),
    ],
    ids=lambda case: str(case.code),
)
@pytest.mark.parametrize("kind", ["custom_api", "botario"])
async def test_what_no_conversation_can_heal_stops_the_run(
    case: Hopeless, kind: str, server: Server, wiring: BotWiring
) -> None:
    server.then(status(case.code, Location="http://127.0.0.1/other?token=abc"))
    spec: BotSpec = CustomApiBot(server.url + "/x?key=abc") if kind == "custom_api" else BotarioBot(server.url)
    with pytest.raises(BotError, match=case.message) as raised:
        await spec.open(wiring).reply(user("Hi"), Session("s"))
    assert raised.value.hopeless
    assert "abc" not in str(raised.value)
    assert len(server.seen) == 1


async def test_an_unknown_address_is_not_hopeless_where_each_conversation_has_its_own(
    server: Server, wiring: BotWiring
) -> None:
    server.then(status(404))
    with pytest.raises(BotError) as raised:
        await CustomApiBot(server.url + "/{{session_id}}").open(wiring).reply(user("Hi"), Session("s"))
    assert not raised.value.hopeless


@pytest.mark.parametrize("kind", ["custom_api", "botario"])
async def test_an_answer_that_takes_too_long_is_an_error_and_not_asked_for_again(
    kind: str, server: Server, wiring: BotWiring
) -> None:
    async def never(request: Any, seen: Any) -> None:
        await asyncio.Event().wait()

    server.then(never)
    spec: BotSpec = CustomApiBot(server.url) if kind == "custom_api" else BotarioBot(server.url)
    with pytest.raises(BotError, match=r"no answer within 0\.3 s"):
        await spec.open(replace(wiring, timeout_s=0.3)).reply(user("Hi"), Session("s"))
    assert len(server.seen) == 1


async def test_the_latency_is_that_of_the_call_that_gave_the_reply(server: Server, wiring: BotWiring) -> None:
    reply = await CustomApiBot(server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert 0 < reply.latency_ms < 20_000
