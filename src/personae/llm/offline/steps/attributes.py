"""The step of `generation.attributes`: by words that speak of the asker, and by nouns after `my`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from personae.llm.offline.words import LOOKED_AT, content, likeness

_MINE = re.compile(r"\bmy (?:own |new |old )?([a-z]{3,20}(?: [a-z]{3,20})?)", re.IGNORECASE)
_OF_ME = re.compile(r"\b(?:i|i'm|i've|me|my|we|our)\b", re.IGNORECASE)
_ENDS = re.compile(r" (?:is|are|was|has|and|but|that|with|for|so|to|in|on|of|who|because|from)\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mine:
    """Does a good answer depend on who asks, and on what about them?"""

    question: str
    categories: tuple[str, ...]

    def answer(self, seed: int) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        text = self.question[:LOOKED_AT]
        if not _OF_ME.search(text):
            return {"depends": "no", "paths": []}
        things = dict.fromkeys(_ENDS.sub("", match.lower()).strip() for match in _MINE.findall(text))
        about = content(text)
        category = max(self.categories, key=lambda name: likeness(content(name), about))
        paths = [f"{category} > {thing}" for thing in list(things)[:6]] or [f"{category} > own situation"]
        return {"depends": "yes" if things else "partly", "paths": paths}
