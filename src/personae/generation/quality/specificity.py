"""Specificity: does a query tell of somebody's situation, or could it stand in a list of frequent questions?

Idea: five signs that a text comes from a person: it speaks of oneself; it names an amount, a number or a date; it says
      when or how often; it gives a reason or a circumstance; it takes its time (12 words or more). The share of the
      signs is the score. It counts words and understands nothing: it can be fooled, and it is the same for everybody.
      The signs are English, so that of other languages nothing is said.
"""

from __future__ import annotations

import re

from personae.llm.offline.words import STOPWORDS

_SELF = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|we're|we've|us|our|ours)\b")
_NUMBER = re.compile(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred|thousand)\b")
_WHEN = re.compile(
    r"\b(?:today|tonight|yesterday|tomorrow|now|just|already|again|twice|once|still|ago|since|until|weeks?|months?|"
    r"years?|days?|hours?|minutes?|mornings?|evenings?|weekend|always|usually|recently|lately|soon|upcoming|before|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|april|june|july|august|september|october|november|"
    r"december)\b"
)
_WHY = re.compile(
    r"\b(?:because|since|so that|so i|but|although|though|while|when|after|before|if i|as i|in case|otherwise|due to|"
    r"despite|even though|instead|without)\b"
)
LONG_WORDS = 12
LEAST_ENGLISH = 0.15
"""Share of words that are of the commonest English ones, below which a text is taken for another language."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")  # noqa: RUF001 - a typographic apostrophe
SIGNS = (
    "speaks of oneself",
    "a number or an amount",
    "when or how often",
    "a reason or circumstance",
    "12 words or more",
)


def is_english(text: str) -> bool:
    """Whether enough of its words are common English ones; so is a text of fewer than four words."""
    words = [word.lower() for word in _WORD.findall(text)]
    return len(words) < 4 or sum(word in STOPWORDS for word in words) / len(words) >= LEAST_ENGLISH


def signs(query: str) -> tuple[str, ...]:
    """Which of `SIGNS` the query shows."""
    text = query.lower().replace("’", "'")  # noqa: RUF001 - a typographic apostrophe
    shown = (
        _SELF.search(text),
        _NUMBER.search(text),
        _WHEN.search(text),
        _WHY.search(text),
        len(_WORD.findall(text)) >= LONG_WORDS,
    )
    return tuple(name for name, found in zip(SIGNS, shown, strict=True) if found)


def specificity(query: str) -> float | None:
    """The share of the five signs that it shows, 0 to 1; None where it is not English."""
    return len(signs(query)) / len(SIGNS) if is_english(query) else None
