from __future__ import annotations

from dataclasses import replace

import pytest

from personae.bots import BotWiring, Session
from personae.bots.mock import MockBot
from personae.core.conversation import Turn
from personae.errors import BotError, InputError
from tests.bots.serving import user

pytestmark = pytest.mark.anyio


async def talk(spec: MockBot, wiring: BotWiring, messages: int) -> list[str]:
    bot, turns, said = spec.open(wiring), user(), []
    for number in range(messages):
        turns = (*turns, Turn("user", f"message {number}"))
        said.append((await bot.reply(turns, Session("s"))).text)
        turns = (*turns, Turn("assistant", said[-1]))
    return said


async def test_after_the_script_the_last_reply_is_repeated(wiring: BotWiring) -> None:
    assert await talk(MockBot(("a", "b")), wiring, 4) == ["a", "b", "b", "b"]


async def test_or_the_script_begins_again(wiring: BotWiring) -> None:
    assert await talk(MockBot(("a", "b"), "cycle"), wiring, 5) == ["a", "b", "a", "b", "a"]


async def test_a_resumed_conversation_goes_on_in_the_script(wiring: BotWiring) -> None:
    reply = await MockBot(("a", "b", "c")).open(wiring).reply(user("x", "a", "y", "b", "z"), Session("s"))
    assert reply.text == "c"


async def test_an_echo_says_back_what_it_hears(wiring: BotWiring) -> None:
    assert await talk(MockBot(echo=True), wiring, 2) == ["message 0", "message 1"]


async def test_each_third_call_fails_as_it_was_told_to(wiring: BotWiring) -> None:
    bot = MockBot(fail_every=3, fail_with="teapot").open(wiring)
    failed = []
    for number in range(1, 8):
        try:
            await bot.reply(user("x"), Session(str(number)))
        except BotError as error:
            failed.append((number, str(error)))
    assert failed == [(3, "mock: teapot"), (6, "mock: teapot")]


async def test_it_takes_as_long_as_it_was_told_to(wiring: BotWiring) -> None:
    reply = await MockBot(latency_ms=10).open(wiring).reply(user("x"), Session("s"))
    assert reply.latency_ms >= 9


async def test_one_that_is_slower_than_the_timeout_gives_no_answer(wiring: BotWiring) -> None:
    with pytest.raises(BotError, match=r"no answer within 0\.01 s"):
        await MockBot(latency_ms=60_000).open(replace(wiring, timeout_s=0.01)).reply(user("x"), Session("s"))


@pytest.mark.parametrize(("spec", "field"), [(MockBot(()), "replies"), (MockBot(fail_every=-1), "fail_every")])
async def test_a_script_that_cannot_be_played_is_told_before_a_call(
    spec: MockBot, field: str, wiring: BotWiring
) -> None:
    with pytest.raises(InputError) as raised:
        spec.open(wiring)
    assert raised.value.field == field
