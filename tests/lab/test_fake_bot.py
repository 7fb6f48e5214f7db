"""The fake bots do what their doors promise."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from lab.fake_bot import SECRET, FakeBots


@pytest.fixture
def bots() -> Any:
    with FakeBots.in_thread() as served:
        yield served


def say(bots: FakeBots, door: str, message: str, **more: Any) -> Any:
    return httpx.post(f"{bots.url}/{door}", json={"message": message} | more).json()


def test_a_session_remembers_a_number_and_a_new_one_does_not(bots: FakeBots) -> None:
    session = say(bots, "session", "Please remember 7413.")["session"]
    question = "Which number did I tell you?"
    assert say(bots, "session", question, session=session)["reply"]["text"] == "You told me 7413."
    assert "7413" not in say(bots, "session", question)["reply"]["text"]
    assert "7413" not in say(bots, "json", question, session=session)["reply"]["text"]


def test_botario_keeps_its_memory_by_session_id(bots: FakeBots) -> None:
    say(bots, "botario", "remember 7413", sessionId="a")
    assert say(bots, "botario", "what number was it?", sessionId="a") == {
        "sessionId": "a",
        "answer": "You told me 7413.",
    }
    assert "7413" not in say(bots, "botario", "what number was it?", sessionId="b")["answer"]
    assert say(bots, "botario", "hello") == {"error": "sessionId is required"}


def test_a_stream_joins_to_the_reply(bots: FakeBots) -> None:
    lines = httpx.post(f"{bots.url}/sse", json={"message": "hello"}).text.strip().split("\n\n")
    assert lines[-1] == "data: [DONE]"
    text = "".join(json.loads(line.removeprefix("data: "))["delta"] for line in lines[:-1])
    assert text.strip() == say(bots, "json", "hello")["reply"]["text"]


def test_the_secret_door_wants_its_token(bots: FakeBots) -> None:
    url, body = f"{bots.url}/secret", {"message": "hello"}
    assert httpx.post(url, json=body).status_code == 401
    assert httpx.post(url, json=body, headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200


def test_a_bot_that_hangs_can_be_left(bots: FakeBots) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{bots.url}/hang", json={"message": "hello"}, timeout=0.2)
    assert bots.requests[-1].path == "/hang"
