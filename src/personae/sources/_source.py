"""What a source is: a file format or a benchmark that gives raw rows, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from personae.core.persona import Persona
from personae.core.room import Room
from personae.errors import InputError

Kind = Literal["persona", "scenario", "criterion", "behaviour", "query"]
"""What a row is to become."""

PLURAL: Mapping[Kind, str] = {
    "persona": "personas",
    "scenario": "scenarios",
    "criterion": "criteria",
    "behaviour": "behaviours",
    "query": "queries",
}
"""The key under which a JSON or YAML file may hold its rows."""

MAX_PROBLEMS = 20
"""So many problems of one file are told at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One raw row, as the file has it."""

    data: Any
    """A mapping, or for a criterion or a behaviour its bare text. Whatever else it is, the reader is told."""
    line: int | None = None
    """Line of the file on which it begins, from 1, where known."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line by field, where known."""

    def line_of(self, name: str | None) -> int | None:
        return self.line if name is None else self.lines.get(name, self.line)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that cannot be taken whole. Reading goes on, so that all of them are told at once."""

    text: str
    line: int | None = None
    field: str | None = None


class Source(Protocol):
    """A method of this room: how to get rows out of one kind of file."""

    suffixes: ClassVar[tuple[str, ...]]
    """Endings of file names that it claims, such as `.jsonl`. A source without any is asked for as `NAME:PATH`."""
    kinds: ClassVar[tuple[Kind, ...]]
    """What its rows can become."""

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        """The rows in the file's order. Raises InputError where nothing after it can be read."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A source that can also write persona rows, so that reading them gives the same personas back."""

    def text_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """The whole file."""
        ...


@runtime_checkable
class FolderWriter(Protocol):
    """A source that writes each persona to a file of its own."""

    def files_of(self, personas: Sequence[Persona]) -> Mapping[str, str]:
        """Text by file name. Raises InputError."""
        ...


sources: Room[Source] = Room("personae.sources", "source")


class Report:
    """The problems of one file, told together in the end."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._problems: list[Problem] = []

    @property
    def is_full(self) -> bool:
        return len(self._problems) > MAX_PROBLEMS

    def add(self, *problems: Problem) -> None:
        self._problems.extend(problems)

    def raise_if_any(self) -> None:
        """Raises one InputError that lists the problems line by line, with the place of the first."""
        if not self._problems:
            return
        ordered = sorted(self._problems, key=lambda problem: problem.line or 0)[:MAX_PROBLEMS]
        each = tuple(
            InputError(
                _printable(problem.text),
                file=self._file,
                line=problem.line,
                field=problem.field and _printable(problem.field),
            )
            for problem in ordered
        )
        first = each[0]
        lines = [first.problem, *map(str, each[1:])]
        if self.is_full:
            more = InputError(f"there are more than {MAX_PROBLEMS} problems; mend these first", file=self._file)
            lines.append(str(more))
        raise InputError("\n".join(lines), file=self._file, line=first.line, field=first.field, each=each)


def _printable(text: str) -> str:
    """Half surrogate pairs, which the text may quote, would break the terminal or file that it is written to."""
    return text.encode("utf-8", "backslashreplace").decode()
