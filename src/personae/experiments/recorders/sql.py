"""SQL recorder: responses and their ratings in the store, and the journal of running conversations beside them.

Idea: what all running conversations record in one moment is committed as one group (`store.writer`), in a transaction
      that first makes sure that this process still owns the task. A process that was taken for dead and wakes up again
      writes nothing more.
Cost: some 30 microseconds a turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from personae.core.conversation import CUT, ERRORS, Turn
from personae.core.rating import Rating
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt
from personae.errors import RecordingError
from personae.experiments.recorders import NOTHING, SoFar
from personae.experiments.recorders.journal import (
    RESTART,
    Entry,
    ended_entry,
    finished_row,
    followed,
    reopened,
    reopened_entry,
    repeat_entry,
    turn_entry,
)
from personae.simulation.conversation import Ended
from personae.store import experiments, ratings, responses, tasks, turns
from personae.store.columns import Record
from personae.store.engine import Connection, Database, dumped
from personae.store.writer import Writer

_AT_ONCE = 200
"""Responses that are read at once."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Which row and persona of the platform a conversation belongs to."""

    row_id: int
    persona_id: int | None = None
    persona_version: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion as the experiment has it."""

    id: int
    version: int
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the records of one task go."""

    project_id: int
    experiment_id: int
    task_id: str
    owner: str
    cell_at: Callable[[int], Cell]
    """The cell at a place in the plan."""
    criteria: tuple[Asked, ...]
    """In the order in which the judge is asked."""
    rater: str
    """The judge's model."""
    now: Callable[[], datetime]
    suffix: str = ""
    """Behind the keys of responses that are made beside the plan's own."""


class TaskLost(RecordingError):
    """Another process has taken the task over: this one must stop, and has nothing to mend."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """A response to write."""

    result: SimulationResult
    row: dict[str, Any]


class Sql:
    """Records to the store. Made by `open`; close it."""

    def __init__(self, database: Database, target: Target, on_trouble: Callable[[str], None] | None = None) -> None:
        self._target = target
        self._writer: Writer[Record | _Finished] = Writer(database, self._flush, on_trouble=on_trouble)
        self._finished: set[str] = set()
        self._unfinished: dict[str, SoFar] = {}
        self._entries: Counter[str] = Counter()
        self._spent = NO_USAGE

    @classmethod
    async def open(
        cls,
        database: Database,
        target: Target,
        *,
        retry_errors: bool = False,
        on_trouble: Callable[[str], None] | None = None,
    ) -> Self:
        """The recorder, with what earlier runs recorded.

        Conversations that a ceiling cut short go on, and with `retry_errors` those that failed, or whose rating did,
        too: their responses go back to the journal.
        """
        made = cls(database, target, on_trouble)
        async with database.writing() as connection:
            await made._reopen(connection, CUT | ERRORS if retry_errors else CUT, unrated=retry_errors)
            await made._read(connection)
        return made

    async def _reopen(self, connection: Connection, terminations: frozenset[str], *, unrated: bool) -> None:
        target = self._target
        known = await responses.keys(connection, target.experiment_id)
        again = [
            row
            for row in known
            if suffix_of(row["key"]) == target.suffix
            and (row["termination"] in terminations or (unrated and row["unrated"]))
        ]
        for start in range(0, len(again), _AT_ONCE):
            ids = [row["id"] for row in again[start : start + _AT_ONCE]]
            chosen = responses.Filter(ids=tuple(ids))
            found, _ = await responses.page(
                connection, target.project_id, chosen, offset=0, limit=len(ids), count=len(ids)
            )
            entries = []
            for row in found:
                failed = str(row["error"] or "not_judged") if row["termination"] not in CUT else ""
                so_far = reopened(row["result"], failed)
                entries.append(self._journal_row(row["key"], target_cell(row), row["epoch"], reopened_entry(so_far)))
            await turns.forget(connection, target.experiment_id, [row["key"] for row in found])
            await turns.append(connection, entries)
            await responses.remove(connection, ids)
            await experiments.count_up(
                connection,
                target.experiment_id,
                finished=-len(found),
                failed=-sum(row["error"] is not None for row in found),
                rated=-sum(not row["error"] and not row["unrated"] for row in found),
                spent_usd=-sum(row["cost_usd"] or 0.0 for row in found),
                now=target.now(),
            )

    async def _read(self, connection: Connection) -> None:
        experiment_id = self._target.experiment_id
        for usage in await responses.usages(connection, experiment_id):
            self._spent = sum((Usage.from_dict(used) for used in usage.values()), self._spent)
        self._finished = {row["key"] for row in await responses.keys(connection, experiment_id)}
        for key, entry in await turns.of_experiment(connection, experiment_id):
            self._unfinished[key] = followed(self._unfinished.get(key, NOTHING), orjson.loads(entry))
            self._entries[key] += 1
        self._spent = sum((one.usage for one in self._unfinished.values()), self._spent)

    @property
    def spent(self) -> Usage:
        return self._spent

    @property
    def finished(self) -> int:
        return 0 if self._target.suffix else len(self._finished)

    @property
    def unfinished(self) -> int:
        return len(self._unfinished)

    @property
    def rating_version(self) -> str:
        """An experiment is rated as its snapshot says: there is nothing to compare."""
        return ""

    def is_finished(self, key: str) -> bool:
        return key + self._target.suffix in self._finished

    def strangers(self, keys: Iterable[str]) -> int:  # noqa: ARG002 - the protocol
        """None: an experiment's responses are its own."""
        return 0

    def begin(self) -> None: ...

    def so_far(self, key: str) -> SoFar:
        return self._unfinished.get(key + self._target.suffix, NOTHING)

    async def turn(self, spec: Spec, turn: Turn, beside: Mapping[str, Usage] | None = None) -> None:
        await self._write(spec, turn_entry(turn, beside))

    async def ended(self, spec: Spec, ended: Ended, beside: Mapping[str, Usage] | None = None) -> None:
        await self._write(spec, ended_entry(ended, beside))

    async def restart(self, spec: Spec) -> None:
        self._unfinished[spec.key + self._target.suffix] = self.so_far(spec.key).restarted()
        await self._write(spec, RESTART)

    async def repeat(self, spec: Spec, attempt: Attempt, beside: Mapping[str, Usage] | None = None) -> None:
        await self._write(spec, repeat_entry(attempt, beside))

    async def finish(self, result: SimulationResult) -> None:
        await self._writer.write(_Finished(result, finished_row(result, self.so_far(result.key))))
        key = result.key + self._target.suffix
        self._unfinished.pop(key, None)
        self._entries.pop(key, None)

    async def close(self) -> None:
        """Commit what is left and end."""
        await self._writer.close()

    async def _write(self, spec: Spec, entry: Entry) -> None:
        key = spec.key + self._target.suffix
        await self._writer.write(self._journal_row(key, self._target.cell_at(spec.index), spec.epoch, entry))

    def _journal_row(self, key: str, cell: Cell, epoch: int, entry: Entry) -> Record:
        row = {
            "experiment_id": self._target.experiment_id,
            "key": key,
            "row_id": cell.row_id,
            "persona_id": cell.persona_id,
            "epoch": epoch,
            "seq": self._entries[key],
            "entry": dumped(entry),
        }
        self._entries[key] += 1
        return row

    async def _flush(self, connection: Connection, items: Sequence[Record | _Finished]) -> None:
        target = self._target
        if not await tasks.still_owned(connection, target.task_id, target.owner, now=target.now()):
            raise TaskLost("another process has taken this experiment over")
        await turns.append(connection, [item for item in items if not isinstance(item, _Finished)])
        if done := [item for item in items if isinstance(item, _Finished)]:
            await self._flush_results(connection, done)

    async def _flush_results(self, connection: Connection, done: Sequence[_Finished]) -> None:
        target = self._target
        rows = [response_row(target, item.result, item.row) for item in done]
        ids = await responses.insert(connection, rows)
        new = [(item.result, row) for item, row in zip(done, rows, strict=True) if row["key"] in ids]
        await ratings.insert(
            connection, [one for result, row in new for one in rating_rows(target, ids[row["key"]], result.ratings)]
        )
        await turns.forget(connection, target.experiment_id, [row["key"] for row in rows])
        rated = sum(row["error"] is None and not row["unrated"] for _, row in new)
        failed = sum(row["error"] is not None for _, row in new)
        spent_usd = sum(row["cost_usd"] or 0.0 for _, row in new)
        await experiments.count_up(
            connection,
            target.experiment_id,
            finished=len(new),
            failed=failed,
            rated=rated,
            spent_usd=spent_usd,
            now=target.now(),
        )
        await tasks.advance(connection, target.task_id, done=len(new), rated=rated)


