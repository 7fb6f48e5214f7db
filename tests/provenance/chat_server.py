"""A chat server on loopback that speaks just enough of OpenAI's and Anthropic's protocols, with server-sent events."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt",
    "status": "completed",
    "output": [
        {
            "id": "out_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello.", "annotations": []}],
        }
    ],
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "tools": [],
    "usage": {**USAGE, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def completion_events() -> Iterator[tuple[str, str]]:
    for delta, finish in (({"role": "assistant", "content": "Hello."}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        yield "", json.dumps({**COMPLETION, "object": "chat.completion.chunk", "choices": [choice], "usage": None})
    yield "", "[DONE]"


def message_events() -> Iterator[tuple[str, str]]:
    block = {"type": "text", "text": ""}
    for event in (
        {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE},
        {"type": "message_stop"},
    ):
        yield str(event["type"]), json.dumps(event)


def response_events() -> Iterator[tuple[str, str]]:
    started = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    yield "response.created", json.dumps({"type": "response.created", "sequence_number": 0, "response": started})
    completed = {"type": "response.completed", "sequence_number": 1, "response": RESPONSE}
    yield "response.completed", json.dumps(completed)


class Handler(BaseHTTPRequestHandler):
    """Answers by what the path ends with; any other path gets `{"reply": "Hello."}`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.partition("?")[0]
        answers: dict[str, tuple[dict[str, Any], Callable[[], Iterator[tuple[str, str]]]]] = {
            "/chat/completions": (COMPLETION, completion_events),
            "/messages": (MESSAGE, message_events),
            "/responses": (RESPONSE, response_events),
            "/count_tokens": ({"input_tokens": 3}, completion_events),
        }
        reply, events = next(
            (answer for end, answer in answers.items() if path.endswith(end)), ({"reply": "Hello."}, completion_events)
        )
        if not body.get("stream"):
            return self._send("application/json", json.dumps(reply))
        return self._send(
            "text/event-stream",
            "".join(f"event: {name}\ndata: {data}\n\n" if name else f"data: {data}\n\n" for name, data in events()),
        )

    def _send(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


@contextmanager
def serving() -> Iterator[str]:
    """Its address, without a path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
