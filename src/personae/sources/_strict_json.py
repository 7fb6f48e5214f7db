"""JSON read strictly: repeated keys are told, nothing is rounded or made up, and every row knows its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from personae.errors import InputError
from personae.sources._source import PLURAL, Kind, Problem, Row
from personae.sources._values import TOO_DEEP, TOO_LARGE_INT

_SPACE = re.compile(r"[ \t\n\r]*")


class BrokenJSONError(Exception):
    """The text is not JSON, from `position` on."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


@dataclass(frozen=True, slots=True)
class Parsed:
    value: Any
    end: int
    repeated: tuple[str, ...]
    """Keys that stand twice in one object."""

    def problems(self, line: int | None) -> Iterator[Problem]:
        for key in self.repeated:
            yield Problem("stands twice in one object", line, key)


class _Decoder:
    """NaN, infinities and integers without end come through as such: the check of values names their field."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_int=self._int)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated += [key for key in found if keys.count(key) > 1]
        return found

    @staticmethod
    def _int(digits: str) -> int:
        return int(digits) if len(digits) <= 20 else TOO_LARGE_INT


def parse_at(text: str, position: int) -> Parsed:
    """The JSON value that begins at `position`. Raises BrokenJSONError."""
    decoder = _Decoder()
    try:
        value, end = decoder.decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise BrokenJSONError(error.msg, error.pos) from None
    except RecursionError:
        raise BrokenJSONError(TOO_DEEP, position) from None
    return Parsed(value, end, tuple(decoder.repeated))


def parse_whole(text: str) -> Parsed:
    """The one JSON value that is all of `text`. Raises BrokenJSONError."""
    parsed = parse_at(text, _after_space(text, 0))
    end = _after_space(text, parsed.end)
    if end < len(text):
        raise BrokenJSONError("something follows the value", end)
    return parsed


def list_rows(text: str, path: Path, kind: Kind) -> Iterator[Row | Problem]:
    """The rows of a JSON list, or of the list under `personas`, `scenarios` or `criteria` in an object."""
    cursor = _Cursor(text, path)
    if cursor.peek() == "{":
        yield from _wrapped(cursor, kind)
    elif cursor.peek() == "[":
        yield from cursor.elements()
    else:
        cursor.value()
        raise InputError(_needs_list(kind), file=path, line=1)
    if cursor.peek():
        cursor.broken("something follows the end of the list")


def _needs_list(kind: Kind) -> str:
    return f"must be a list of {PLURAL[kind]}, or an object with such a list under {PLURAL[kind]!r}"


def _wrapped(cursor: _Cursor, kind: Kind) -> Iterator[Row | Problem]:
    own, strange, seen = PLURAL[kind], list[Problem](), set[str]()
    cursor.expect("{")
    while cursor.peek() != "}":
        key, line = cursor.key(), cursor.line
        if key in seen:
            yield Problem("stands twice in one object", line, key)
        seen.add(key)
        if key != own or cursor.peek() != "[":
            value = cursor.value()
            if key == own:
                yield Problem(f"must be a list of {own}", line, key)
            elif key not in PLURAL.values():
                strange.append(Problem(f"is not known beside {own!r}", line, key))
            yield from value.problems(line)
        else:
            yield from cursor.elements()
        if not cursor.goes_on("}"):
            break
    cursor.expect("}")
    if own in seen:
        yield from strange
    else:
        yield Problem(_needs_list(kind), 1)


class _Cursor:
    """A place in a JSON text that moves on, and its line."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self._path = text, path
        self._position = self._counted = 0
        self.line = 1

    def peek(self) -> str:
        """The next character that is no white space; blank at the end."""
        self._position = _after_space(self._text, self._position)
        self.line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._text[self._position : self._position + 1]

    def expect(self, char: str) -> None:
        if self.peek() != char:
            self.broken(f"Expecting {char!r}")
        self._position += 1

    def goes_on(self, end: str) -> bool:
        """Whether a comma, and so one more, follows. Raises InputError for a comma before `end`."""
        if self.peek() != ",":
            return False
        self._position += 1
        if self.peek() == end:
            self.broken("a comma stands before the end; take it away")
        return True

    def value(self) -> Parsed:
        self.peek()
        try:
            parsed = parse_at(self._text, self._position)
        except BrokenJSONError as error:
            self._position = error.position
            self.broken(error.problem)
        self._position = parsed.end
        return parsed

    def key(self) -> str:
        if self.peek() != '"':
            self.broken("Expecting property name enclosed in double quotes")
        key = self.value().value
        self.expect(":")
        return str(key)

    def elements(self) -> Iterator[Row | Problem]:
        self.expect("[")
        while self.peek() != "]":
            line = self.line
            parsed = self.value()
            yield from parsed.problems(line)
            yield Row(parsed.value, line)
            if not self.goes_on("]"):
                break
        self.expect("]")

    def broken(self, problem: str) -> NoReturn:
        position = self._position
        start = self._text.rfind("\n", 0, position) + 1
        line = self._text.count("\n", 0, position) + 1
        raise InputError(f"is not JSON: {problem} at column {position - start + 1}", file=self._path, line=line)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
