"""How much the texts of a set repeat themselves and each other: the corpus numbers of HACHIMI.

Source: HACHIMI (arXiv 2603.04855): distinct-n by text, Self-BLEU-2 (Zhu et al. 2018), SimHash distances and templates
        over sampled pairs
Idea:   what is quadratic is counted over texts and pairs that are drawn by seed. Words and pairs of words where HACHIMI
        counts characters of Chinese; in templates, which are about form, its characters, by threes.
Cost:   some three seconds for any larger set.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from random import Random
from statistics import fmean

from personae.core.seed import derive
from personae.llm.offline.words import tokens
from personae.stats.similarity import hamming, print_of

MOST_TEXTS, REFERENCES, MOST_PAIRS = 500, 20, 20_000
"""Texts of which Self-BLEU is the mean, others that each is held against, and pairs that are looked at."""
TEMPLATED = 0.8
"""From when on two texts share so many of their runs of three characters that they fill in one form."""
_NOTHING = 1e-9
"""In place of a precision of 0, whose logarithm there is not."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The numbers of a set; None where there are too few texts."""

    distinct_words: float | None
    """Of a text's words, the share that differ, 0 to 1: the mean over texts (Distinct-1)."""
    distinct_pairs: float | None
    """The same of pairs of words (Distinct-2)."""
    self_bleu: float | None
    """How well others' words and pairs of words make up a text, 0 to 1 (Self-BLEU-2): 1 is a copy."""
    bits_apart: float | None
    """Bits of their SimHashes, 0 to 64, in which two texts differ: the mean over pairs."""
    least_bits_apart: int | None
    """Of the pairs that were looked at."""
    templated: float | None
    """Share of pairs that fill in one form."""
    pairs: int
    """So many were looked at."""


def corpus(texts: Sequence[str], seed: int = 0) -> Corpus:
    """The numbers of `texts`, the same for the same seed."""
    words = [found for text in texts if (found := tokens(text))]
    longer = [own for own in words if len(own) > 1]
    pairs = _pairs(len(texts), Random(derive(seed, "corpus pairs")))
    marks = {place: print_of(texts[place]).simhash for place in {place for pair in pairs for place in pair}}
    threes = {place: _threes(texts[place]) for place in marks}
    apart = [hamming(marks[one], marks[other]) for one, other in pairs]
    alike = [_shared(threes[one], threes[other]) >= TEMPLATED for one, other in pairs]
    return Corpus(
        distinct_words=fmean(len(set(own)) / len(own) for own in words) if words else None,
        distinct_pairs=fmean(len(set(pairwise(own))) / (len(own) - 1) for own in longer) if longer else None,
        self_bleu=_self_bleu(words, Random(derive(seed, "corpus texts"))),
        bits_apart=fmean(apart) if apart else None,
        least_bits_apart=min(apart, default=None),
        templated=fmean(alike) if alike else None,
        pairs=len(pairs),
    )


def _pairs(n: int, draw: Random) -> list[tuple[int, int]]:
    """All pairs of places, or so many of them that are drawn; of no more texts than their prints take a second for."""
    places = draw.sample(range(n), min(n, 4 * MOST_TEXTS))
    if len(places) * (len(places) - 1) // 2 <= MOST_PAIRS:
        return list(combinations(places, 2))
    found: set[tuple[int, int]] = set()
    while len(found) < MOST_PAIRS:
        one, other = draw.sample(places, 2)
        found.add((min(one, other), max(one, other)))
    return sorted(found)


def _threes(text: str) -> frozenset[str]:
    plain = " ".join(text.casefold().split())[:4_000]
    return frozenset(plain[start : start + 3] for start in range(len(plain) - 2))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common) if one or other else 1.0


def _self_bleu(words: Sequence[list[str]], draw: Random) -> float | None:
    """The mean over texts of the BLEU-2 of each against some others."""
    if len(words) < 2:
        return None
    counted = {place: _grams(words[place]) for place in range(len(words))} if len(words) <= MOST_TEXTS else {}
    scores = []
    for place in draw.sample(range(len(words)), min(len(words), MOST_TEXTS)):
        others = draw.sample(range(len(words)), min(len(words), REFERENCES + 1))
        against = [other for other in others if other != place][:REFERENCES]
        references = [counted.get(other) or _grams(words[other]) for other in against]
        lengths = [len(words[other]) for other in against]
        scores.append(_bleu(counted.get(place) or _grams(words[place]), len(words[place]), references, lengths))
    return fmean(scores)


_Grams = tuple[Counter[str], Counter[tuple[str, str]]]


def _grams(words: Sequence[str]) -> _Grams:
    return Counter(words), Counter(pairwise(words))


def _bleu(own: _Grams, length: int, references: Sequence[_Grams], lengths: Sequence[int]) -> float:
    """Papineni et al. 2002, with words and pairs alike: clipped precisions, and the penalty for what is too short."""
    logs = []
    for size in (0, 1):
        mine = own[size]
        most: Counter[object] = Counter()
        for reference in references:
            for gram in mine.keys() & reference[size].keys():
                most[gram] = max(most[gram], reference[size][gram])  # type: ignore[index]  # both of one size
        total = mine.total()
        right = sum(min(count, most[gram]) for gram, count in mine.items())
        logs.append(math.log(max(right / total if total else 0.0, _NOTHING)))
    nearest = min(lengths, key=lambda one: (abs(one - length), one))
    penalty = 1.0 if length >= nearest else math.exp(1 - nearest / length)
    return penalty * math.exp(fmean(logs))
