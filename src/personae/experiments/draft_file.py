"""The file of drafts: one row per draft, and beside it a journal of every answer that was paid for.

Idea: `queries.jsonl` holds rows of queries or personas and nothing else. `queries.jsonl.part` takes each answer of a
      model before the method sees it; a method that runs again for the same seed asks the same, and is answered from
      there. It is gone once all drafts are made. Both files are only appended to: a run that is killed leaves at most
      one half-written last line, which the next run cuts off.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson
from filelock import FileLock, Timeout
from pydantic import ValidationError

from personae.core.attribute import Mined
from personae.core.model import Reply, ToolCall
from personae.core.persona import Persona, Scenario
from personae.core.query import Query
from personae.core.usage import NO_USAGE, Usage
from personae.errors import Conflict, InputError, RecordingError
from personae.experiments.appender import Appender, unwritable
from personae.generation import Draft, Made, Makes

_RECORDS: Mapping[Makes, type[Made]] = {"persona": Persona, "query": Query, "scenario": Scenario, "attribute": Mined}


class Drafts(Protocol):
    """Where drafts and answers are kept."""

    found: dict[str, Draft]
    """Drafts of this run and of earlier runs of the same work, by key."""
    spent: Usage
    """What earlier runs of the same work took."""

    async def keep(self, drafts: Iterable[Draft]) -> None:
        """Keep them, those that are there already excepted. Raises RecordingError."""
        ...

    async def answered(self, piece: str, asked: str, reply: Reply) -> None:
        """A model answered. Raises RecordingError."""
        ...

    def answer(self, piece: str, asked: str) -> Reply | None:
        """What an earlier run was answered, each answer once."""
        ...

    async def failed(self, piece: str, why: str) -> None:
        """The piece gave nothing: a later run must ask anew."""
        ...


@dataclass
class InMemory:
    """Keeps drafts for as long as the process lives."""

    found: dict[str, Draft] = field(default_factory=dict)
    spent: Usage = NO_USAGE

    async def keep(self, drafts: Iterable[Draft]) -> None:
        self.found |= {draft.key: draft for draft in drafts}

    async def answered(self, piece: str, asked: str, reply: Reply) -> None:
        """Nothing to go on from later."""

    def answer(self, piece: str, asked: str) -> Reply | None:  # noqa: ARG002 - the protocol's
        return None

    async def failed(self, piece: str, why: str) -> None:
        """Nothing to go on from later."""


class DraftFile:
    """Drafts in a JSONL file. With `fresh`, the drafts that are there are thrown away; else the run goes on.

    `run` names the work: a file that holds other work is a Conflict. Raises InputError and RecordingError too.
    """

    def __init__(self, path: Path, makes: Makes, run: str, *, fresh: bool = False) -> None:
        if path.suffix != ".jsonl":
            raise InputError("drafts are written as JSON lines: name a file that ends in .jsonl", file=path)
        if path.is_dir():
            raise InputError("is a folder: name a file", file=path)
        self.path, self._run = path, run
        self.journal_path = path.with_name(path.name + ".part")
        self.found: dict[str, Draft] = {}
        self.spent = NO_USAGE
        self._answers: dict[tuple[str, str], deque[Reply]] = {}
        self._lock = FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._take_lock()
        try:
            if fresh:
                self._forget()
            self._read(makes)
            self._rows, self._journal = Appender(path), Appender(self.journal_path)
            if not self._journal.size:
                self._journal.append({"run": run})
        except BaseException:
            self._free_lock()
            raise

    def _take_lock(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise RecordingError(
                f"another run is writing {str(self.path)!r}: wait for it, or give another --out"
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _free_lock(self) -> None:
        Path(self._lock.lock_file).unlink(missing_ok=True)  # before it is free: else another run's might go
        self._lock.release()

    def _forget(self) -> None:
        for number, row in whole_lines(self.path):
            if not isinstance(row.get("provenance"), dict):
                problem = "is no draft of a method, so --fresh does not replace the file: give another --out"
                raise InputError(problem, file=self.path, line=number)
        for path in (self.path, self.journal_path):
            path.unlink(missing_ok=True)

    def _read(self, makes: Makes) -> None:
        for number, row in whole_lines(self.path):
            draft = _draft(row, makes, self.path, number)
            if draft.provenance.run != self._run:
                raise self._other_work()
            self.found[draft.key] = draft
        for _, entry in whole_lines(self.journal_path):
            self._follow(entry)

    def _follow(self, entry: Mapping[str, Any]) -> None:
        if "run" in entry:
            if entry["run"] != self._run:
                raise self._other_work()
        elif "failed" in entry:
            self._answers = {key: replies for key, replies in self._answers.items() if key[0] != entry["piece"]}
        else:
            reply = reply_of(entry["reply"])
            self.spent = self.spent + reply.usage
            if not self._is_made(entry["piece"]):
                self._answers.setdefault((entry["piece"], entry["asked"]), deque()).append(reply)

    def _is_made(self, piece: str) -> bool:
        return bool(piece) and piece in self.found

    def _other_work(self) -> Conflict:
        return Conflict(
            f"{self.path} holds drafts of another method, model, seed or other settings. Give another --out, or "
            "replace them with --fresh"
        )

    async def keep(self, drafts: Iterable[Draft]) -> None:
        new = {draft.key: draft for draft in drafts if draft.key not in self.found}
        if new:
            self._rows.append_all([draft.as_dict() for draft in new.values()])
            self.found |= new

    async def answered(self, piece: str, asked: str, reply: Reply) -> None:
        self._journal.append({"piece": piece, "asked": asked, "reply": reply_as_dict(reply)})

    def answer(self, piece: str, asked: str) -> Reply | None:
        replies = self._answers.get((piece, asked))
        return replies.popleft() if replies else None

    async def failed(self, piece: str, why: str) -> None:
        self._journal.append({"piece": piece, "failed": why})

    def close(self, *, is_complete: bool) -> None:
        """Flush to the disk. The journal goes where all is made; a file without a row goes too."""
        try:
            try:
                self._rows.close()
            finally:
                self._journal.close()
            if is_complete:
                self.journal_path.unlink(missing_ok=True)
            if not self._rows.size:
                self.path.unlink(missing_ok=True)
        finally:
            self._free_lock()


def draft_of(row: Mapping[str, Any], makes: Makes) -> Draft | None:
    """The draft that a row holds; None where it does not say how it came to be. Raises pydantic's error."""
    made = _RECORDS[makes].model_validate(row)
    provenance = None if isinstance(made, Scenario) else made.provenance
    if provenance is None or not provenance.key:
        return None
    return Draft(made.model_copy(update={"provenance": None}), provenance)


