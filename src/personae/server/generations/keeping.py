"""Drafts and paid answers in the store, for a run that another process may have to go on with.

What is recorded in one moment is committed as one group, in a transaction that first makes sure that this process still
owns the task; see `experiments.recorders.sql`, which does the same for conversations.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from personae.core.model import Reply
from personae.core.usage import NO_USAGE, Usage
from personae.experiments.draft_file import draft_of, reply_as_dict, reply_of
from personae.experiments.recorders.sql import TaskLost
from personae.generation import Draft
from personae.server.services import Services
from personae.store import drafts, generations, tasks
from personae.store.columns import Record
from personae.store.engine import Connection
from personae.store.writer import Writer

MOST_KINDS = 50
"""Kinds of failures that are kept with their count."""
_ALIKE = 80
"""Characters of a failure's first line that say what kind it is."""


@dataclass(frozen=True, slots=True)
class _Failed:
    piece: str
    why: str


@dataclass(frozen=True, slots=True)
class _Answered:
    piece: str
    asked: str
    reply: Reply


_News = Draft | _Answered | _Failed


@dataclass
class InStore:
    """Keeps the drafts of one generation. Made by `open`; close it."""

    services: Services
    generation_id: int
    task_id: str
    owner: str
    found: dict[str, Draft] = field(default_factory=dict)
    spent: Usage = NO_USAGE
    failures: Counter[str] = field(default_factory=Counter)
    _answers: dict[tuple[str, str], deque[Reply]] = field(default_factory=dict)
    _total: Usage = NO_USAGE
    _writer: Writer[_News] = field(init=False)

    @classmethod
    async def open(
        cls, services: Services, generation: Record, task_id: str, owner: str, on_trouble: Callable[[str], None]
    ) -> Self:
        """With what earlier runs of the same generation kept."""
        spent = Usage.from_dict(generation["usage"]) if generation["usage"] else NO_USAGE
        made = cls(services, generation["id"], task_id, owner, spent=spent)
        made._writer = Writer(services.database, made._flush, on_trouble=on_trouble)
        async with services.database.reading() as connection:
            kept = await drafts.records(connection, made.generation_id)
            answered = await drafts.answers(connection, made.generation_id)
        found = (draft_of(row["record"], generation["makes"]) for row in kept)
        made.found = {draft.key: draft for draft in found if draft is not None}
        made._total = made.spent
        for row in answered:
            if row["piece"] not in made.found:
                made._answers.setdefault((row["piece"], row["asked"]), deque()).append(reply_of(row["reply"]))
        return made

    async def keep(self, made: Iterable[Draft]) -> None:
        """Keep them, those that are there already excepted. Raises TaskLost."""
        new = [draft for draft in made if draft.key not in self.found]
        self.found |= {draft.key: draft for draft in new}
        for draft in new:
            await self._writer.write(draft)

    async def answered(self, piece: str, asked: str, reply: Reply) -> None:
        """A model answered. Raises TaskLost."""
        self._total = self._total + reply.usage
        await self._writer.write(_Answered(piece, asked, reply))

    def answer(self, piece: str, asked: str) -> Reply | None:
        """What an earlier run was answered, each answer once."""
        replies = self._answers.get((piece, asked))
        return replies.popleft() if replies else None

    async def failed(self, piece: str, why: str) -> None:
        """The piece gave nothing: a later run must ask anew. Raises TaskLost."""
        kind = why.strip().split("\n", 1)[0][:_ALIKE]
        if kind in self.failures or len(self.failures) < MOST_KINDS:
            self.failures[kind] += 1
        await self._writer.write(_Failed(piece, why))

    async def close(self) -> None:
        """Commit what was handed in."""
        await self._writer.close()

    async def _flush(self, connection: Connection, news: Sequence[_News]) -> None:
        now = self.services.now()
        if not await tasks.still_owned(connection, self.task_id, self.owner, now=now):
            raise TaskLost("another process has taken the task over")
        values: dict[str, Any] = {"usage": self._total.as_dict()}
        if made := [{"key": one.key, "record": one.as_dict()} for one in news if isinstance(one, Draft)]:
            await drafts.add(connection, self.generation_id, made, now=now)
            values["made"] = len(self.found)
        if answers := [
            {"piece": one.piece, "asked": one.asked, "reply": reply_as_dict(one.reply)}
            for one in news
            if isinstance(one, _Answered)
        ]:
            await drafts.answer(connection, self.generation_id, answers)
        if pieces := [one.piece for one in news if isinstance(one, _Failed)]:
            await drafts.forget_answers(connection, self.generation_id, pieces)
            values |= {"failed": self.failures.total(), "failures": self.kinds()}
        await generations.change(connection, self.generation_id, now=now, **values)

    def kinds(self) -> list[dict[str, Any]]:
        """What went wrong, what is alike as one, the most frequent first."""
        return [{"text": text, "count": count} for text, count in self.failures.most_common()]
