"""The file `prompt_recordings.jsonl`: one JSON object a line per prompt and call site, sorted where it is new.

It is meant to be kept and merged: counts add up over runs, workers and processes, and a line stays where it is.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from personae.errors import InputError
from personae.provenance.atomic import locked, replacing

SCHEMA_VERSION = 1
DEFAULT_NAME = "prompt_recordings.jsonl"


class Key(NamedTuple):
    """What makes two sightings the same prompt."""

    file: str
    function: str
    sdk: str
    call: str
    role: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PromptRecording:
    """One prompt as one call site rendered it, in one role."""

    file: str
    """Path of the call site within the repository."""
    function: str
    """Qualified name of the function that made the call."""
    line: int
    """Line of the call when it was last seen; a hint, for code moves."""
    sdk: str
    call: str
    role: str
    fingerprint: str
    """SHA-256 of the text as `fingerprint` normalises it."""
    case_uids: tuple[str, ...]
    """The conversations it was rendered for, sorted; empty if outside of any."""
    count: int
    """Number of calls that sent it."""
    first_seen: str
    """UTC, ISO 8601."""
    last_seen: str
    text: str | None = None
    """The prompt itself, only if it was asked for."""

    @property
    def key(self) -> Key:
        return Key(self.file, self.function, self.sdk, self.call, self.role, self.fingerprint)

    def merged(self, other: PromptRecording) -> PromptRecording:
        """Both together; they have the same key."""
        later = self if _moment(self.last_seen) > _moment(other.last_seen) else other
        return replace(
            self,
            line=later.line,
            case_uids=tuple(sorted({*self.case_uids, *other.case_uids})),
            count=self.count + other.count,
            first_seen=min(self.first_seen, other.first_seen, key=_moment),
            last_seen=later.last_seen,
            text=self.text if self.text is not None else other.text,
        )

    def to_json(self) -> bytes:
        row: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        row.update((field.name, getattr(self, field.name)) for field in fields(self))
        if self.text is None:
            del row["text"]
        return orjson.dumps(row)


def fingerprint(text: str) -> str:
    """SHA-256, in hex, of the text in Unicode's NFC, with one kind of line end and no blanks at the ends of lines."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    normalised = "\n".join(line.rstrip() for line in lines).strip()
    return hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()


def read_recordings(path: str | Path) -> Iterator[PromptRecording]:
    """The recordings of a file, one at a time.

    Raises InputError with file, line and field at the first line that is not a recording.
    """
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _recording(line, path, number)


def merge_recordings(path: str | Path, new: Iterable[PromptRecording]) -> None:
    """Add recordings to a file, which is made if it is not there. Several processes may do so at once.

    Raises InputError, and leaves the file as it is, if the file has a broken line.
    """
    path = Path(path)
    waiting: dict[Key, PromptRecording] = {}
    for recording in new:
        before = waiting.get(recording.key)
        waiting[recording.key] = before.merged(recording) if before else recording
    with locked(path), replacing(path) as draft:
        for recording in read_recordings(path) if path.exists() else ():
            addition = waiting.pop(recording.key, None)
            draft.write((recording.merged(addition) if addition else recording).to_json() + b"\n")
        for key in sorted(waiting):
            draft.write(waiting[key].to_json() + b"\n")


def _recording(line: bytes, path: str | Path, number: int) -> PromptRecording:
    def wrong(problem: str, field: str | None = None) -> InputError:
        return InputError(problem, file=path, line=number, field=field)

    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise wrong(f"not valid JSON: {error}; mend or remove the line, or record into another file") from error
    if not isinstance(row, dict):
        raise wrong("a recording is a JSON object")
    version = row.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise wrong(f"is {version!r}, this version of personae reads {SCHEMA_VERSION}", "schema_version")
    for name, problem in _problems(row):
        raise wrong(problem, name)
    return PromptRecording(**{**row, "case_uids": tuple(row["case_uids"])})


def _problems(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Field and problem, for everything that keeps a row from being a recording."""
    names = {field.name for field in fields(PromptRecording)}
    for name in sorted(names - row.keys() - {"text"}):
        yield name, "is missing"
    for name, value in row.items():
        if name not in names:
            yield name, "is no field of a recording"
        elif name in ("line", "count"):
            if type(value) is not int or value < 1:
                yield name, f"is {value!r}, not a number from 1"
        elif name == "case_uids":
            if not isinstance(value, list) or not all(isinstance(uid, str) for uid in value):
                yield name, f"is {value!r}, not a list of texts"
        elif not isinstance(value, str):
            yield name, f"is {value!r}, not a text"
        elif name in ("first_seen", "last_seen") and not _is_moment(value):
            yield name, f"is {value!r}, not a time in UTC such as '2026-01-31T12:00:00.000+00:00'"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_moment(text: str) -> bool:
    try:
        return _moment(text).utcoffset() == timedelta(0)
    except ValueError:
        return False
