"""Words: what a text says, as stems, sentences and numbers. All of it in time linear in the text.

Only the beginning of a text is looked at, so that a bot's reply of megabytes costs no more than a long one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

LOOKED_AT = 4_000
"""Characters of one text that are read."""
LONGEST_QUOTE = 240
_LONGEST_WORD = 40

_TOKEN = re.compile(r"[^\W_]*\d[^\W_]*(?:[.,]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_BREAK = re.compile(
    r"(?:(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!Mr\.)(?<!Dr\.)(?<!Ms\.)(?<!vs\.)(?<!No\.)[\"'”\u2019)\]]*\s+)"
    r"|[\n\r\u2028\u2029]+\s*(?:[-*•#>]+\s+|\d{1,2}[.)]\s+)?"
)
_UNSAYABLE = re.compile(r"[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f]+")

STOPWORDS = frozenset(
    """
    a about again all also am an and any are aren't as at be because been before being but by can could d did do
    does doing don't each either else ever for from get gets getting give given go goes going got had has have
    having he hello her here hey hi him his how however i i'd i'll i'm i've if in into is isn't it it's its itself
    just let let's like ll m make makes many may maybe me might mine more most much must my myself no nor not now of
    off ok okay on once one only or other our out over own please re really s same shall she should so some still
    such sure t than thank thanks that that's the their them then there there's these they they're thing things this
    those though through to too under until up us ve very want wants was we we'd we'll we're we've well were what
    what's when where which while who whose why will wish with within without won't would yes yet you you'd you'll
    you're you've your yours yourself able help assist happy glad sorry let know tell welcome anything something
    everything nothing
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
NEGATIONS = frozenset(
    """
    no not never cannot can't cant don't dont doesn't didn't won't isn't aren't wasn't weren't couldn't wouldn't
    shouldn't unable without nor neither hasn't haven't
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_IRREGULAR = {
    "bought": "buy", "paid": "pay", "sent": "send", "told": "tell", "took": "take", "taken": "take", "got": "get",
    "gave": "give", "lost": "lose", "said": "say", "made": "make", "kept": "keep", "broke": "break",
    "broken": "break", "chose": "choos", "chosen": "choos", "flew": "fly", "flight": "flight", "shipment": "ship",
    "policies": "polici", "policy": "polici", "cancellation": "cancel", "cancelation": "cancel", "delivery": "deliver",
    "deliveries": "deliver", "arrival": "arriv", "replacement": "replac", "e-mail": "email", "zipcode": "zip",
    "postcode": "zip", "reimburse": "refund", "reimbursement": "refund", "reimbursed": "refund", "always": "always",
    "address": "address", "business": "business", "process": "process", "wireless": "wireless", "charge": "charg",
    "price": "price", "prices": "price", "days": "day", "during": "during", "morning": "morning", "evening": "evening",
    "bus": "bus", "gas": "gas", "feed": "feed", "need": "need", "needs": "need", "string": "string", "bring": "bring",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, exactly as it stands in its text."""

    text: str
    words: frozenset[str]
    """Stems of its content words, numbers among them."""
    asks: bool
    """It ends in a question mark."""
    negated: bool

    @property
    def lower(self) -> str:
        """Its text in lower case, with straight apostrophes."""
        return lowered(self.text)

    @property
    def quote(self) -> str:
        """The part of it that can be quoted: exact words, without what cannot be written, at most 240 characters."""
        text = max(_UNSAYABLE.split(self.text), key=len).strip() if _UNSAYABLE.search(self.text) else self.text
        if len(text) <= LONGEST_QUOTE:
            return text
        return text[:LONGEST_QUOTE].rsplit(None, 1)[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that was read."""

    text: str
    """Its beginning, in lower case, with straight apostrophes."""
    sentences: tuple[Sentence, ...]
    words: frozenset[str]


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """The light stem of a lower-case word: plural, -ed, -ing and the like are cut. Numbers lose their commas."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if any(char.isdigit() for char in word):
        return word.replace(",", "").removesuffix(".00")
    word = word.removesuffix("'s").removesuffix("\u2019s")
    for suffix, least in (("ations", 4), ("ation", 4), ("ings", 3), ("ing", 3), ("ied", 3), ("ed", 3), ("ies", 3),
                          ("es", 3), ("ly", 4), ("ment", 4), ("s", 3)):  # fmt: skip
        if word.endswith(suffix) and len(word) - len(suffix) >= least and not word.endswith("ss"):
            word = word[: -len(suffix)] + ("i" if suffix in ("ied", "ies") else "")
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiousf":
        word = word[:-1]
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    if len(word) > 3 and word[-1] == "y" and word[-2] not in "aeiou":
        word = word[:-1] + "i"
    return word


def lowered(text: str) -> str:
    """`text` in lower case, with straight apostrophes."""
    return text.lower().replace("\u2019", "'")


def tokens(text: str) -> list[str]:
    """The words of `text` in lower case, in order."""
    return [word[:_LONGEST_WORD] for word in _TOKEN.findall(lowered(text[:LOOKED_AT]))]


def content(text: str) -> frozenset[str]:
    """Stems of the words of `text` that carry meaning."""
    return frozenset(stem(word) for word in tokens(text) if word not in STOPWORDS and (len(word) > 1 or word.isdigit()))


@lru_cache(maxsize=4_096)
def _read(text: str) -> Reading:
    sentences = []
    for part in split_sentences(text):
        words = tokens(part)
        stems = frozenset(stem(word) for word in words if word not in STOPWORDS and (len(word) > 1 or word.isdigit()))
        asks = part.rstrip("\"'”\u2019)]* ").endswith(("?", "？", "؟"))  # noqa: RUF001 - question marks of other scripts
        sentences.append(Sentence(part, stems, asks, not NEGATIONS.isdisjoint(words)))
    union = frozenset().union(*(sentence.words for sentence in sentences)) if sentences else frozenset[str]()
    return Reading(lowered(text), tuple(sentences), union)


def read(text: str) -> Reading:
    """The first 4,000 characters of `text`, read. Remembered, since a conversation's turns come back each turn."""
    return _read(text[:LOOKED_AT])


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of `text`, each exactly as it stands there, without white space at its ends."""
    start = 0
    for match in _BREAK.finditer(text):
        if part := text[start : match.start()].strip():
            yield part
        start = match.end()
    if part := text[start:].strip():
        yield part


def weight(word: str) -> float:
    """How much a stem counts: numbers more than words."""
    return 3.0 if any(char.isdigit() for char in word) else 1.0


def coverage(wanted: Set[str], found: Set[str]) -> float:
    """The share of `wanted` that is in `found`, 0 to 1, by weight. 0 where nothing is wanted."""
    total = hit = 0.0
    for word in wanted:
        value = weight(word)
        total += value
        if word in found:
            hit += value
    return hit / total if total else 0.0


def likeness(one: Set[str], other: Set[str]) -> float:
    """How alike two sets of stems are, 0 to 1 (Jaccard)."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def sayable(text: str) -> str:
    """`text` without what cannot be written as UTF-8 and without control characters."""
    return _UNSAYABLE.sub(" ", text)
