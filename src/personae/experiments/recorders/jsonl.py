"""JSONL recorder: a result file with one row per finished conversation, and a journal of the turns of running ones.

Idea: `results.jsonl` holds result rows and nothing else. Beside it, `results.jsonl.part` takes each turn the moment it
      is finished; it is gone once every conversation has its row. Both are only appended to, so a run that is killed
      leaves at most one half-written last line, which the next run cuts off. A lock keeps two runs out of one file.
Cost: one small write a turn, no flush to the disk before the end: what a process wrote survives its own death, and a
      power failure may cost the last seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from personae.core.conversation import CUT, Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt
from personae.errors import InputError, RecordingError
from personae.experiments.appender import Appender, unwritable
from personae.experiments.measured import failure
from personae.experiments.recorders import NOTHING, SoFar
from personae.experiments.recorders.journal import (
    RESTART,
    ended_entry,
    finished_row,
    followed,
    reopened,
    reopened_entry,
    repeat_entry,
    turn_entry,
)
from personae.simulation.conversation import Ended

_BEGINNING = b'{"key":"'
"""Of every line that we write."""


@dataclass(slots=True)
class Left:
    """What earlier runs left in the two files."""

    finished: set[str] = field(default_factory=set)
    unfinished: dict[str, SoFar] = field(default_factory=dict)
    reopened: set[str] = field(default_factory=set)
    """Those of the unfinished that have a row: a ceiling cut them short, or they failed and are to be tried again."""
    spent: Usage = NO_USAGE
    rating_version: str = ""


class Jsonl:
    """Records to `path`. With `fresh`, the results that are there are thrown away; else the run goes on from them.

    With `retry_errors`, conversations that failed go on from their last turn, and ones whose rating failed are rated
    again.
    """

    def __init__(self, path: Path, *, fresh: bool = False, retry_errors: bool = False) -> None:
        self.path = path
        self._retry_errors = retry_errors
        if path.name in ("", ".."):
            raise _folder(path)
        self.journal_path = path.with_name(path.name + ".part")
        self._lock = FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._take_lock()
        try:
            if fresh:
                self._forget()
            self._left = self._read()
            self._rows = Appender(path)
            self._journal = Appender(self.journal_path)
        except BaseException:
            self._free_lock()
            raise
        self._open: set[str] = set(self._left.unfinished)

    def _take_lock(self) -> None:
        try:
            if self.path.is_dir():
                raise _folder(self.path)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            if not Path(self._lock.lock_file).exists():  # it could not even be made
                raise RecordingError(f"cannot write {str(self.path)!r}: its folder takes no new file") from None
            raise RecordingError(
                f"another run is writing {str(self.path)!r}: wait for it, or give another --out"
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _free_lock(self) -> None:
        Path(self._lock.lock_file).unlink(missing_ok=True)  # before it is free: else another run's might go
        self._lock.release()

    def _forget(self) -> None:
        for path in (self.path, self.journal_path):
            try:
                _check_ours(path)
                path.unlink(missing_ok=True)
            except OSError as error:
                raise RecordingError(f"cannot replace {str(path)!r}: {error.strerror}") from error

    def _read(self) -> Left:
        left = Left()
        for number, row in _whole_lines(self.path):
            try:
                self._read_row(left, row)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise _no_result(self.path, number) from error
        for number, entry in _whole_lines(self.journal_path):
            key = entry["key"]
            if key in left.finished or key in left.reopened:  # its row was written last, and says it all
                continue
            try:
                left.unfinished[key] = followed(left.unfinished.get(key, NOTHING), entry)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise _no_result(self.journal_path, number) from error
        left.spent = sum((so_far.usage for so_far in left.unfinished.values()), left.spent)
        return left

    def _read_row(self, left: Left, row: dict[str, Any]) -> None:
        key = row["key"]
        if key in left.finished or key in left.reopened:
            raise InputError(f"the conversation {key} stands in it twice: remove one of its rows", file=self.path)
        failed = failure(SimulationResult.from_row(row)) if self._retry_errors else ""
        if failed or row["termination"] in CUT:
            left.reopened.add(key)
            left.unfinished[key] = reopened(row, failed)
            return
        left.finished.add(key)
        left.spent = sum((Usage.from_dict(usage) for usage in row["usage"].values()), left.spent)
        left.rating_version = left.rating_version or row["metadata"].get("rating_version", "")

    def begin(self) -> None:
        """Rows of conversations that can go on, or are to be tried again, go back to the journal."""
        if not self._left.reopened:
            return
        for key in self._left.reopened:
            self._journal.append({"key": key, **reopened_entry(self._left.unfinished[key])})
        real = self.path.resolve()
        kept = real.with_name(real.name + ".new")
        try:
            with kept.open("wb") as file:
                for _, row in _whole_lines(self.path):
                    if row["key"] not in self._left.reopened:
                        file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            kept.replace(real)
        except OSError as error:
            kept.unlink(missing_ok=True)
            raise unwritable(kept, error) from error
        self._rows.close()
        self._rows = Appender(self.path)
        self._left.reopened.clear()

    @property
    def spent(self) -> Usage:
        return self._left.spent

    @property
    def finished(self) -> int:
        return len(self._left.finished)

    @property
    def unfinished(self) -> int:
        return len(self._open)

    @property
    def rating_version(self) -> str:
        return self._left.rating_version

    def is_finished(self, key: str) -> bool:
        return key in self._left.finished

    def strangers(self, keys: Iterable[str]) -> int:
        known = len(self._left.finished) + len(self._left.unfinished)
        if not known:
            return 0
        return known - sum(key in self._left.finished or key in self._left.unfinished for key in keys)

    def so_far(self, key: str) -> SoFar:
        return self._left.unfinished.get(key, NOTHING)

    def results(self) -> dict[str, SimulationResult]:
        return {row["key"]: SimulationResult.from_row(row) for _, row in _whole_lines(self.path)}

    async def turn(self, spec: Spec, turn: Turn, beside: Mapping[str, Usage] | None = None) -> None:
        self._open.add(spec.key)
        self._journal.append({"key": spec.key, **turn_entry(turn, beside)})

    async def ended(self, spec: Spec, ended: Ended, beside: Mapping[str, Usage] | None = None) -> None:
        self._open.add(spec.key)
        self._journal.append({"key": spec.key, **ended_entry(ended, beside)})

    async def restart(self, spec: Spec) -> None:
        self._left.unfinished[spec.key] = self.so_far(spec.key).restarted()
        self._journal.append({"key": spec.key, **RESTART})

    async def repeat(self, spec: Spec, attempt: Attempt, beside: Mapping[str, Usage] | None = None) -> None:
        self._open.add(spec.key)
        self._journal.append({"key": spec.key, **repeat_entry(attempt, beside)})

    async def finish(self, result: SimulationResult) -> None:
        self._rows.append(finished_row(result, self.so_far(result.key)))
        self._open.discard(result.key)
        self._left.unfinished.pop(result.key, None)

    def close(self) -> None:
        """Flush to the disk. The journal goes if no conversation is left half-done."""
        try:
            try:
                self._rows.close()
            finally:
                self._journal.close()
            if not self._open:
                self.journal_path.unlink(missing_ok=True)
            if not self._rows.size:
                self.path.unlink(missing_ok=True)
        finally:
            self._free_lock()


def _folder(path: Path) -> RecordingError:
    return RecordingError(f"{str(path)!r} is a folder: name a file for the results")


def _no_result(path: Path, line: int) -> InputError:
    return InputError(
        "is no result of a simulation: mend or remove the line, or give another --out", file=path, line=line
    )


def _whole_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of a file with their line numbers, one by one; blank lines are passed over.

    A half-written last line of ours is cut off the file. Any other line that is none of ours is an error.
    """
    if not path.exists():
        return
    whole = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            entry = _entry(path, number, line)
            if entry is None and line.strip():
                os.truncate(path, whole)
                return
            whole += len(line)
            if entry is not None:
                yield number, entry
    if whole and not line.endswith(b"\n"):  # whole, but for the line break that an editor took away
        with path.open("ab") as file:
            file.write(b"\n")


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any] | None:
    """What a line says; None for a blank line, and for one of ours that was not written to its end."""
    if not line.strip():
        return None
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if not line.endswith(b"\n") and _BEGINNING.startswith(line[: len(_BEGINNING)]):
            return None
        raise InputError(
            f"broken JSON ({error}): repair the line, or start anew with --fresh", file=path, line=number
        ) from error
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        raise _no_result(path, number)
    return entry


def _check_ours(path: Path) -> None:
    """Raises InputError for a file that is there and holds something else than results: it is not ours to replace."""
    if path.is_file():
        with path.open("rb") as file:
            beginning = b"".join(file.read(64).split())  # other tools that rewrite the file put blanks in
        if not (beginning.startswith(_BEGINNING) or _BEGINNING.startswith(beginning)):
            raise InputError("is no result file, so --fresh does not replace it: give another --out", file=path)
