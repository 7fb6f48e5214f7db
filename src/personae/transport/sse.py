"""Server-sent events: the data of each event of a whole `text/event-stream` body."""

from __future__ import annotations

from collections.abc import Iterator


def events(body: str) -> Iterator[str]:
    """The joined `data:` lines of each event, in order. Only CR and LF end a line (U+2028 does not)."""
    data: list[str] = []
    for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if data:
                yield "\n".join(data)
                data = []
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    if data:
        yield "\n".join(data)
