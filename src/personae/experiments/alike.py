"""Messages that are alike: those that differ in numbers alone are counted as one, and not all of them are kept."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from personae.core.text import whole
from personae.experiments.report_data import Message

_MOST = 50
"""Different ones; all others are counted together."""
_LONGEST = 300


@dataclass(slots=True)
class Alike:
    """Messages that differ in numbers alone, counted as one; the first of each stands for it."""

    texts: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, message: str, count: int = 1) -> None:
        """So many of one message."""
        text = whole(message).strip()[:_LONGEST] or "no message"
        group = re.sub(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d[\d.,]*", "#", text)
        if group not in self.texts and len(self.texts) >= _MOST:
            group, text = "other messages", "other messages"
        self.texts.setdefault(group, text)
        self.counts[group] += count

    def merge(self, other: Alike) -> None:
        """Add the messages of rows that come after."""
        for group, count in other.counts.items():
            self.add(other.texts[group], count)

    def finish(self) -> tuple[Message, ...]:
        """Each with how many there were of its kind, most frequent first."""
        return tuple(Message(self.texts[group], count) for group, count in self.counts.most_common())
