"""What is tried again, and what is not: a server that fails to order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from personae.core.text import loads
from personae.errors import ServerError
from personae.sdk import Client
from personae.sdk.steps import Stream, get

PERSONA = {
    "id": 1, "name": "Ann", "version": 1, "description": "x", "domain_knowledge": "", "traits": [], "attributes": {},
    "goal": "", "success_criteria": "", "placeholders": [], "project_id": 1, "is_shared": False, "is_read_only": False,
    "archived_at": None, "author": "", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


@contextmanager
def failing(*statuses: int, body: Any = PERSONA) -> Iterator[tuple[Client, list[bytes]]]:
    """A client of a server that answers with these statuses, then with 200; and the bodies that it was sent."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status = statuses[len(asked)] if len(asked) < len(statuses) else 200
            asked.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with Client(f"http://127.0.0.1:{server.server_address[1]}", project=1) as client:
            yield client, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def look(client: Client) -> object:
    return client.personas.get(1)


def make(client: Client) -> object:
    return client.personas.create("Ann", "x")


@pytest.mark.parametrize(
    ("statuses", "call", "requests"),
    [
        ((503, 429), look, 3),
        ((503,), make, 2),
        ((502, 504), look, 3),
    ],
)
def test_what_was_not_done_is_tried_again(
    statuses: tuple[int, ...], call: Callable[[Client], object], requests: int
) -> None:
    with failing(*statuses) as (client, asked):
        call(client)
    assert len(asked) == requests


@pytest.mark.parametrize(
    ("statuses", "call", "requests"),
    [
        ((502,), make, 1),
        ((500,), look, 1),
        ((503,) * 9, look, 4),
    ],
)
def test_what_may_have_been_done_is_not_repeated_and_all_ends(
    statuses: tuple[int, ...], call: Callable[[Client], object], requests: int
) -> None:
    with failing(*statuses) as (client, asked), pytest.raises(ServerError) as caught:
        call(client)
    assert (len(asked), caught.value.status) == (requests, statuses[0])


def test_a_file_is_sent_whole_again() -> None:
    done = {"created": 1, "versions": 0, "unchanged": 0, "items": []}
    with failing(503, body=done) as (client, asked):
        client.personas.import_text('{"name": "Ann"}')
    assert [body.count(b'{"name": "Ann"}') for body in asked] == [1, 1]


@pytest.mark.parametrize("body", [b"<html>", {"id": "x"}])
def test_another_kind_of_server_is_told(body: Any) -> None:
    with failing(body=body) as (client, _), pytest.raises(ServerError):
        client.personas.get(1)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_is_cut_where_its_items_end(size: int) -> None:
    """Not where the network cuts it, nor at U+2028."""
    lines = '{"a": "1\u2028"}\n\n{"a": "2"}'.encode()
    events = ': hello\n\nevent: x\r\ndata: {"a":\r\ndata: "1\u2028"}\r\n\r\nid: 7\n\ndata:{"a": "2"}\n\n'.encode()
    items = [{"a": "1\u2028"}, {"a": "2"}]
    told = [{"kind": "x", "data": items[0]}, {"kind": "message", "data": items[1]}]
    for data, parse, are_events, expected in ((lines, loads, False, items), (events, dict, True, told)):
        reader = Stream(get(""), parse, are_events=are_events).reader()
        found = [item for start in range(0, len(data), size) for item in reader.fed(data[start : start + size])]
        assert [*found, *reader.rest()] == expected
