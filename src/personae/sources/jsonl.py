"""JSON lines: one JSON object a line; blank lines and lines that begin with `#` or `//` are skipped.

Source: seeds/003, the persona file of `simulate`
Idea:   each line stands for itself, so the file is read as a stream and every error names its line and column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from personae.errors import InputError
from personae.sources import Kind, Problem, Row, sources
from personae.sources._strict_json import BrokenJSONError, parse_whole
from personae.sources._text import read_lines


@sources.method("jsonl")
class JSONLines:
    """JSON lines, read and written."""

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")
    kinds: ClassVar[tuple[Kind, ...]] = ("persona", "scenario", "criterion", "behaviour", "query")

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        del kind  # the same for all
        for number, line in read_lines(path):
            if line.strip() in ("[", "{"):
                problem = "each line must hold one whole object: name the file .json if all of it is one JSON value"
                raise InputError(problem, file=path, line=number)
            if line.strip() and not line.lstrip().startswith(("#", "//")):
                yield from _row(line, number)

    def text_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _row(line: str, number: int) -> Iterator[Row | Problem]:
    try:
        parsed = parse_whole(line)
    except BrokenJSONError as error:
        is_followed = error.problem.startswith("something follows")
        advice = " (each line must hold one object, without a comma after it)" if is_followed else ""
        yield Problem(f"is not JSON: {error.problem} at column {error.position + 1}{advice}", number)
        return
    yield from parsed.problems(number)
    yield Row(parsed.value, number)
