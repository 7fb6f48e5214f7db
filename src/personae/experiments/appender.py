"""Whole lines at the end of a file: each is in it entirely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from personae.errors import RecordingError


class Appender:
    """A file that whole lines are appended to. A line is in it entirely or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise unwritable(path, error) from error
        self.size = os.fstat(self._file).st_size

    def append(self, data: dict[str, Any]) -> None:
        self._write(orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE))

    def append_all(self, entries: Iterable[dict[str, Any]]) -> None:
        """All of them, or none."""
        self._write(b"".join([orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE) for data in entries]))

    def _write(self, lines: bytes) -> None:
        try:
            written = os.write(self._file, lines)
            while written < len(lines):
                written += os.write(self._file, lines[written:])
        except OSError as error:
            os.ftruncate(self._file, self.size)
            raise RecordingError(
                f"cannot write {str(self.path)!r}: {error.strerror}. What was recorded before is whole: "
                "make room and run the same command again to go on"
            ) from error
        self.size += len(lines)

    def close(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            raise unwritable(self.path, error) from error
        finally:
            os.close(self._file)


def unwritable(path: Path, error: OSError) -> RecordingError:
    """What to raise where `path` cannot be written."""
    return RecordingError(f"cannot write {str(path)!r}: {error.strerror}")
