"""A taxonomy from mined paths: those that say the same are put together, and what is no path is left out.

Source: DeepPersona, arXiv 2511.07338 (merge by a threshold of likeness, then validation). Likeness is by words here.
Idea:   the paths most often named stand first; each other one joins the first of its category that is as like it as the
        threshold asks, or stands by itself. Candidates are found by the parts of words that they share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from personae.generation.taxonomy import AttributePath, Taxonomy
from personae.stats.vectors import Vector, vector

LONGEST_PART = 60
MOST_PARTS = 4


def parts_of(text: str, categories: Sequence[str] = ()) -> AttributePath:
    """The parts of a path, its category as `categories` spells it; empty where it is no path.

    A path has two to four parts without digits (those belong to values), and begins with one of the categories.
    """
    parts = [" ".join(part.split()) for part in text.replace("/", ">").split(">")]
    if not 2 <= len(parts) <= MOST_PARTS:
        return ()
    if any(not part or len(part) > LONGEST_PART or any(map(str.isdigit, part)) for part in parts):
        return ()
    spelled = {name.casefold(): name for name in categories}
    if categories and parts[0].casefold() not in spelled:
        return ()
    return (spelled.get(parts[0].casefold(), parts[0]), *parts[1:])


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging."""

    taxonomy: Taxonomy
    times: dict[AttributePath, int]
    """How often each was named, in any of its forms."""
    joined: dict[AttributePath, AttributePath] = field(default_factory=dict)
    """Which path stands for which other one."""
    left_out: tuple[str, ...] = ()
    """What is no path."""


def merge(texts: Iterable[str], threshold: float = 0.85, least: int = 1) -> Merged:
    """The taxonomy of paths that were named at least `least` times, with those alike put together.

    `threshold`: likeness from which two paths of a category are one, 0 to 1.
    """
    counts: Counter[AttributePath] = Counter()
    spelling: dict[tuple[str, ...], AttributePath] = {}
    left_out = []
    for text in texts:
        if parts := parts_of(text):
            counts[spelling.setdefault(tuple(part.casefold() for part in parts), parts)] += 1
        else:
            left_out.append(text)
    found = _Found(threshold)
    for path in sorted(counts, key=lambda path: (-counts[path], path)):
        found.take(path, counts[path])
    kept = sorted((path for path, times in found.times.items() if times >= least), key=_order(counts))
    return Merged(Taxonomy(tuple(kept)), found.times, found.joined, tuple(dict.fromkeys(left_out)))


def _order(counts: Counter[AttributePath]) -> _Order:
    totals: Counter[AttributePath] = Counter()
    for path, times in counts.items():
        for depth in range(1, len(path) + 1):
            totals[path[:depth]] += times
    return _Order(totals)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is named more often comes first, on each level."""

    totals: Counter[AttributePath]

    def __call__(self, path: AttributePath) -> tuple[tuple[int, str], ...]:
        return tuple((-self.totals[path[:depth]], path[depth - 1]) for depth in range(1, len(path) + 1))


@dataclass(slots=True)
class _Found:
    """Paths that stand by themselves, and an index of them by the features of their words."""

    threshold: float
    times: dict[AttributePath, int] = field(default_factory=dict)
    joined: dict[AttributePath, AttributePath] = field(default_factory=dict)
    _index: defaultdict[tuple[str, str], list[tuple[AttributePath, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def take(self, path: AttributePath, count: int) -> None:
        own = vector(" ".join(path[1:]))
        like = self._like(path[0].casefold(), own)
        if like is not None:
            self.times[like] += count
            self.joined[path] = like
            return
        self.times[path] = count
        for feature, weight in own.items():
            self._index[path[0].casefold(), feature].append((path, weight))

    def _like(self, category: str, own: Vector) -> AttributePath | None:
        likeness: dict[AttributePath, float] = {}
        for feature, weight in own.items():
            for other, theirs in self._index.get((category, feature), ()):
                likeness[other] = likeness.get(other, 0.0) + weight * theirs
        best = max(likeness, key=lambda other: likeness[other], default=None)
        return best if best is not None and likeness[best] >= self.threshold - 1e-9 else None
