from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from personae.bots import AsksForColumns, BotWiring, Session
from personae.bots._auth import Auth
from personae.bots.custom_api import CustomApiBot
from personae.errors import BotError, ConfigurationError, InputError
from tests.bots.serving import Seen, Server, events, status, text, user

pytestmark = pytest.mark.anyio

HISTORY = user("Hi", "Hello!", "Where is my order?")


async def ask(spec: CustomApiBot, wiring: BotWiring, session: Session | None = None, turns: Any = HISTORY) -> str:
    bot = spec.open(wiring)
    try:
        return (await bot.reply(turns, session or Session("s-1"))).text
    finally:
        await bot.close()


async def test_the_body_is_filled_at_every_depth_and_other_values_stay(server: Server, wiring: BotWiring) -> None:
    body = {
        "messages": "{{ messages }}",
        "input": {"text": "Q: {{message}}", "ids": ["{{session_id}}", 7, True, None]},
        "tier": "{{tier}}",
        "system": "{{system_prompt}}",
    }
    spec = CustomApiBot(server.url, body=body, system_prompt="Be kind.")
    assert await ask(spec, wiring, Session("s-1", {"tier": 3})) == "hello"
    sent = server.seen[0].json
    assert sent == {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Where is my order?"},
        ],
        "input": {"text": "Q: Where is my order?", "ids": ["s-1", 7, True, None]},
        "tier": "3",
        "system": "Be kind.",
    }
    assert server.seen[0].headers["Content-Type"] == "application/json"


async def test_filled_values_are_never_read_again(server: Server, wiring: BotWiring) -> None:
    hostile = '{{session_id}}", "admin": true, "x": "{{messages}}'
    spec = CustomApiBot(server.url, body={"q": "{{message}}", "c": "{{a}}"})
    await ask(spec, wiring, Session("s-1", {"a": "{{message}}"}), user(hostile))
    assert server.seen[0].json == {"q": hostile, "c": "{{message}}"}


async def test_values_in_the_url_are_percent_encoded(server: Server, wiring: BotWiring) -> None:
    spec = CustomApiBot(server.url + "/bots/{{name}}/talk?q={{message}}", method="get")
    value = "a/b ?#é&x=1"
    await ask(spec, wiring, Session("s", {"name": value}), user(value))
    seen = server.seen[0]
    path, _, query = seen.raw_path.partition("?")
    assert seen.method == "GET"
    assert seen.body == b""
    assert path.count("/") == 3
    assert unquote(path) == f"/bots/{value}/talk"
    assert "&" not in query
    assert "#" not in query
    assert unquote(query) == f"q={value}"


async def test_a_value_cannot_climb_up_the_path(server: Server, wiring: BotWiring) -> None:
    spec = CustomApiBot(server.url + "/bots/{{name}}/talk")
    with pytest.raises(BotError, match="a part of the URL's path"):
        await ask(spec, wiring, Session("s", {"name": ".."}))
    assert server.seen == []


async def test_a_value_cannot_add_a_header(server: Server, wiring: BotWiring) -> None:
    spec = CustomApiBot(server.url, headers={"X-Message": "<{{message}}>"})
    await ask(spec, wiring, turns=user("one\r\nX-Admin: yes\u2028two"))
    assert server.seen[0].headers["X-Message"] == "<one X-Admin: yes two>"
    assert "X-Admin" not in server.seen[0].headers


async def test_a_placeholder_that_nothing_fills_names_itself_and_its_place(server: Server, wiring: BotWiring) -> None:
    spec = CustomApiBot(server.url, body={"a": [{"b": "{{tear}}"}]})
    with pytest.raises(BotError, match=r"\{\{tear\}\} in body\.a\[0\]\.b is filled by no column") as raised:
        await ask(spec, wiring, Session("s", {"tier": 1}))
    assert raised.value.hopeless
    assert server.seen == []


