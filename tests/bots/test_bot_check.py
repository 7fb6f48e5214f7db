from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from personae.bots import BotSpec, BotWiring
from personae.bots._auth import Auth
from personae.bots._probe import QUESTION, STATEMENT, Recorder, check
from personae.bots.botario import BotarioBot
from personae.bots.custom_api import CustomApiBot
from personae.bots.mock import MockBot
from personae.bots.openai import OpenAIBot
from personae.bots.python import PythonBot
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from tests.bots.serving import Seen, Server, status

pytestmark = pytest.mark.anyio


def bot_with(memory_of: Callable[[str], str]) -> Callable[[web.Request, Seen], Any]:
    """A stateful bot that notes what it is told under a key made of the session id."""
    memory: dict[str, str] = {}

    def answer(request: web.Request, seen: Seen) -> Any:
        key = memory_of(seen.json["sessionId"])
        if seen.json["message"] == STATEMENT:
            memory[key] = "7413"
            return {"reply": "Noted."}
        return {"reply": f"It was {memory[key]}." if key in memory else "I do not know."}

    return answer


async def test_a_bot_that_remembers(server: Server, wiring: BotWiring) -> None:
    server.then(bot_with(lambda session: session))
    found = await check(BotarioBot(server.url), wiring)
    assert (found.verdict, found.passed, found.is_stateful, found.error) == ("remembers", True, True, "")
    assert [(turn.session, turn.message, turn.reply) for turn in found.turns] == [
        ("first", STATEMENT, "Noted."),
        ("first", QUESTION, "It was 7413."),
        ("fresh", QUESTION, "I do not know."),
    ]
    ids = [turn.session_id for turn in found.turns]
    assert ids[0] == ids[1] == json.loads(found.turns[0].exchanges[0].body)["sessionId"]
    assert ids[2] != ids[0]
    assert all(turn.latency_ms and turn.latency_ms > 0 for turn in found.turns)


async def test_a_forgetful_bot(server: Server, wiring: BotWiring) -> None:
    server.then(lambda request, seen: {"reply": "I do not know."})
    found = await check(BotarioBot(server.url), wiring)
    assert (found.verdict, found.passed, found.error) == ("does_not_remember", False, "")


async def test_a_bot_that_tells_one_user_what_another_said(server: Server, wiring: BotWiring) -> None:
    server.then(bot_with(lambda session: "the same for all"))
    found = await check(BotarioBot(server.url), wiring)
    assert (found.verdict, found.passed) == ("leaks", False)
    assert "conversations are not apart" in found.explanation


def reads_history(messages: list[dict[str, str]]) -> str:
    said = " ".join(message["content"] for message in messages[:-1])
    return "You said 7,413." if "7413" in said else "What number?"


async def test_a_stateless_bot_remembers_because_the_history_is_sent(wiring: BotWiring) -> None:
    found = await check(PythonBot(function=reads_history), wiring)
    assert (found.verdict, found.is_stateful, found.passed) == ("remembers_sent_history", False, True)
    assert "sent with every message" in found.explanation
    assert [turn.exchanges for turn in found.turns] == [(), (), ()]


async def test_an_echo_knows_nothing(wiring: BotWiring) -> None:
    assert (await check(MockBot(echo=True), wiring)).verdict == "does_not_remember"


async def test_a_bot_that_fails_is_data(server: Server, wiring: BotWiring) -> None:
    server.then(status(503, {"error": "asleep"}))
    found = await check(CustomApiBot(server.url), replace(wiring, attempts=2))
    assert (found.verdict, found.passed) == ("failed", False)
    assert "answered 503: asleep" in found.error
    assert len(found.turns) == 1
    assert found.turns[0].reply is None
    assert "asleep" in found.turns[0].received
    assert [exchange.status for exchange in found.turns[0].exchanges] == [503, 503]


