from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from personae.bots import BotWiring, Session
from personae.bots._auth import Auth
from personae.bots.botario import BotarioBot
from personae.errors import BotError, InputError
from tests.bots.serving import Server, text, user

pytestmark = pytest.mark.anyio


async def test_only_the_new_message_is_sent_with_a_session_id_of_its_own(server: Server, wiring: BotWiring) -> None:
    bot = BotarioBot(server.url + "/chat", system_prompt="Be kind.").open(wiring)
    ann, ben = Session("run-7/ann"), Session(str(uuid4()))
    await bot.reply(user("Hi"), ann)
    await bot.reply(user("Hi", "hello", "And now?"), ann)
    reply = await bot.reply(user("Hi"), ben)
    first, second, third = (seen.json for seen in server.seen)
    assert first.keys() == {"sessionId", "message"}
    assert (first["message"], second["message"]) == ("Hi", "And now?")
    assert first["sessionId"] == second["sessionId"] == str(UUID(first["sessionId"]))
    assert third["sessionId"] == ben.id == reply.metadata["session_id"]
    assert first["sessionId"] != third["sessionId"]
    assert bot.is_stateful
    assert bot.system_prompt == "Be kind."


async def test_the_same_session_gives_the_same_id_so_that_a_recorded_run_can_be_replayed(
    server: Server, wiring: BotWiring
) -> None:
    for _ in range(2):
        await BotarioBot(server.url).open(wiring).reply(user("Hi"), Session("key-1"))
    assert server.seen[0].body == server.seen[1].body


async def test_names_headers_and_key_can_be_set(
    server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_KEY", "s3cret")
    spec = BotarioBot(server.url, "conversation", "text", headers={"X-Tenant": "a"}, auth=Auth("BOT_KEY"))
    await spec.open(wiring).reply(user("Hi"), Session("s"))
    assert server.seen[0].json.keys() == {"conversation", "text"}
    assert server.seen[0].headers["X-Tenant"] == "a"
    assert server.seen[0].headers["Authorization"] == "Bearer s3cret"


@dataclass(frozen=True)
class Case:
    answer: Any
    reply: str
    path: str = ""


CASES = [
    Case({"reply": "r"}, "r"),
    Case({"message": "m"}, "m"),
    Case({"text": "t"}, "t"),
    Case({"answer": "a"}, "a"),
    Case({"messages": [{"text": "one"}, {"text": "two"}]}, "one\ntwo"),
    Case([{"text": "listed"}], "listed"),
    Case({"out": {"say": "deep"}}, "deep", "out.say"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reply)
async def test_the_reply_is_found_where_bots_put_it(case: Case, server: Server, wiring: BotWiring) -> None:
    server.then(case.answer)
    reply = await BotarioBot(server.url, reply_path=case.path).open(wiring).reply(user("Hi"), Session("s"))
    assert reply.text == case.reply


@dataclass(frozen=True)
class Wrong:
    answer: Any
    message: str


WRONG = [
    Wrong({"result": 1}, "no reply in the usual places; set reply_path. The answer is {result: number}"),
    Wrong({"reply": ""}, "empty reply from botario"),
    Wrong(text("<html>", "text/html"), "answered with broken JSON"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.message[:10])
async def test_an_answer_without_a_reply_is_an_error(case: Wrong, server: Server, wiring: BotWiring) -> None:
    server.then(case.answer)
    with pytest.raises(BotError, match=case.message) as raised:
        await BotarioBot(server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert raised.value.received


async def test_a_wrong_address_or_path_is_told_before_a_call(wiring: BotWiring) -> None:
    with pytest.raises(InputError, match="url"):
        BotarioBot("bot.example").open(wiring)
    with pytest.raises(InputError, match="reply_path"):
        BotarioBot("http://127.0.0.1", reply_path="a[").open(wiring)