def test_the_columns_it_asks_for_are_known_before_a_call() -> None:
    body = {"m": "{{messages}}", "t": ["{{tier}}"]}
    spec = CustomApiBot("http://127.0.0.1/{{site}}", headers={"X": "{{lang}} {{session_id}}"}, body=body)
    assert isinstance(spec, AsksForColumns)
    assert spec.columns == ("site", "lang", "tier")


async def test_without_a_body_the_messages_are_sent(server: Server, wiring: BotWiring) -> None:
    await ask(CustomApiBot(server.url), wiring, turns=user("Hi"))
    assert server.seen[0].json == {"messages": [{"role": "user", "content": "Hi"}]}


async def test_a_body_in_text_is_read_as_json(server: Server, wiring: BotWiring) -> None:
    await ask(CustomApiBot(server.url, body='{"q": "{{message}}"}'), wiring, turns=user('say "hi"'))
    assert server.seen[0].json == {"q": 'say "hi"'}


async def test_a_session_may_bring_its_own_system_prompt(server: Server, wiring: BotWiring) -> None:
    session = Session("s", system_prompt="For Ann.")
    await ask(CustomApiBot(server.url, body={"s": "{{system_prompt}}"}, system_prompt="Be kind."), wiring, session)
    assert server.seen[0].json == {"s": "For Ann."}


async def test_lone_surrogates_are_replaced_on_both_ways(server: Server, wiring: BotWiring) -> None:
    server.then(text(b'{"reply": "a\\ud800b \\ud83d\\ude00"}', "application/json"))
    spec = CustomApiBot(server.url, body={"q": "{{message}}"})
    assert await ask(spec, wiring, turns=user("x\udc00y")) == "a\ufffdb \U0001f600"
    assert server.seen[0].json == {"q": "x\ufffdy"}


@dataclass(frozen=True)
class Wrong:
    settings: dict[str, Any]
    message: str
    field: str


WRONG = [
    Wrong({"url": "ftp://127.0.0.1"}, "does not begin with http", "url"),
    Wrong({"url": "http://"}, "names no host", "url"),
    Wrong({"url": "http://[::1"}, "is no address", "url"),
    Wrong({"url": "http://ann:pw@127.0.0.1"}, "use `auth` instead", "url"),
    Wrong({"method": "PO ST"}, "is no HTTP method", "method"),
    Wrong({"reply_path": "a["}, "is not a JMESPath", "reply_path"),
    Wrong({"session_path": "a b"}, "is not a JMESPath", "session_path"),
    Wrong({"stream": True, "stream_path": "foo("}, "is not a JMESPath", "stream_path"),
    Wrong({"stream_path": "a"}, "needs `stream: true`", "stream_path"),
    Wrong({"stream": True, "reply_path": "a"}, "give stream_path", "reply_path"),
    Wrong({"parser": "body", "reply_path": "a"}, "one of them must go", "parser"),
    Wrong({"stateful": True, "body": {"m": ["{{messages}}"]}}, "which remembers", "body"),
    Wrong({"body": '{"m": {{messages}}}'}, "placeholders stand in quotes", "body"),
    Wrong({"body": {1, 2}}, "cannot be sent as JSON", "body"),
    Wrong({"headers": {"X Y": "1"}}, "is no name for a header", "headers"),
    Wrong({"headers": {"X": "1\r\n2"}}, "line break", "headers.X"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case.field}-{case.message[:20]}")
async def test_what_can_be_known_to_be_wrong_is_told_before_a_call(case: Wrong, wiring: BotWiring) -> None:
    spec = replace(CustomApiBot("http://127.0.0.1:1/"), **case.settings)
    with pytest.raises(InputError, match=case.message) as raised:
        spec.open(wiring)
    assert raised.value.field == case.field


@dataclass(frozen=True)
class Found:
    answer: Any
    path: str
    reply: str


FOUND = [
    Found({"data": {"answers": [{"text": "yes"}]}}, "data.answers[0].text", "yes"),
    Found({"parts": ["a", "b"]}, "join('', parts)", "ab"),
    Found({"reply": "r", "message": "m"}, "", "r"),
    Found({"message": {"content": "c"}}, "", "c"),
    Found({"messages": [{"role": "user", "text": "q"}, {"text": "a"}, {"text": "b"}]}, "", "a\nb"),
    Found({"data": {"answer": "in data"}}, "", "in data"),
    Found({"choices": [{"message": {"role": "assistant", "content": "openai"}}]}, "", "openai"),
    Found("bare", "", "bare"),
]


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.reply)
async def test_the_reply_is_found(case: Found, server: Server, wiring: BotWiring) -> None:
    server.then(case.answer)
    assert await ask(CustomApiBot(server.url, reply_path=case.path), wiring) == case.reply


