"""Near-copies of texts, found through an index: the cost of a text grows with how many are like it, not with the set.

Source: Charikar 2002 (SimHash; 3 of 64 bits as in HACHIMI, arXiv 2603.04855); Broder 1997 (resemblance); Li, Owen and
        Zhang 2012 and Shrivastava 2017 (minimum per bin of one hash, empty bins filled by another's)
Idea:   two texts are near where their SimHashes differ in few bits, or where words and pairs of words in them are
        mostly the same. (HACHIMI takes 3-grams of characters, of which any two English texts have a third in common;
        in scripts without spaces each character is a word here.) What shares 16 of the 64 bits in one place, or a band
        of minima, is compared; nothing else is. Whoever differs in at most 3 bits shares one of 4 quarters for sure; of
        texts with 70 % in common 99 % share a band. A part that very many share, as by a template, says little: it
        leads to the first of them alone, and the likeliest candidates are compared.
Cost:   some 0.3 ms a text of 500 characters, and 3 KB. No dependency, the same on every machine.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

LOOKED_AT = 20_000
"""Characters of one text that are compared."""
BITS = 64
_QUARTER = 16
_BINS, _ROWS = 64, 4
_MOST_SHARING, _MOST_COMPARED = 64, 24
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_MIX, _MASK = 0x9E3779B97F4A7C15, (1 << BITS) - 1
_SPREAD = tuple(b"".join(b"\1\0" if byte >> bit & 1 else b"\0\0" for bit in range(8)) for byte in range(256))
"""Each byte with its bits as numbers of 16 bits."""


class Near(NamedTuple):
    """A text that is known, and how near it is."""

    key: str
    bits: int
    """Bits of the SimHash that differ, 0 to 64."""
    shared: float
    """Share of the words and pairs of words of both that they have in common (Jaccard), 0 to 1."""


class Pair(NamedTuple):
    """Two texts that are near each other."""

    one: str
    other: str
    bits: int
    shared: float


@dataclass(frozen=True, slots=True)
class Print:
    """What a text is known by."""

    simhash: int
    parts: bytes
    """Its distinct words and pairs of words, as hashes of 32 bits."""
    minima: tuple[int, ...]
    """The smallest hash in each bin."""

    @property
    def distinct(self) -> Set[int]:
        """Its parts, to compare others with."""
        return frozenset(memoryview(self.parts).cast("I"))

    def shared_with(self, distinct: Set[int]) -> float:
        """The share of all words and pairs of this and another text that both have, 0 to 1."""
        own = memoryview(self.parts).cast("I")
        common = len(distinct & frozenset(own))
        return common / (len(own) + len(distinct) - common) if own or distinct else 1.0


@lru_cache(maxsize=50_000)
def _word(word: str) -> int:
    """A word's hash of 64 bits."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _features(text: str) -> Counter[int]:
    """The words of `text` and their pairs, as hashes of 64 bits."""
    words = [_word(word) for word in _WORD.findall(text[:LOOKED_AT].casefold())]
    found = Counter(words)
    found.update((one * _MIX + other) & _MASK for one, other in pairwise(words))
    return found


def print_of(text: str) -> Print:
    """The print of `text`: case, white space and punctuation do not count."""
    features = _features(text)
    total = 0
    for feature, count in features.items():  # 64 counters of 16 bits in one number; no text is long enough to fill one
        total += count * int.from_bytes(b"".join(map(_SPREAD.__getitem__, feature.to_bytes(8, "little"))), "little")
    ones = array("H", total.to_bytes(2 * BITS, "little"))
    if sys.byteorder == "big":
        ones.byteswap()
    half = features.total() / 2
    simhash = sum(1 << place for place, one in enumerate(ones) if one >= half)
    hashes = [feature & 0xFFFFFFFF for feature in features]
    return Print(simhash, array("I", hashes).tobytes(), _minima(hashes))


def _minima(hashes: Iterable[int]) -> tuple[int, ...]:
    """The smallest hash in each bin; an empty bin has that of the next bin that is not."""
    smallest: dict[int, int] = {}
    for value in hashes:
        place = value % _BINS
        if value < smallest.get(place, 1 << 32):
            smallest[place] = value
    found = [smallest.get(place, -1) for place in range(_BINS)]
    known = next((value for value in found if value >= 0), 0)
    for place in range(_BINS - 1, -1, -1):
        if found[place] < 0:
            found[place] = known
        known = found[place]
    return tuple(found)


def hamming(one: int, other: int) -> int:
    """In how many bits two SimHashes differ."""
    return (one ^ other).bit_count()


@dataclass(slots=True)
class NoveltyGate:
    """Lets through what is new: texts that are near none of those it let through before."""

    most_bits: int = 3
    """Texts are near whose SimHashes differ in so many bits or fewer; at most 3 are found for sure."""
    least_shared: float = 0.7
    """And texts that share so much of their words and pairs of words or more, 0 to 1."""
    _known: dict[str, Print] = field(default_factory=dict)
    _bands: dict[tuple[int, ...], list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._known)

    def admit(self, key: str, text: str) -> Near | None:
        """None where `text` is new: it is known from now on, as `key`. Else the nearest text that is known."""
        found = print_of(text)
        near = self._near(found)
        if near:
            return min(near, key=lambda one: (-one.shared, one.bits, one.key))
        self._add(key, found)
        return None

    def near(self, text: str) -> list[Near]:
        """Known texts that `text` is near, at most 24."""
        return self._near(print_of(text))

    def add(self, key: str, text: str) -> None:
        """`text` is known from now on, whatever it is near."""
        self._add(key, print_of(text))

    def pairs(self, key: str, text: str) -> list[Near]:
        """Known texts that `text` is near; it is known from now on, too."""
        found = print_of(text)
        near = self._near(found)
        self._add(key, found)
        return near

    def _near(self, one: Print) -> list[Near]:
        candidates = Counter(key for band in _bands(one) for key in self._bands.get(band, ()))
        near, parts = [], one.distinct
        for key, _ in candidates.most_common(_MOST_COMPARED):
            other = self._known[key]
            bits, shared = hamming(one.simhash, other.simhash), other.shared_with(parts)
            if bits <= self.most_bits or shared >= self.least_shared:
                near.append(Near(key, bits, shared))
        return near

    def _add(self, key: str, one: Print) -> None:
        self._known[key] = one
        for band in _bands(one):
            sharing = self._bands.setdefault(band, [])
            if len(sharing) < _MOST_SHARING:
                sharing.append(key)


def _bands(one: Print) -> Iterator[tuple[int, ...]]:
    """The parts by which a text is looked up: quarters of its SimHash, and bands of its minima."""
    for place in range(0, BITS, _QUARTER):
        yield place, one.simhash >> place & 0xFFFF
    for place in range(0, _BINS, _ROWS):
        yield (_BINS + place, *one.minima[place : place + _ROWS])


def near_pairs(texts: Iterable[tuple[str, str]], *, most_bits: int = 3, least_shared: float = 0.7) -> list[Pair]:
    """Pairs of near texts among (key, text), those that share most first; at most 24 for each text."""
    gate = NoveltyGate(most_bits, least_shared)
    found = [Pair(near.key, key, near.bits, near.shared) for key, text in texts for near in gate.pairs(key, text)]
    return sorted(found, key=lambda pair: (-pair.shared, pair.bits, pair.one, pair.other))