async def test_one_that_fails_at_the_second_message(server: Server, wiring: BotWiring) -> None:
    server.then({"reply": "ok"}, status(500))
    found = await check(CustomApiBot(server.url), wiring)
    assert (found.verdict, found.explanation) == (
        "failed",
        "The bot answered the first message and failed at the second.",
    )


async def test_one_that_fails_in_the_fresh_session_alone_is_told_apart(server: Server, wiring: BotWiring) -> None:
    server.then({"reply": "ok"}, {"reply": "7413"}, status(500))
    found = await check(CustomApiBot(server.url), wiring)
    assert (found.verdict, found.passed) == ("remembers_sent_history", False)
    assert "is not known: it failed in the fresh session" in found.explanation


@pytest.mark.parametrize("spec", [CustomApiBot("nowhere"), PythonBot("gone.py")], ids=["address", "file"])
async def test_a_bot_that_cannot_be_opened_is_data(spec: BotSpec, wiring: BotWiring) -> None:
    found = await check(spec, wiring)
    assert (found.verdict, found.is_stateful, found.turns) == ("failed", None, ())
    assert found.error


async def test_requests_and_answers_are_shown_as_sent_and_secrets_are_masked(
    server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_KEY", "s3cret-key")
    server.then(status(200, {"reply": "ok s3cret-key", "you sent": "an0ther tok-123"}, Set_Cookie="sid=c00kie; Path=/"))
    spec = CustomApiBot(
        server.url + "/chat?api_key=qu3ry&lang=en",
        auth=Auth("BOT_KEY", "X-Bot", "k="),
        headers={"X-Api-Key": "an0ther", "Authorization": "Bearer tok-123", "X-Lang": "en"},
    )
    found = await check(spec, wiring)
    exchange = found.turns[0].exchanges[0]
    assert exchange.method == "POST"
    assert exchange.url == f"{server.url}/chat?api_key=***&lang=en"
    assert {name: exchange.headers[name] for name in ("X-Bot", "X-Api-Key", "Authorization", "X-Lang")} == {
        "X-Bot": "k=***",
        "X-Api-Key": "***",
        "Authorization": "Bearer ***",
        "X-Lang": "en",
    }
    assert json.loads(exchange.body) == {"messages": [{"role": "user", "content": STATEMENT}]}
    assert json.loads(exchange.answer) == {"reply": "ok ***", "you sent": "*** ***"}
    assert exchange.status == 200
    shown = repr(found)
    assert not any(secret in shown for secret in ("s3cret-key", "an0ther", "tok-123", "qu3ry", "c00kie"))


async def test_a_model_is_seen_where_the_recorder_lies_under_it(server: Server, wiring: BotWiring) -> None:
    server.then({"choices": [{"message": {"content": "7413"}}]})
    recorder = Recorder(wiring.transport)

    def connect_model(**settings: Any) -> Any:
        return connect(LLMConfig(**settings), Wiring(recorder, Limits(8), attempts=1))

    wired = replace(wiring, transport=recorder, connect_model=connect_model)
    found = await check(OpenAIBot("m", server.url, api_key="s3cret-key"), wired)
    assert found.verdict == "leaks"
    assert found.turns[0].exchanges[0].url == f"{server.url}/chat/completions"
    assert "s3cret-key" not in repr(found)


async def test_what_was_found_is_plain_data(server: Server, wiring: BotWiring, tmp_path: Path) -> None:
    found = await check(CustomApiBot(server.url), wiring)
    data = json.loads(json.dumps(found.as_dict()))
    assert data["verdict"] == "does_not_remember"
    assert data["passed"] is False
    assert data["turns"][0]["exchanges"][0]["status"] == 200
    assert data["label"] == found.label


async def test_an_endpoint_that_nobody_listens_at(closed_port: str, wiring: BotWiring) -> None:
    found = await check(BotarioBot(closed_port), replace(wiring, attempts=1))
    assert found.verdict == "failed"
    assert "no connection to" in found.turns[0].exchanges[0].error
