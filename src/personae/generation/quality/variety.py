"""Variety: how much the texts of a set differ from each other, each number with its interval.

Source: seeds/002 (naive queries beside profile-driven ones); Li et al. 2016 (distinct-n); Tukey 1958 (jackknife)
Idea:   *difference*: one minus the words that two texts share, averaged over all pairs; *distinct words and pairs* at
        equal length, since longer sets repeat more; *near-copies*; and *specificity* of each. Texts of one set depend
        on each other, so intervals come from leaving out one text at a time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from statistics import NormalDist, fmean

from personae.core.seed import derive
from personae.generation.quality.specificity import specificity
from personae.llm.offline.words import content, tokens
from personae.stats.intervals import Estimate, mean, undefined, wilson
from personae.stats.similarity import Pair, near_pairs

MOST_COMPARED = 400
"""Of larger sets so many are drawn by seed to compare all pairs."""
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a set of texts."""

    name: str
    estimate: Estimate
    what: str
    more_is: str
    """What a larger value means: `varied`, `specific`, `repeated`, or nothing in particular."""


def measures(texts: Sequence[str], *, words: int | None = None, seed: int = 0) -> list[Measure]:
    """The numbers of a set. `words`: take only so many, drawn by seed, for distinct words; see `compared`."""
    return [
        Measure("difference", difference(texts, seed), "mean share of words that two texts do not share", "varied"),
        Measure("distinct words", distinct(texts, 1, words, seed), "of all words, those that differ", "varied"),
        Measure(
            "distinct pairs", distinct(texts, 2, words, seed), "of all pairs of words, those that differ", "varied"
        ),
        Measure("near-copies", copies(texts), "texts that are nearly another one's", "repeated"),
        Measure("specificity", _specificity(texts), "signs of a person's own situation, of five", "specific"),
        Measure("length", mean([(float(len(tokens(text))), 1) for text in texts]), "words of a text", ""),
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of two sets, and how far they are apart."""

    name: str
    what: str
    more_is: str
    first: Estimate
    second: Estimate
    difference: Estimate
    """Second less first."""

    @property
    def winner(self) -> int:
        """1 or 2: the set that is better in this for sure; 0 where nobody can tell, or neither is better."""
        low, high = self.difference.low, self.difference.high
        if not self.more_is or low is None or high is None or low <= 0 <= high:
            return 0
        is_second = (low > 0) != (self.more_is == "repeated")
        return 2 if is_second else 1


def compared(first: Sequence[str], second: Sequence[str], *, seed: int = 0) -> list[Compared]:
    """Both sets' numbers, distinct words at the length of the shorter set, and the differences with their intervals."""
    words = min(sum(len(tokens(text)) for text in texts) for texts in (first, second))
    pairs = zip(measures(first, words=words, seed=seed), measures(second, words=words, seed=seed), strict=True)
    return [
        Compared(a.name, a.what, a.more_is, a.estimate, b.estimate, _apart(a.estimate, b.estimate)) for a, b in pairs
    ]


def _apart(first: Estimate, second: Estimate) -> Estimate:
    """The difference of two independent estimates, by the square-and-add rule (Newcombe 1998, Zou and Donner 2008)."""
    if first.value is None or second.value is None:
        return undefined(first.reason or second.reason)
    value = second.value - first.value
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Estimate(value, None, None, first.n + second.n, first.reason or second.reason)
    down = math.hypot(second.value - second.low, first.high - first.value)
    up = math.hypot(second.high - second.value, first.value - first.low)
    return Estimate(value, value - down, value + up, first.n + second.n)


def difference(texts: Sequence[str], seed: int = 0) -> Estimate:
    """Mean over all pairs of one minus the share of words in common (Jaccard of stems), 0 to 1."""
    if len(texts) < 2:
        return undefined("takes two texts or more")
    if len(texts) > MOST_COMPARED:
        texts = Random(derive(seed, "compared")).sample(list(texts), MOST_COMPARED)
    words = [content(text) for text in texts]
    sums = [0.0] * len(words)
    for one, mine in enumerate(words):
        for other in range(one):
            theirs = words[other]
            common = len(mine & theirs)
            apart = 1 - common / (len(mine) + len(theirs) - common) if mine or theirs else 0.0
            sums[one] += apart
            sums[other] += apart
    n, total = len(words), sum(sums) / 2
    value = total / (n * (n - 1) / 2)
    if n < 3:
        return Estimate(value, None, None, n, "two texts have no interval")
    left_out = [(total - own) / ((n - 1) * (n - 2) / 2) for own in sums]
    return _jackknife(value, left_out, bounds=(0.0, 1.0))


def distinct(texts: Sequence[str], size: int, words: int | None = None, seed: int = 0) -> Estimate:
    """Distinct runs of `size` words over all of them, 0 to 1; of texts drawn by seed, `words` words in all."""
    order = list(range(len(texts)))
    Random(derive(seed, "distinct")).shuffle(order)
    chosen, taken = [], 0
    for place in order:
        if words is not None and taken >= words:
            break
        found = tokens(texts[place])
        chosen.append(Counter(found if size == 1 else pairwise(found)))
        taken += len(found)
    total: Counter[object] = Counter()
    for own in chosen:
        total.update(own)
    if not total:
        return undefined("there are no words")
    value = len(total) / total.total()
    if len(chosen) < 3:
        return Estimate(value, None, None, len(chosen), "fewer than three texts have no interval")
    left_out = []
    for own in chosen:
        gone = sum(total[word] == count for word, count in own.items())
        rest = total.total() - own.total()
        left_out.append((len(total) - gone) / rest if rest else value)
    return _jackknife(value, left_out, bounds=(0.0, 1.0))


def _jackknife(value: float, left_out: Sequence[float], bounds: tuple[float, float]) -> Estimate:
    n, middle = len(left_out), fmean(left_out)
    spread = math.sqrt((n - 1) / n * sum((one - middle) ** 2 for one in left_out))
    low, high = max(bounds[0], value - _Z * spread), min(bounds[1], value + _Z * spread)
    return Estimate(value, low, high, n, clusters=n)


def copies(texts: Sequence[str]) -> Estimate:
    """The share of texts that are nearly an earlier one."""
    return copies_among(near_pairs((str(place), text) for place, text in enumerate(texts)), len(texts))


def copies_among(pairs: Iterable[Pair], first: int) -> Estimate:
    """The same of the first so many texts, from near pairs by their places."""
    if not first:
        return undefined("there are no texts")
    repeated = len({pair.other for pair in pairs if int(pair.other) < first})
    low, high = wilson(repeated, first)
    return Estimate(repeated / first, low, high, first, clusters=first)


def _specificity(texts: Sequence[str]) -> Estimate:
    scores = [score for score in map(specificity, texts) if score is not None]
    if not scores:
        return undefined("the signs are English, and no text is")
    return mean([(score, 1) for score in scores], bounds=(0.0, 1.0))
