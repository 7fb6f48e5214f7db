"""What took long to work out and may be asked for again, kept in memory for a while."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


class Kept:
    """Values under keys that say all they depend on: after a change they are asked for under another key.

    Together they are no larger than `most`; those that nobody asked for longest go first, and the newest stays.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, tuple[Any, int]] = {}

    def get(self, key: Hashable) -> Any:
        """The value; None where it is not kept."""
        if (known := self._values.pop(key, None)) is None:
            return None
        self._values[key] = known  # the last one to go
        return known[0]

    def keep(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value of this size, in whatever unit `most` is."""
        self._values[key] = value, size
        while len(self._values) > 1 and sum(size for _, size in self._values.values()) > self._most:
            del self._values[next(iter(self._values))]