async def test_plain_text_is_the_reply(server: Server, wiring: BotWiring) -> None:
    server.then(text("Just words."))
    assert await ask(CustomApiBot(server.url), wiring) == "Just words."


@dataclass(frozen=True)
class Unusable:
    answer: Any
    path: str
    message: str


UNUSABLE = [
    Unusable(
        {"data": {"answer": "x", "n": 1}},
        "data.anwser",
        r"reply_path 'data.anwser' yields nothing. The answer is \{data: \{answer: text, n: number\}\}; "
        r"did you mean data.answer\?",
    ),
    Unusable({"a": 3}, "a", "yields number, not text"),
    Unusable({"a": ["x", "y"]}, "a", r"yields \[text, ...\], not text; to join its texts write join"),
    Unusable({"a": {"text": 1}}, "", "no reply in the usual places; set reply_path"),
    Unusable({"a": None}, "length(a)", "fails: In function length"),
    Unusable({"reply": "  \n"}, "", "empty reply"),
    Unusable(text("<html>login</html>", "text/html"), "", "the answer is not JSON .text/html"),
    Unusable(text('{"reply": "x"', "application/json"), "", "the answer is not JSON"),
    Unusable(text("words"), "reply", "the answer is not JSON"),
    Unusable(text("[" * 5000, "application/json"), "", "the answer is not JSON"),
]


@pytest.mark.parametrize("case", UNUSABLE, ids=lambda case: case.message[:30])
async def test_an_answer_without_a_reply_shows_what_came(case: Unusable, server: Server, wiring: BotWiring) -> None:
    server.then(case.answer)
    with pytest.raises(BotError, match=case.message) as raised:
        await ask(CustomApiBot(server.url, reply_path=case.path), wiring)
    assert raised.value.received
    assert len(raised.value.received) <= 2000
    assert "custom_api at 127.0.0.1" in str(raised.value)


async def test_the_session_id_of_the_other_side_is_kept_for_this_conversation_alone(
    server: Server, wiring: BotWiring
) -> None:
    server.then({"reply": "one", "sid": "theirs-1"}, {"reply": "two"}, {"reply": "three", "sid": 9}, {"reply": "x"})
    spec = CustomApiBot(server.url, stateful=True, session_path="sid")
    bot = spec.open(wiring)
    assert bot.is_stateful
    ann, ben = Session("ours-1"), Session("ours-2")
    replies = [await bot.reply(user("a"), ann), await bot.reply(user("a", "one", "b"), ann)]
    replies += [await bot.reply(user("c"), ben), await bot.reply(user("c", "three", "d"), ben)]
    assert [seen.json for seen in server.seen] == [
        {"message": "a", "session_id": "ours-1"},
        {"message": "b", "session_id": "theirs-1"},
        {"message": "c", "session_id": "ours-2"},
        {"message": "d", "session_id": "9"},
    ]
    assert [reply.metadata["session_id"] for reply in replies] == ["theirs-1", "theirs-1", "9", "9"]


