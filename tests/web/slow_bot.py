"""A bot on loopback that answers as many messages as a test lets it, so that a run is caught in the middle for sure."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

AT_ONCE = 2
"""Replies of each conversation that need no permission: whoever watches one that waits sees them."""


class SlowBot:
    """Says its replies in order, the last one again and again."""

    def __init__(self, replies: Sequence[str]) -> None:
        self.replies: tuple[str, ...] = tuple(replies)
        self.url = ""
        self._left = threading.Semaphore(0)

    def let(self, replies: int) -> None:
        """Answer so many more, of those that wait."""
        self._left.release(replies)

    def let_none(self) -> None:
        """Take back what nobody waited for."""
        while self._left.acquire(blocking=False):
            pass

    def answer(self, messages: list[dict[str, str]]) -> str:
        """Once the test lets it."""
        said = sum(message["role"] == "assistant" for message in messages)
        if said >= AT_ONCE:
            self._left.acquire()
        return self.replies[min(said, len(self.replies) - 1)]


@contextmanager
def slow_bot(replies: Sequence[str]) -> Iterator[SlowBot]:
    """It, served: an LLM config of the provider `custom_api` reaches it at its `url`."""
    bot = SlowBot(replies)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"reply": bot.answer(asked["messages"])}).encode()
            with suppress(ConnectionError):  # who asked may be killed meanwhile
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the parent's name
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bot.url = f"http://127.0.0.1:{server.server_port}/"
        try:
            yield bot
        finally:
            bot.let(10_000)
            server.shutdown()
