"""JSON lines of any kind, as a stream: the objects of a file one by one, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from personae.core.text import loads
from personae.errors import InputError
from personae.sources._text import read_lines


def read_objects(path: Path, *, most_bytes: int | None = None) -> Iterator[tuple[int, Any]]:
    """Line and value of each line of a JSONL file; blank lines are passed over, and a half-written last line is too.

    `most_bytes`: of the whole file; None is as for all files that are read whole. Raises InputError with file and line.
    """
    broken: InputError | None = None
    for line, text in read_lines(path, most_bytes=most_bytes):
        if broken is not None:
            raise broken
        if not text.strip():
            continue
        try:
            yield line, loads(text)
        except ValueError as error:
            broken = InputError(f"is not JSON: {error}", file=path, line=line)
            if text.endswith("\n") or line == 1:
                raise broken from error
