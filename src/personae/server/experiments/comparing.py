"""Two experiments counted against each other: here, or where there are many conversations by a process of its own.

Counting holds the interpreter's lock for seconds, and every page would wait for it again and again. The other process
runs `answer` of this module: it is told on its input, reads the database itself, and sends what it found.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from personae.errors import InputError, PersonaeError
from personae.experiments.compare import Comparing
from personae.experiments.comparison import OUTCOMES, Comparison, Pair, Unpaired
from personae.server.experiments.criterion_names import ids_by_name
from personae.server.experiments.result_rows import Reads, fed
from personae.store import experiments
from personae.store.columns import Record
from personae.store.engine import Database

log = logging.getLogger(__name__)
MANY = 2_000
"""Conversations of both from which on another process is worth its start."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison of two experiments, with the responses that its pairs are made of."""

    found: Comparison
    experiment_ids: tuple[int, int]
    """Before and after."""
    before_ids: Mapping[str, int]
    """The responses' ids by key, in the experiment before."""
    after_ids: Mapping[str, int]
    criterion_ids: tuple[Mapping[str, int], Mapping[str, int]]
    """Of the criteria by name, before and after."""

    def response_ids(self, one: Pair | Unpaired) -> tuple[int | None, int | None]:
        """Before and after; None where there is no such conversation."""
        before, after = one.before_key, one.after_key
        return (
            None if before is None else self.before_ids[before],
            None if after is None else self.after_ids[after],
        )

    def as_dict(self, most: int) -> dict[str, Any]:
        """As the API tells it: at most so many pairs of each outcome, and so many unpaired conversations."""
        before, after = self.experiment_ids
        data = self.found.summary()
        data["before"] |= {"experiment_id": before}
        data["after"] |= {"experiment_id": after}
        data["differences"] = [one | self._criteria(one["kind"], one["name"]) for one in data["differences"]]
        pairs = [pair for outcome in OUTCOMES for pair in islice(self.found.of(outcome), most)]
        data["paired_conversations"] = [self.with_ids(pair) for pair in pairs]
        data["unpaired_conversations"] = [self.with_ids(one) for one in self.found.unpaired[:most]]
        return data

    def _criteria(self, kind: str, name: str) -> dict[str, int | None]:
        before, after = (known.get(name) if kind == "criterion" else None for known in self.criterion_ids)
        return {"before_criterion_id": before, "after_criterion_id": after}

    def with_ids(self, one: Pair | Unpaired) -> dict[str, Any]:
        """One of them as the API tells it."""
        before, after = self.response_ids(one)
        return one.as_dict() | {"before_response_id": before, "after_response_id": after}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which two experiments, as `store.experiments.named` gives them, and how."""

    before: Record
    after: Record
    correction: str

    @property
    def has_many(self) -> bool:
        return int(self.before["finished"] + self.after["finished"]) > MANY


async def counted(reads: Reads, asked: Asked) -> Compared:
    """The comparison, made here. Raises InputError for what cannot be read or told apart."""
    comparing = Comparing(correction=asked.correction)
    before_ids = await fed(reads, asked.before, comparing.add_before)
    after_ids = await fed(reads, asked.after, comparing.add_after)
    async with reads.reading() as connection:
        before, after = [
            ids_by_name(await experiments.criteria_asked(connection, one["id"])) for one in (asked.before, asked.after)
        ]
    names = asked.before["name"], asked.after["name"]
    found = await asyncio.to_thread(comparing.finish, names, force=True)
    return Compared(found, (asked.before["id"], asked.after["id"]), before_ids, after_ids, (before, after))


async def counted_elsewhere(database: Database, asked: Asked) -> Compared:
    """The same, made by another process; by this one where the other one cannot be started, or comes to nothing."""
    program = f"from {__name__} import answer; answer()"
    try:
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        log.warning("no other process to compare in, so it is done here: %s", error)
        return await counted(database, asked)
    try:
        sent, said = await other.communicate(pickle.dumps((database.address, asked)))
    finally:
        if other.returncode is None:  # nobody waits for it any more
            other.kill()
    if other.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        log.warning("the process that compares ended by %s, so it is done here: %s", other.returncode, last)
        return await counted(database, asked)
    found: Compared | InputError = await asyncio.to_thread(pickle.loads, sent)
    if isinstance(found, InputError):
        raise found
    return found


def answer() -> None:
    """What the other process does."""
    gc.disable()  # it ends soon
    address, asked = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own program wrote it
    sys.stdout.buffer.write(pickle.dumps(asyncio.run(_answer(address, asked)), pickle.HIGHEST_PROTOCOL))


async def _answer(address: str, asked: Asked) -> Compared | PersonaeError:
    database = Database(address)
    try:
        return await counted(database, asked)
    except InputError as error:
        return error
    finally:
        await database.close()
