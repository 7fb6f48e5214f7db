"""JSONL recorder: a result file with one row per finished conversation, and a journal of the turns of running ones.

Idea: `results.jsonl` holds result rows and nothing else. Beside it, `results.jsonl.part` takes each turn the moment it
      is finished; it is gone once every conversation has its row. Both are only appended to, so a run that is killed
      leaves at most one half-written last line, which the next run cuts off. A lock keeps two runs out of one file.
Cost: two small writes a turn, no flush to the disk before the end: what a process wrote survives its own death, and a
      power failure may cost the last seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from personae.core.conversation import CUT, Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.errors import InputError, RecordingError


class Appender:
    """A file that whole lines are appended to. A line is in it entirely or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise RecordingError(f"cannot write {str(path)!r}: {error.strerror}") from error
        self._size = os.fstat(self._file).st_size

    def append(self, data: dict[str, Any]) -> None:
        line = orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise RecordingError(
                f"cannot write {str(self.path)!r}: {error.strerror}. What was recorded before is whole: "
                "make room and run the same command again to go on"
            ) from error
        self._size += len(line)

    def close(self) -> None:
        os.fsync(self._file)
        os.close(self._file)


@dataclass(slots=True)
class Left:
    """What earlier runs left in the two files."""

    finished: set[str] = field(default_factory=set)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    spent: Usage = NO_USAGE
    first_metadata: dict[str, Any] = field(default_factory=dict)


class Jsonl:
    """Records to `path`. With `fresh`, what is there is thrown away; else the run goes on from it."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self.path = path
        self.journal_path = path.with_name(path.name + ".part")
        if path.is_dir():
            raise RecordingError(f"{str(path)!r} is a folder: name a file for the results")
        self._lock = FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._take_lock()
        try:
            if fresh:
                self._forget()
            self.left = self._read()
            self._rows = Appender(path)
            self._journal = Appender(self.journal_path)
        except BaseException:
            self._free_lock()
            raise
        self._open: set[str] = set(self.left.turns)

    def _take_lock(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise RecordingError(
                f"another run is writing {str(self.path)!r}: wait for it, or give another --out"
            ) from None
        except OSError as error:
            raise RecordingError(f"cannot write {str(self.path)!r}: {error.strerror}") from error

    def _free_lock(self) -> None:
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def _forget(self) -> None:
        for path in (self.path, self.journal_path):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise RecordingError(f"cannot replace {str(path)!r}: {error.strerror}") from error

    def _read(self) -> Left:
        left = Left()
        cut: dict[str, list[Turn]] = {}
        for row in _whole_lines(self.path):
            left.first_metadata = left.first_metadata or row.get("metadata", {})
            left.spent = sum((Usage.from_dict(usage) for usage in row.get("usage", {}).values()), left.spent)
            if row["termination"] in CUT:
                cut[row["key"]] = _turns(row)
            else:
                left.finished.add(row["key"])
        for entry in _whole_lines(self.journal_path):
            key = entry["key"]
            if key in left.finished:
                continue
            if "restart" in entry:
                left.turns.pop(key, None)
                left.spent = left.spent + Usage.from_dict(entry["restart"])
            else:
                left.turns.setdefault(key, []).append(Turn.from_dict(entry["turn"]))
        for turns in left.turns.values():
            left.spent = sum((turn.usage for turn in turns if turn.usage is not None), left.spent)
        if cut:
            self._reopen(cut, left)
        return left

    def _reopen(self, cut: dict[str, list[Turn]], left: Left) -> None:
        """Rows that a budget or a person cut short go back to the journal, so that they can go on."""
        journal = Appender(self.journal_path)
        for key, turns in cut.items():
            if key not in left.turns:
                for turn in turns:
                    journal.append({"key": key, "turn": turn.as_dict()})
                left.turns[key] = turns
        journal.close()
        kept = self.path.with_name(self.path.name + ".new")
        with kept.open("wb") as file:
            for row in _whole_lines(self.path):
                if row["key"] not in cut:
                    file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        kept.replace(self.path)

    @property
    def spent(self) -> Usage:
        return self.left.spent

    @property
    def finished(self) -> int:
        return len(self.left.finished)

    @property
    def unfinished(self) -> int:
        """Conversations that were begun and have no row."""
        return len(self._open)

    def is_finished(self, key: str) -> bool:
        return key in self.left.finished

    def so_far(self, key: str) -> Sequence[Turn]:
        return self.left.turns.get(key, ())

    def results(self) -> dict[str, SimulationResult]:
        """The results that the file holds, by key."""
        return {row["key"]: SimulationResult.from_row(row) for row in _whole_lines(self.path)}

    def turn(self, spec: Spec, turn: Turn) -> None:
        self._open.add(spec.key)
        self._journal.append({"key": spec.key, "turn": turn.as_dict()})

    def restart(self, spec: Spec) -> None:
        turns = self.left.turns.pop(spec.key, [])
        lost = sum((turn.usage for turn in turns if turn.usage is not None), NO_USAGE)
        self._journal.append({"key": spec.key, "restart": lost.as_dict()})

    def finish(self, result: SimulationResult) -> None:
        self._rows.append(result.as_row())
        self._open.discard(result.key)
        self.left.turns.pop(result.key, None)

    def close(self) -> None:
        """Flush to the disk. The journal goes if no conversation is left half-done."""
        self._rows.close()
        self._journal.close()
        if not self._open:
            self.journal_path.unlink(missing_ok=True)
        self._free_lock()


def _turns(row: dict[str, Any]) -> list[Turn]:
    turns = [Turn.from_dict(turn) for turn in row["transcript"] if turn["role"] != "system"]
    return [turn for turn in turns if not turn.metadata.get("farewell")]


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file, one by one. A half-written last line is cut off the file; any other broken line is an error."""
    if not path.exists():
        return
    whole = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break
            try:
                row = orjson.loads(line)
                if not isinstance(row, dict) or "key" not in row:
                    raise InputError("is no result of a simulation", file=path, line=number)
            except orjson.JSONDecodeError as error:
                raise InputError(
                    f"broken JSON ({error}): repair the line, or start anew with --fresh", file=path, line=number
                ) from error
            yield row
            whole += len(line)
    if whole < path.stat().st_size:
        os.truncate(path, whole)