def suffix_of(key: str) -> str:
    """What stands behind the keys of responses that one task made beside the plan. Blank: it is of the plan."""
    _, mark, rest = key.partition("~")
    return mark + rest


def target_cell(row: Record) -> Cell:
    """The cell of a response."""
    return Cell(row["row_id"], row["persona_id"], row["persona_version"])


def response_row(target: Target, result: SimulationResult, row: Mapping[str, Any]) -> Record:
    """The response for a result. `row` is the result as a result file has it."""
    cell = target.cell_at(result.index)
    bot = result.usage.get("bot", NO_USAGE)
    known = bot.calls > 0
    latencies = [turn.latency_ms for turn in result.conversation.turns if turn.role == "assistant" and turn.latency_ms]
    verdicts = Counter(rating.verdict for rating in result.ratings)
    return {
        "project_id": target.project_id,
        "experiment_id": target.experiment_id,
        "key": result.key + target.suffix,
        "row_id": cell.row_id,
        "persona_id": cell.persona_id,
        "persona_version": cell.persona_version,
        "epoch": result.epoch,
        "termination": result.conversation.termination,
        "error": result.error,
        "goal_achieved": result.goal_achieved,
        "passed": verdicts[True],
        "not_passed": verdicts[False],
        "unrated": verdicts[None],
        "turns": result.turns,
        "duration_s": sum(latencies) / 1000 if latencies else None,
        "input_tokens": bot.input_tokens if known else None,
        "output_tokens": bot.output_tokens if known else None,
        "reasoning_tokens": bot.reasoning_tokens if known else None,
        "cached_tokens": bot.cached_tokens if known else None,
        "cost_usd": result.cost_usd,
        "annotation": "",
        "result": row,
        "usage": row.get("usage") or {},
        "validity": row.get("validity"),
        "created_at": target.now(),
    }


def rating_rows(target: Target, response_id: int, found: Sequence[Rating]) -> list[Record]:
    """The ratings of one response, one per criterion."""
    return [
        {
            "response_id": response_id,
            "experiment_id": target.experiment_id,
            "criterion_id": asked.id,
            "criterion_version": asked.version,
            "criterion_str": asked.text,
            "label": asked.label,
            "rating": None if rating.verdict is None else "YES" if rating.verdict else "NO",
            "error": rating.error or None,
            "reasoning": rating.reasoning,
            "quotes": [quote.as_dict() for quote in rating.quotes],
            "rater": target.rater[:340],
            "is_manual": False,
            "generation_metadata": None,
            "created_at": target.now(),
        }
        for asked, rating in zip(target.criteria, found, strict=True)
    ]
