"""A file's text: UTF-8 with or without a byte order mark. Whatever cannot be read as that is told with its place."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO

from personae.errors import InputError

MAX_FILE_BYTES = 100_000_000
MAX_ROW_BYTES = 5_000_000

_WIDE_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"


def read_text(path: Path, *, limit: int = MAX_FILE_BYTES, advice: str = "split it") -> str:
    """The whole text, without its byte order mark. Line ends stay as they are."""
    with _opened(path, limit, advice) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit, advice)
    return _decoded(data, path, line=1)


def read_lines(path: Path, *, most_bytes: int | None = None) -> Iterator[tuple[int, str]]:
    """Number and text of each line, read as it is asked for. Only a newline ends a line, not U+2028 and its like.

    `most_bytes`: of the whole file; None: MAX_FILE_BYTES.
    """
    limit, taken = most_bytes or MAX_FILE_BYTES, 0
    with _opened(path, limit, "split it") as file:
        for number in count(1):
            data = file.readline(MAX_ROW_BYTES + 2)
            taken += len(data)
            if not data:
                return
            if len(data.rstrip(b"\r\n")) > MAX_ROW_BYTES:
                raise InputError(f"is longer than {megabytes(MAX_ROW_BYTES)}", file=path, line=number)
            if taken > limit:
                raise _too_large(path, limit, "split it")
            yield number, _decoded(data, path, line=number)


@contextmanager
def _opened(path: Path, limit: int, advice: str) -> Iterator[BinaryIO]:
    try:
        if path.is_dir():
            raise InputError("is a folder, not a file: name the file in it", file=path)
        with path.open("rb") as file:
            if path.is_file() and path.stat().st_size > limit:
                raise _too_large(path, limit, advice)
            yield file
    except FileNotFoundError:
        raise InputError(f"there is no such file{_near(path)}", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from error
    except ValueError as error:
        # A name that no file can have, such as one with a zero character in it.
        raise InputError(f"is not a file's name: {error}", file=path) from error


def _near(path: Path) -> str:
    try:
        siblings = [sibling.name for sibling in islice(path.parent.iterdir(), 10_000)]
    except OSError:
        return ""
    nearest = get_close_matches(path.name, siblings, n=1, cutoff=0.75)
    return f"; did you mean {str(path.with_name(nearest[0]))!r}?" if nearest else ""


def _too_large(path: Path, limit: int, advice: str) -> InputError:
    return InputError(f"is larger than {megabytes(limit)}: {advice}", file=path)


def _decoded(data: bytes, path: Path, *, line: int) -> str:
    if line == 1:
        for mark, name in _WIDE_MARKS.items():
            if data.startswith(mark):
                raise InputError(f"is {name}: save it as UTF-8", file=path)
        data = data.removeprefix(codecs.BOM_UTF8)
    if (zero := data.find(b"\0")) >= 0:
        where = line + data.count(b"\n", 0, zero)
        raise InputError("is not a text file: it holds a zero byte here", file=path, line=where)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[start : error.start].decode()) + 1
        raise InputError(
            f"byte 0x{data[error.start]:02x} at column {column} is not UTF-8: save the file as UTF-8 "
            "(it may be Windows-1252 or Latin-1 now)",
            file=path,
            line=line + data.count(b"\n", 0, error.start),
        ) from None