def _draft(row: Mapping[str, Any], makes: Makes, path: Path, line: int) -> Draft:
    try:
        draft = draft_of(row, makes)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"is no draft to go on from ({where}: {first['msg']}): mend the line, or give another --out"
        raise InputError(problem, file=path, line=line) from error
    if draft is None:
        raise InputError("is no draft of a method: give another --out", file=path, line=line, field="provenance")
    return draft


def whole_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line numbers, one by one; blank lines are passed over.

    A half-written last line is cut off the file. Raises InputError for any other line that is no JSON object.
    """
    if not path.exists():
        return
    whole, line = 0, b"\n"
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                entry = orjson.loads(line) if line.strip() else None
            except orjson.JSONDecodeError as error:
                if not line.endswith(b"\n") and line.startswith(b'{"'):
                    os.truncate(path, whole)
                    return
                raise InputError(f"is not JSON: {error}", file=path, line=number) from error
            if entry is not None and not isinstance(entry, dict):
                raise InputError("must be a JSON object", file=path, line=number)
            whole += len(line)
            if entry is not None:
                yield number, entry
    if not line.endswith(b"\n"):  # whole, but for the line break that an editor took away
        with path.open("ab") as file:
            file.write(b"\n")


def reply_as_dict(reply: Reply) -> dict[str, Any]:
    """An answer as it is kept."""
    data: dict[str, Any] = {"text": reply.text, "usage": reply.usage.as_dict(), "latency_ms": reply.latency_ms}
    if reply.tool_calls:
        data["tool_calls"] = [{"name": call.name, "arguments": call.arguments} for call in reply.tool_calls]
    return data | {"finish_reason": reply.finish_reason, "sampling": dict(reply.sampling)}


def reply_of(data: Mapping[str, Any]) -> Reply:
    """An answer that was kept."""
    calls = tuple(ToolCall(call["name"], call["arguments"]) for call in data.get("tool_calls", ()))
    usage = Usage.from_dict(data["usage"])
    return Reply(data["text"], calls, usage, data["latency_ms"], data["finish_reason"], data["sampling"])
