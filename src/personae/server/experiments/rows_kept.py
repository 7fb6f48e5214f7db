"""The rows of a collection as an experiment takes them, kept in memory as long as nobody changes the collection.

The form of a new experiment looks at the whole plan whenever something is chosen, mostly with the rows of before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar, cast

from personae.server.kept import Kept
from personae.store import rows
from personae.store.columns import Record
from personae.store.engine import Connection

T = TypeVar("T")
MOST = 50_000_000
"""Characters that are kept of all collections, and of one."""
_OF_A_ROW = 1_000
"""Characters that a row counts for beside its texts."""


class Rows(list[Record]):
    """All rows of one version of a collection, which nobody changes."""

    def __init__(self, found: Iterable[Record]) -> None:
        super().__init__(found)
        self._made: dict[Hashable, object] = {}

    def made(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes of all the rows, made once. `what` says all that it depends on beside them."""
        if what not in self._made:
            self._made[what] = make()
        return cast("T", self._made[what])

    @property
    def size(self) -> int:
        """In characters, roughly."""
        return sum(_OF_A_ROW + sum(map(len, filter(_is_text, row["input_values"].values()))) for row in self)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


async def rows_of(connection: Connection, collection: Record, kept: Kept | None) -> Rows:
    """All rows of the collection, in the version that it is in now: each change of a row makes the next one."""
    key = collection["id"], collection["version"]
    found: Rows | None = None if kept is None else kept.get(key)
    if found is None:
        found = Rows(await rows.copies(connection, collection["id"]))
        if kept is not None and (size := found.size) <= MOST:
            kept.keep(key, found, size)
    return found