async def test_a_stateful_bot_that_gives_no_session_id_is_told_at_once(server: Server, wiring: BotWiring) -> None:
    server.then({"reply": "one", "sessionID": "7"})
    with pytest.raises(BotError, match=r"session_path 'sessionId' yields nothing.*did you mean sessionID"):
        await ask(CustomApiBot(server.url, stateful=True, session_path="sessionId"), wiring)


async def test_a_stream_is_joined_up_to_done(server: Server, wiring: BotWiring) -> None:
    def piece(text: str) -> str:
        return '{"choices": [{"delta": {"content": "' + text + '"}}]}'

    first = '{"choices": [{"delta": {"role": "assistant"}}]}'
    server.then(events(first, piece("Hel"), piece("lo \u2028 data: [DONE]"), '{"usage": 3}', "[DONE]", piece("!!")))
    path = "choices[0].delta.content"
    spec = CustomApiBot(server.url, stream=True, stream_path=path)
    assert await ask(spec, wiring) == "Hello \u2028 data: [DONE]"
    assert server.seen[0].headers["Accept"] == "text/event-stream"
    assert await ask(replace(spec, stream_path=""), wiring) == "Hello \u2028 data: [DONE]"


async def test_a_stream_that_stays_open_after_done_is_not_waited_for(server: Server, wiring: BotWiring) -> None:
    async def answer(request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: a\n\ndata: b\n\ndata: [DONE]\n\n")
        await asyncio.Event().wait()
        return response

    server.then(answer)
    assert await ask(CustomApiBot(server.url, stream=True), wiring) == "ab"


@dataclass(frozen=True)
class BadStream:
    answer: Any
    message: str


BAD_STREAMS = [
    BadStream({"reply": "not a stream"}, "holds no server-sent event"),
    BadStream(events('{"txt": "a"}'), r"stream_path 'text' yields nothing.*did you mean txt"),
    BadStream(events('{"text": 1}'), "yields number, not text"),
    BadStream(events('{"text": "part"}', '{"error": {"message": "overloaded"}}'), "tells of an error.*overloaded"),
    BadStream(events('{"text": " "}'), "empty reply"),
]


@pytest.mark.parametrize("case", BAD_STREAMS, ids=lambda case: case.message[:20])
async def test_a_stream_without_a_reply_is_an_error(case: BadStream, server: Server, wiring: BotWiring) -> None:
    server.then(case.answer)
    with pytest.raises(BotError, match=case.message):
        await ask(CustomApiBot(server.url, stream=True, stream_path="text"), wiring)


async def test_the_key_comes_from_the_environment(
    server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_KEY", "s3cret-key")
    await ask(CustomApiBot(server.url, auth=Auth("BOT_KEY")), wiring)
    await ask(CustomApiBot(server.url, auth=Auth("BOT_KEY", "X-Api-Key", "")), wiring)
    assert server.seen[0].headers["Authorization"] == "Bearer s3cret-key"
    assert server.seen[1].headers["X-Api-Key"] == "s3cret-key"


@pytest.mark.parametrize("value", [None, " ", "a\nb"])
async def test_a_missing_key_is_told_before_a_call(
    value: str | None, server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOT_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("BOT_KEY", value)
    with pytest.raises(ConfigurationError, match="BOT_KEY"):
        CustomApiBot(server.url, auth=Auth("BOT_KEY")).open(wiring)
    assert server.seen == []


@pytest.mark.parametrize("code", [401, 200, 500])
async def test_a_key_that_the_bot_sends_back_is_in_no_error(
    code: int, server: Server, wiring: BotWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_KEY", "s3cret-key")
    server.then(status(code, {"error": "wrong key s3cret-key", "s3cret-key": 1}))
    spec = CustomApiBot(server.url, auth=Auth("BOT_KEY"), headers={"X-Static": "an0ther"}, reply_path="x")
    with pytest.raises(BotError) as raised:
        await ask(spec, wiring)
    told = str(raised.value) + raised.value.received + repr(raised.value) + repr(spec) + spec.label
    assert "***" in told
    assert "s3cret-key" not in told
    assert "an0ther" not in told
