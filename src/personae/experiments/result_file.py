"""The rows of a result file, streamed: read, checked and made into results, one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from personae.core.result import SimulationResult
from personae.errors import InputError


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a result file, and what must be known of all of it beforehand."""

    again: Mapping[str, int]
    """The last line of each key that stands on more than one, as a conversation does that was gone on with."""
    line: int = 1
    """The first line's number."""
    begin: int = 0
    """The first line's place in the file, in bytes."""
    end: int | None = None
    """Lines that begin here or later are not read. None: there is no such place."""


class Rows:
    """The rows of a result file, read again each time they are iterated over. See `read_rows`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part: _Part | None = None
        """None: the whole file, as it is when it is read."""
        self.line = 0
        """The line that was read last, from 1."""
        self.half_lines = 0
        self.superseded = 0

    def halves(self) -> tuple[Rows, Rows]:
        """The rows of the file as it is now, in two halves. Lines keep their numbers. Raises InputError."""
        size = self.path.stat().st_size
        again, line, place = self._looked_over(size // 2)
        first, second = Rows(self.path), Rows(self.path)
        first._part, second._part = _Part(again, end=place), _Part(again, line, place, size)
        return first, second

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        part = self._part or _Part(self._looked_over()[0])
        last, place, end = part.again, part.begin, part.end
        self.line = self.half_lines = self.superseded = 0
        with self.path.open("rb", _BUFFER) as file:
            file.seek(place)
            for self.line, raw in enumerate(file, part.line):
                if end is not None and place >= end:
                    break
                place += len(raw)
                row = self._row(raw)
                if row is None:
                    continue
                if last and last.get(str(row.get("key")), self.line) != self.line:
                    self.superseded += 1
                else:
                    yield row

    def _row(self, raw: bytes) -> dict[str, Any] | None:
        if not raw.strip():
            return None
        try:
            row = _parsed(raw)
        except (ValueError, RecursionError) as error:
            if not raw.endswith(b"\n"):
                self.half_lines += 1
                return None
            raise InputError(f"is not JSON: {error}", file=self.path, line=self.line) from error
        if not isinstance(row, dict):
            raise InputError("is no row of a result file: not a JSON object", file=self.path, line=self.line)
        return row

    def _looked_over(self, middle: int = 0) -> tuple[dict[str, int], int, int]:
        """The last line of each key that stands on more than one; and of the first line that begins at byte `middle` or
        behind it, its number and where it begins.
        """
        match, seen = _KEY.match, set[bytes]()
        again: dict[str, int] = {}
        line, place = 1, 0
        try:
            with self.path.open("rb", _BUFFER) as file:
                for number, raw in enumerate(file, 1):
                    if place < middle:
                        line, place = number + 1, place + len(raw)
                    if (found := match(raw)) and raw.endswith(b"\n"):
                        key = found[1]
                        if key in seen:
                            again[key.decode("utf-8", "replace")] = number
                        seen.add(key)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=self.path) from error
        return again, line, place


_BUFFER = 1 << 16
"""Lines are longer than what is read at once by itself, and putting them together takes thrice the time."""
_KEY = re.compile(rb'\s*\{\s*"key"\s*:\s*"([^"\\]+)"')


def _parsed(raw: bytes) -> Any:
    """The line's value. What the quick parser refuses the patient one reads, or says why not: half surrogates."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def read_rows(path: Path) -> Rows:
    """The rows of a result file, each a mapping, streamed.

    A last line that was cut off while it was written is left out and counted in `half_lines`. Of a conversation that
    was recorded again the last row stands. Raises InputError with file and line for any other line that is no row.
    """
    return Rows(path)


def each_row(rows: Iterable[Mapping[str, Any]], take: Callable[[Mapping[str, Any]], None]) -> None:
    """Give all rows to `take`. Raises InputError for what it cannot take, with file and line where `rows` know them."""
    for number, row in enumerate(rows, 1):
        try:
            take(row)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _no_row(error, rows, number) from error
        except InputError as error:
            raise InputError(error.problem, **_place(rows, number)) from error


def verdicts_of(row: Mapping[str, Any]) -> SimulationResult:
    """The result without persona, scenario and turns, in a fifth of the time: what was found out, and why it ended.

    Raises as `SimulationResult.from_row` does.
    """
    return SimulationResult.from_row({**row, "persona": _NOBODY, "scenario": _NOTHING, "transcript": (), "usage": {}})


_NOBODY, _NOTHING = {"name": "-", "description": "-"}, {"goal": "-"}


def results(rows: Iterable[Mapping[str, Any]]) -> Iterator[SimulationResult]:
    """The rows as results. Raises InputError, with file and line where `rows` know them."""
    for number, row in enumerate(rows, 1):
        try:
            yield SimulationResult.from_row(row)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _no_row(error, rows, number) from error


def _no_row(error: Exception, rows: Iterable[Mapping[str, Any]], number: int) -> InputError:
    what = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    return InputError(f"is no row of a result file: {what}", **_place(rows, number))


def _place(rows: Iterable[Mapping[str, Any]], number: int) -> dict[str, Any]:
    return {"file": getattr(rows, "path", None), "line": getattr(rows, "line", number)}
