"""The step of `generation.conversations`: facts and wishes are sentences of the user; manner is counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from personae.llm.offline.words import read, tokens

_FACT = re.compile(r"\b(?:i'm an?|i am an?|i have|i've got|i live|i work|my (?:wife|husband|son|daughter|job))\b")
_WISH = re.compile(
    r"\b(?:want|need|would like|can you|could you|please|how (?:do|can|much|long)|where|when|why|help|refund|cancel)\b"
)
_MOST = 5


@dataclass(frozen=True, slots=True)
class DescribeUser:
    """Who is the user who wrote these messages, and what did they want?"""

    said: Sequence[str]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        sentences = [
            (number, one) for number, text in enumerate(self.said, 1) for one in read(text).sentences if one.words
        ] or [(1, one) for one in read(self.said[0]).sentences]
        facts = [(turn, one) for turn, one in sentences if _FACT.search(one.lower)][:_MOST]
        wishes = [(turn, one) for turn, one in sentences if one.asks or _WISH.search(one.lower)][:2] or sentences[:1]
        length = sum(len(tokens(text)) for text in self.said) / len(self.said)
        how = "short" if length < 8 else "long" if length > 30 else "middling"
        first = sentences[0][1].quote if sentences else self.said[0][:100]
        return {
            "objective": [
                {"about": "fact", "text": f"They say: {one.quote}", "turn": turn, "quote": one.quote}
                for turn, one in facts
            ],
            "subjective": [
                {"about": "language", "level": "", "text": f"Writes {how} messages.", "turn": 1, "quote": first},
                {"about": "extraversion", "level": "high" if length > 30 else "medium" if length > 8 else "low",
                 "text": f"Talks as their {how} messages suggest.", "turn": 1, "quote": first},
            ],
            "goals": [
                {"goal": one.quote, "expected_outcome": f"The assistant dealt with this: {one.quote}", "known_info": "",
                 "turn": turn, "quote": one.quote}
                for turn, one in wishes
            ],
        }  # fmt: skip
