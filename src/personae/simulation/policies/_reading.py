"""Reading a message for a detector: cue phrases, sentences, and the exact values that a text holds."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 8_000
"""Characters of one text that are read."""
_SENTENCES = re.compile(r"(?<=[.!?\u2026\u3002])\s+|\n+")
_WORDS = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_BETWEEN = re.compile(r"[\s#(),;\"\u201c\u201d<>\[\]]+")
_EXACT = re.compile(r"[\d@]")
_ASKS = re.compile(
    r"\?|\b(?:please (?:\w+ ){0,2}?(?:provide|give|share|send|tell|enter|confirm|state|specify)|(?:i(?:'ll| will)?|we)"
    r" (?:just |only |also )?need (?:your|the|to know)|let me know|tell me (?:your|the|which|what|when|where|more))\b"
)
_OFFERS = re.compile(
    r"\b(?:anything|something|what) else\b|\bhow (?:can|may|could) (?:i|we) (?:help|assist)\b"
    r"|\bwhat can (?:i|we) (?:do|help)\b|\b(?:other|more|further) questions?\b"
)


def plain(text: str) -> str:
    """Lower case with straight apostrophes, its first 8,000 characters."""
    return text[:LONGEST].lower().replace("\u2019", "'")


def words(text: str) -> list[str]:
    """The words of a text that went through `plain`, or any other."""
    return _WORDS.findall(text[:LONGEST])


def sentences(text: str) -> list[str]:
    return [part for part in _SENTENCES.split(text[:LONGEST]) if part.strip()]


def cues(*phrases: str) -> re.Pattern[str]:
    """One pattern for phrases, which are regular expressions on plain text, each from word to word."""
    return re.compile(r"(?<!\w)(?:" + "|".join(phrases) + r")(?!\w)")


@lru_cache(maxsize=4_096)
def values(text: str) -> frozenset[str]:
    """What in a text is exact: numbers, codes, dates and addresses of e-mail, each as `canonical` writes it."""
    if not _EXACT.search(text):
        return frozenset()
    found = (canonical(part) for part in _BETWEEN.split(text[:LONGEST]) if _EXACT.search(part))
    return frozenset(value for value in found if len(value) > 1)


def canonical(value: str) -> str:
    """Letters and digits alone, in lower case: `#W-123` and `w123` are the same order."""
    return "".join(char for char in value.casefold() if char.isalnum())


@lru_cache(maxsize=4_096)
def asks(text: str) -> bool:
    """Does a turn of the bot ask the user for something, other than what else it can do for them?"""
    return any(_ASKS.search(sentence) and not _OFFERS.search(sentence) for sentence in sentences(plain(text)))
