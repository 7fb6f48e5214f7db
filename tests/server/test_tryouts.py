"""Trying by hand, by REST: one is the bot of a persona, or the user of a bot, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from lab.fake_bot import FakeBots
from personae.core.conversation import DISCLAIMER

USER, BOT = "user", "assistant"
ANN = {
    "name": "Ann",
    "description": "In a hurry. Bought a lamp at {{shop}}.",
    "goal": "Find out how to return the lamp.",
    "behaviours": [{"name": "typos", "probability": 1.0}],
}
SHOP = {"columns": {"shop": "Lumen"}}


@pytest.fixture
def bots() -> Iterator[FakeBots]:
    with FakeBots.in_thread() as served:
        yield served


def said(*texts: str) -> list[dict[str, str]]:
    return [{"role": (USER, BOT)[number % 2], "content": text} for number, text in enumerate(texts)]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "{{shop}}"),
    (SHOP | {"turns": said("Hello")}, 400, "the persona's turn"),
    (SHOP | {"turns": [{"role": BOT, "content": "Hi"}]}, 422, "begin with the user"),
    (SHOP | {"turns": said("a", "b") * 101}, 422, "at most 200"),
    (SHOP | {"goal": "Ask about {{product}}."}, 400, "{{product}}"),
]


def test_a_persona_is_talked_with_until_she_ends_it_and_the_same_again_says_the_same(api: httpx2.Client) -> None:
    ann = f"/personas/{api.post('/personas', json=ANN).raise_for_status().json()['id']}/try"
    turns: list[dict[str, str]] = []
    for _ in range(20):
        asked = SHOP | {"seed": 7, "turns": turns}
        answer = api.post(ann, json=asked)
        assert answer.status_code == 200, answer.text
        move = answer.json()
        assert (move["disclaimer"], move["simulator"].split("/")[0]) == (DISCLAIMER, "offline")
        assert api.post(ann, json=asked).json()["text"] == move["text"]
        if move["kind"] == "end":
            break
        assert move["planned"] == ["typos"]
        turns += said(move["text"], "Send the lamp back in its box.")
    assert move["reason"] in ("goal_met", "goal_failed", "stuck")
    assert move["explanation"]
    for body, status, says in REFUSED:
        refused = api.post(ann, json=body)
        assert (refused.status_code, says in refused.text) == (status, True), refused.text
    ben = f"/personas/{api.post('/personas', json={'name': 'Ben', 'description': 'd'}).json()['id']}/try"
    assert api.post(ben, json={}).json()["detail"].startswith("goal")
    assert api.post(ben, json={"goal": "Ask for help."}).json()["kind"] == "say"


def test_a_bot_is_asked_in_its_own_session_with_the_system_message_filled(api: httpx2.Client, bots: FakeBots) -> None:
    def config(**body: Any) -> str:
        made = api.post("/llm_configs", json={"name": f"{body}"[:200]} | body)
        assert made.status_code == 201, made.text
        return f"/llm_configs/{made.json()['id']}/try"

    botario = {"inference_type": "botario", "custom_api_config": {"url": f"{bots.url}/botario"}}
    bot, other = config(**botario), config(**botario, description="another")
    first = api.post(bot, json={"turns": said("Remember 7413.")})
    assert first.status_code == 200, first.text
    session = first.json()["session"]
    again = api.post(bot, json={"turns": said("Remember 7413.", "Yes.", "Which number was it?"), "session": session})
    assert "7413" in again.json()["text"]
    assert "7413" not in api.post(bot, json={"turns": said("Which number was it?")}).json()["text"]
    for path, token in ((other, session), (bot, "made up")):
        refused = api.post(path, json={"turns": said("Hello"), "session": token})
        assert (refused.status_code, "an answer of this bot" in refused.text) == (400, True)

    template = {"name": "shop", "messages": [{"role": "system", "content": "We are {{shop}}. Returns take 30 days."}]}
    body = {
        "turns": said("How long do returns take?"),
        "prompt_template_id": api.post("/prompt_templates", json=template).json()["id"],
    }
    rules = config(provider="offline")
    assert "30 days" in api.post(rules, json=body | SHOP).json()["text"]
    assert api.post(rules, json=body).status_code == 400
    assert api.post(rules, json={"turns": []}).status_code == 422
    broken = config(provider="mock", mock={"replies": ["x"], "fail_every": 1, "fail_with": "is asleep"})
    failed = api.post(broken, json={"turns": said("Hi")})
    assert (failed.status_code, "is asleep" in failed.text) == (502, True)
