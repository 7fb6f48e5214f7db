"""A curl command as a bot's settings."""

from __future__ import annotations

from typing import Any

import pytest

from personae.bots._answer import places_of_reply, places_of_session
from personae.bots._curl import Curl, read_curl
from personae.errors import InputError

READ: dict[str, Curl] = {
    # as Chrome copies it
    """curl 'https://bot.example/chat?lang=de&sid=4' \\
      -H 'accept: */*' -H 'authorization: Bearer abc' -H 'X-Lang: de' -H 'content-type: application/json' \\
      --data-raw $'{"message":"it\\'s m\\u00fcde","sessionId":"12","meta":{"text":"x"}}' --compressed""": Curl(
        "https://bot.example/chat?lang=de&sid=4",
        headers={"X-Lang": "de"},
        body={"message": "{{message}}", "sessionId": "{{session_id}}", "meta": {"text": "x"}},
        key="abc",
        key_header="authorization",
        has_message=True,
        has_session=True,
    ),
    # as docs write it: a whole conversation, a key in a header of its own
    """curl -sS -XPOST api.example/v1/talk -H "X-API-Key: k" --json '{"n": 1, "messages": [{"role": "user"}]}'""": Curl(
        "https://api.example/v1/talk",
        body={"n": 1, "messages": "{{messages}}"},
        key="k",
        key_header="X-API-Key",
        key_prefix="",
        has_message=True,
    ),
    # everything in the address
    "curl.exe -k --url 'http://127.0.0.1/ask?q=hi%20there&conversation_id=2' -b 'a=1'": Curl(
        "http://127.0.0.1/ask?q={{message}}&conversation_id={{session_id}}",
        "GET",
        headers={"Cookie": "a=1"},
        has_message=True,
        has_session=True,
    ),
    'curl -X PUT https://bot.example -d \'{"words": "hi"}\'': Curl("https://bot.example", "PUT", body={"words": "hi"}),
}
REFUSED = {
    "wget https://bot.example": "does not begin with curl",
    "": "does not begin with curl",
    "curl -X POST": "holds no address",
    "curl https://bot.example -H": "ends after -H",
    "curl 'https://bot.example": "cannot be read",
    "curl https://bot.example -d a=b": "sends no JSON",
    "curl https://bot.example -d @body.json": "sends the file 'body.json'",
    "curl https://bot.example -F a=b": "sends a form",
}


@pytest.mark.parametrize("command", READ)
def test_what_a_command_sends_gets_placeholders(command: str) -> None:
    assert read_curl(command) == READ[command]


@pytest.mark.parametrize("command", REFUSED)
def test_what_cannot_be_sent_to_a_bot_is_said(command: str) -> None:
    with pytest.raises(InputError, match=REFUSED[command]):
        read_curl(command)


@pytest.mark.parametrize(
    ("answer", "replies", "sessions"),
    [
        ({"data": {"items": [{"speech": "Hello you", "id": "x-1"}]}, "echo": "Hi there"}, ["data.items[0].speech"], []),
        ({"meta": {"threadId": 5}, "out put": "Two words"}, ['"out put"'], ["meta.threadId"]),
        ({"ok": True, "n": None, "list": []}, [], []),
        ([{"answer": "Yes"}], ["[0].answer"], []),
    ],
)
def test_the_reply_and_the_session_are_looked_for(answer: Any, replies: list[str], sessions: list[str]) -> None:
    """What was sent is no reply, and ids are none."""
    assert places_of_reply(answer, "Hi there") == replies
    assert places_of_session(answer) == sessions
