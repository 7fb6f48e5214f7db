"""What people should label: the ratings that say most about the judge, drawn by seed.

Source: Neyman 1938 (sampling in strata); Ohlsson 1995 (one random number for each unit, kept over all samples)
Idea:   an even share of what the judge called YES and NO, and in each of doubtful ratings (a quote that is nowhere) and
        firm ones, because errors are told by kind and are rare in a random sample. Within a kind it is chance alone, so
        `rating.check` can weight back. Each conversation has one random number for all criteria, so that one transcript
        that was read serves many of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.rating.check import is_doubtful, is_unfair, questions

K = TypeVar("K")
Kind = tuple[bool, bool]
"""The judge's verdict, and whether it is doubtful."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question to a person: does this conversation meet this criterion?"""

    key: str
    criterion: str


@dataclass(slots=True)
class _Smallest:
    """The `most` conversations with the smallest random numbers, of those that went by."""

    most: int
    heap: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, key: str) -> None:
        entry = (-number, key)
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, entry)
        else:
            heapq.heappushpop(self.heap, entry)

    @property
    def keys(self) -> list[str]:
        return [key for _, key in sorted(self.heap, reverse=True)]


def draw(
    results: Iterable[SimulationResult],
    *,
    n: int,
    seed: int,
    rater: str = "",
    overlap: float = 1.0,
    criteria: Collection[str] = (),
) -> list[Item]:
    """`n` items of each criterion (of `criteria` alone, where some are named), in the order to be asked.

    The first `overlap` (0 to 1) of each criterion's are the same for all raters, the others are drawn by `rater`.
    Fewer where there are not so many ratings. Results are read once, and never held.
    """
    common, own = seed, derive(seed, "rater", rater)
    found: dict[str, dict[Kind, tuple[_Smallest, _Smallest]]] = {}
    for result in results:
        if is_unfair(result):
            continue
        numbers = derive(common, result.key), derive(own, result.key)
        for name, rating in questions(result):
            if rating.verdict is None or (criteria and name not in criteria):
                continue
            kinds = found.setdefault(name, {})
            kind = rating.verdict, is_doubtful(rating)
            pools = kinds.setdefault(kind, (_Smallest(n), _Smallest(2 * n)))
            for pool, number in zip(pools, numbers, strict=True):
                pool.add(number, result.key)
    shared: list[Item] = []
    single: list[Item] = []
    of_all = round(n * overlap)
    for name, kinds in found.items():
        chosen = _spread({kind: pools[0].keys for kind, pools in kinds.items()}, of_all)
        shared += [Item(key, name) for key in chosen]
        others = {kind: [key for key in pools[1].keys if key not in chosen] for kind, pools in kinds.items()}
        single += [Item(key, name) for key in _spread(others, n - of_all)]
    return _by_conversation(shared, common) + _by_conversation(single, own)


def _spread(kinds: Mapping[Kind, list[str]], n: int) -> set[str]:
    """`n` keys, as evenly over verdicts, and in each over doubtful and firm, as there are enough of each."""
    by_verdict = {
        verdict: sum(len(keys) for kind, keys in kinds.items() if kind[0] is verdict) for verdict in (True, False)
    }
    chosen: set[str] = set()
    for verdict, count in _shares(by_verdict, n).items():
        own = {kind: len(keys) for kind, keys in kinds.items() if kind[0] is verdict}
        for kind, part in _shares(own, count).items():
            chosen.update(kinds[kind][:part])
    return chosen


def _shares(sizes: Mapping[K, int], n: int) -> dict[K, int]:
    """`n` divided evenly; what one has too few for goes to the others."""
    shares: dict[K, int] = {}
    left = n
    for place, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[name] = min(size, left // (len(sizes) - place))
        left -= shares[name]
    return shares


def _by_conversation(items: list[Item], seed: int) -> list[Item]:
    return sorted(items, key=lambda item: (derive(seed, "order", item.key), item.key))
