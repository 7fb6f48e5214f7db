"""Many patterns at the price of few: each stands beside signs without which it finds nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from personae.core.text import has_any

Rule = tuple[Sequence[str], str]
"""Signs in lower case, of which one stands in whatever the pattern finds, and the pattern."""


class Phrases:
    """Patterns for texts in lower case. To look for a sign is some hundred times cheaper than to try a pattern."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = [(tuple(signs), pattern) for signs, pattern in rules]
        self._signs = tuple(dict.fromkeys(sign for signs, _ in self.rules for sign in signs))

    def may_be_in(self, text: str) -> bool:
        """Whether any sign is in a text. Where none is, `search` finds nothing in any part of it."""
        return has_any(text, self._signs)

    def search(self, text: str) -> re.Match[str] | None:
        """What stands first in the text, of all that the patterns find."""
        first: re.Match[str] | None = None
        for signs, pattern in self.rules:
            found = _compiled(pattern).search(text) if has_any(text, signs) else None
            if found and (first is None or found.start() < first.start()):
                first = found
        return first


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Made when its sign is first met: few are in any run, and to make all of them takes longer than a conversation."""
    return re.compile(pattern, re.MULTILINE)
