"""What a method of the SDK does, as data: calls to make, one after another. Nothing here waits or sends.

A method is written once, as a generator that yields calls and is given their answers; a door runs it, blocking or
not. So there is one description of each call for both clients.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, TypeAlias, TypeVar

from personae.core.text import loads

T = TypeVar("T")

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """One request; yielded, it gives the answer's JSON, or None where there is no body."""

    method: str
    path: str
    """Relative to the project, or with `in_project=False` to the API."""
    query: Mapping[str, Any] = field(default_factory=dict)
    """What is None is left out."""
    body: Any = None
    """Sent as JSON."""
    file: tuple[str, BinaryIO] | None = None
    """Name and content of a file to send, in the part `file`."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Sent beside the file."""
    in_project: bool = True
    is_raw: bool = False
    """The answer is no JSON: it is given as bytes."""
    timeout_s: float | None = None
    """Where it may take longer than usual."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so long."""

    seconds: float


Steps: TypeAlias = Generator[Call | Pause, Any, T]
"""Calls and pauses on the way to a result."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list that comes in pages."""

    call: Call
    parse: Callable[[Any], T]

    def page(self, number: int) -> Steps[tuple[list[T], int]]:
        """The items of a page, and how many there are on all pages."""
        call = self.call
        page = yield Call(call.method, call.path, {**call.query, "page": number}, in_project=call.in_project)
        return [self.parse(item) for item in page["items"]], page["count"]


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """An answer that is read while it comes: server-sent events, or lines."""

    call: Call
    parse: Callable[[Any], T]
    """Of a line's bytes; of an event an object with its `kind`, and its JSON as `data`."""
    are_events: bool = True

    def reader(self) -> Reader[T]:
        """Makes items of what comes."""
        return Reader(self.parse, are_events=self.are_events)


class Reader(Generic[T]):
    """Bytes in, items out. Only a newline ends a line: U+2028 and its like stand unescaped inside of texts."""

    def __init__(self, parse: Callable[[Any], T], *, are_events: bool) -> None:
        self._parse = parse
        self._are_events = are_events
        self._half = b""
        self._name = ""
        self._data: list[bytes] = []

    def fed(self, data: bytes) -> Iterator[T]:
        """The items that are complete with `data`."""
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            yield from self._line(line.rstrip(b"\r"))

    def rest(self) -> Iterator[T]:
        """The last item, where nothing stands after it."""
        yield from self._line(self._half)
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[T]:
        if not self._are_events:
            if line:
                yield self._parse(line)
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode()
        elif line.startswith(b"data:"):
            self._data.append(line[5:])
        elif not line:
            name, data = self._name, b"\n".join(self._data)
            self._name, self._data = "", []
            if data:
                yield self._parse({"kind": name or "message", "data": loads(data)})


def get(path: str, **query: Any) -> Call:
    """A GET of the project."""
    return Call("GET", path, query)


def post(path: str, body: Any = NOTHING, **query: Any) -> Call:
    """A POST to the project."""
    return Call("POST", path, query, body)


def put(path: str, body: Any = NOTHING, **query: Any) -> Call:
    """A PUT to the project."""
    return Call("PUT", path, query, body)


def delete(path: str, **query: Any) -> Call:
    """A DELETE in the project."""
    return Call("DELETE", path, query)


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}
