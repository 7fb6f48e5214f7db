"""Texts as vectors, by their words and parts of words: no model, no download, the same on every machine.

Source: Weinberger and others 2009 (feature hashing); word parts as in fastText, Bojanowski and others 2017
Idea:   each word and each of its 4-grams is a dimension; the less it says, the less it weighs. Alike are texts that
        share words or forms of a word. What only means the same is not seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from math import fsum, sqrt

Vector = Mapping[str, float]
"""Weights by feature, of length 1; empty for a text without words."""

_WORD = re.compile(r"[^\W_]+")
_GRAM = 4
_WHOLE = 1.0
"""What a whole word weighs, beside 1 for all of its parts together."""
_LITTLE = frozenset(
    """a an and are as at be been but by can could did do does for from had has have he her hers him his how i if in
    into is it its me my no not of off on or our own she so than that the their them then there these they this those
    to too up us was we were what when where which who why will with would you your""".split()  # noqa: SIM905 - reads better here
)
"""English words that say nothing of what a text is about."""


def vector(text: str) -> Vector:
    """What `text` is about, as a vector."""
    weights: dict[str, float] = {}
    for word, count in Counter(_WORD.findall(text.casefold())).items():
        if len(word) < 2 or word in _LITTLE:
            continue
        for feature, weight in _features(word):
            weights[feature] = weights.get(feature, 0.0) + weight * sqrt(count)
    length = sqrt(fsum(weight * weight for weight in weights.values()))
    return {feature: weight / length for feature, weight in weights.items()} if length else {}


@lru_cache(maxsize=50_000)
def _features(word: str) -> tuple[tuple[str, float], ...]:
    padded = f"<{word}>"
    grams = {padded[place : place + _GRAM] for place in range(max(1, len(padded) - _GRAM + 1))}
    share = 1 / sqrt(len(grams))
    return ((f"={word}", _WHOLE), *((gram, share) for gram in sorted(grams)))


def cosine(one: Vector, other: Vector) -> float:
    """How alike two vectors are, 0 to 1."""
    if len(one) > len(other):
        one, other = other, one
    return min(1.0, fsum(weight * other.get(feature, 0.0) for feature, weight in one.items()))


def mean(vectors: Iterable[Vector]) -> Vector:
    """The direction between several vectors; empty where there is none."""
    weights: dict[str, float] = {}
    for one in vectors:
        for feature, weight in one.items():
            weights[feature] = weights.get(feature, 0.0) + weight
    length = sqrt(fsum(weight * weight for weight in weights.values()))
    return {feature: weight / length for feature, weight in weights.items()} if length else {}


def point(one: Vector, dimensions: int = 32) -> tuple[float, ...]:
    """The vector in few dimensions, in which distances are about as they were: each feature is a random direction."""
    found = [0.0] * dimensions
    for feature, weight in one.items():
        signs = _signs(feature)
        scale = weight / sqrt(dimensions)
        for place in range(dimensions):
            found[place] += scale if signs >> place & 1 else -scale
    return tuple(found)


@lru_cache(maxsize=100_000)
def _signs(feature: str) -> int:
    return int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
