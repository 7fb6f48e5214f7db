"""Server-sent events, taken apart."""

from __future__ import annotations

import pytest

from personae.transport.sse import events


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ("data: a\n\ndata: b\n\n", ["a", "b"]),
        ("data:a\r\n\r\ndata:  b\r\n\r\n", ["a", " b"]),
        ("data: a\rdata: b\r\r", ["a\nb"]),
        ("event: x\n: comment\nid: 7\ndata: a\n\n", ["a"]),
        ("data: cut off", ["cut off"]),
        ("data: one\u2028two\x85three\n\n", ["one\u2028two\x85three"]),
        ("\n\n\n", []),
        ("", []),
    ],
)
def test_events_are_their_data_lines(body: str, data: list[str]) -> None:
    assert list(events(body)) == data
