"""Uploaded files."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

from fastapi import File, UploadFile

from personae.core.text import loads
from personae.errors import InputError
from personae.server.json_values import kind_of
from personae.server.row_rules import MAX_PROBLEMS, told

T = TypeVar("T")
MOST_UNPACKED = 2**30
"""Bytes that a compressed file may become."""
_LARGE_NUMBER = re.compile(rb"[0-9]{19}")
"""The quick parser would round it."""
Upload = Annotated[UploadFile, File(description="The file. The ending of its name says what it is.")]


def json_lines(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL text, each with its line. Raises InputError for all lines that are none.

    Only a newline ends a line: U+2028 and its like stand unescaped inside of texts.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    problems: list[InputError] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line) if _LARGE_NUMBER.search(line) else loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(InputError(f"is not JSON: {error}", line=number))
        else:
            if isinstance(value, dict):
                found.append((number, value))
            else:
                problems.append(InputError(f"must be an object with a row's values, not {kind_of(value)}", line=number))
        if len(problems) > MAX_PROBLEMS:
            break
    if problems:
        raise told(problems)
    return found


class UnreadableFile(InputError):
    """A file that cannot be taken whole. The answer's body lists its problems in `errors`, each with line and field."""

    def __init__(self, error: InputError, name: str) -> None:
        each = tuple(InputError(one.problem, file=name, line=one.line, field=one.field) for one in error.each)
        problem = "\n".join([each[0].problem, *map(str, each[1:])])
        super().__init__(problem, file=name, line=error.line, field=error.field, each=each)
        self.details = {"errors": [{"line": one.line, "field": one.field, "problem": one.problem} for one in each]}


@contextmanager
def in_file(upload: UploadFile) -> Iterator[None]:
    """What is found wrong in a line is told with the file's own name."""
    try:
        yield
    except InputError as error:
        if error.line is None:
            raise
        raise UnreadableFile(error, _name(upload)) from error


async def read_upload(upload: UploadFile, read: Callable[[Path], T]) -> T:
    """What `read` makes of the file, in a thread, with the file's own name in its errors. Raises InputError."""
    name = _name(upload)
    data = await upload.read()

    def work() -> T:
        with tempfile.TemporaryDirectory(prefix="personae-upload-") as folder:
            path = Path(folder) / name
            try:
                path.write_bytes(data)
            except (OSError, ValueError) as error:
                raise InputError(f"{name!r} is no name for a file: give it a shorter, plain one") from error
            try:
                return read(path)
            except InputError as error:
                raise UnreadableFile(error, name) from error

    return await asyncio.to_thread(work)


@asynccontextmanager
async def kept(upload: UploadFile) -> AsyncIterator[tuple[Path, str]]:
    """The file on the disk, unpacked where its name ends in `.gz`, and its own name. Raises UnreadableFile."""
    name = _name(upload)
    with tempfile.TemporaryDirectory(prefix="personae-upload-") as folder:
        path = Path(folder) / "file"
        try:
            await asyncio.to_thread(_write, upload, path, is_packed=name.endswith(".gz"))
        except InputError as error:
            raise UnreadableFile(error, name) from error
        yield path, name


def _write(upload: UploadFile, path: Path, *, is_packed: bool) -> None:
    written = 0
    with path.open("wb") as file:
        try:
            with gzip.GzipFile(fileobj=upload.file, mode="rb") if is_packed else nullcontext(upload.file) as source:
                while data := source.read(2**20):
                    written += len(data)
                    if written > MOST_UNPACKED:
                        raise InputError(f"is larger than {MOST_UNPACKED // 2**20} MiB unpacked: split it")
                    file.write(data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"cannot be unpacked: {error}") from error


def _name(upload: UploadFile) -> str:
    return PurePath((upload.filename or "").replace("\\", "/")).name or "file"
