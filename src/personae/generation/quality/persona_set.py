"""How good is a set of personas: coverage, collapse, near-copies, quotas, diversity against size, readability.

Source: the measures of DeepPersona (attribute coverage), HACHIMI (quotas, near-duplicates, distinct words) and of the
        studies that found generated populations to collapse (45 of 45 personas with "high agreeableness")
Idea:   count what the personas say of themselves. An attribute that nearly all share is called out, unless a target
        wants it so; near-copies are shown as pairs; what the set holds at a half and a quarter of its size shows
        whether more personas still bring anything new.
Cost:   no model call.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from personae.core.persona import Persona
from personae.generation.quality.contradictions import contradictions, facts_of, number_of
from personae.generation.quality.corpus import Corpus, corpus
from personae.generation.quality.specificity import is_english
from personae.generation.quality.variety import copies_among, difference, distinct
from personae.stats.distances import jensen_shannon, kolmogorov_smirnov, kullback_leibler, wasserstein
from personae.stats.intervals import Estimate, mean, undefined
from personae.stats.similarity import Pair, near_pairs

COLLAPSED = 0.9
"""Share of one value from which an attribute is called out."""
LEAST_TO_COLLAPSE = 10
"""Personas with the attribute, below which nothing is called out."""
MOST_VALUES = 12
Targets = Mapping[str, Mapping[str, float]]
"""By attribute, the share that each value, or each range such as `18-30`, should have."""
_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|—|\.\.|to)\s*(-?\d+(?:\.\d+)?)\s*")  # noqa: RUF001 - dashes
_SYLLABLE = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the personas say of one attribute."""

    name: str
    covered: int
    """Personas that have it."""
    distinct: int
    top: tuple[tuple[str, int], ...]
    """The commonest values."""
    evenness: float | None
    """Entropy of the values beside the largest that so many values could have, 0 to 1; None with one value."""
    is_collapsed: bool


@dataclass(frozen=True, slots=True)
class Quota:
    """An attribute against its target shares."""

    name: str
    rows: tuple[tuple[str, float, float], ...]
    """Value, target share, share reached."""
    ks: float | None
    """None, as the others, where no persona has any of the values."""
    wasserstein: float | None
    """In steps of the values' order in the target."""
    jensen_shannon: float | None
    kullback_leibler: float | None
    """In nats, of counts and targets with one added to each."""
    missing: int
    """Personas that have none of the values."""


@dataclass(frozen=True, slots=True)
class Size:
    """The set's first so many personas."""

    personas: int
    difference: Estimate
    distinct_pairs: Estimate
    near_copies: Estimate


@dataclass(frozen=True, slots=True)
class PersonaSet:
    """What was found."""

    personas: int
    kinds: Mapping[str, int]
    methods: Mapping[str, int]
    attributes: tuple[Attribute, ...]
    traits: tuple[tuple[str, int], ...]
    topics_missing: tuple[str, ...]
    same_text: int
    """Personas whose description is word by word another's."""
    pairs: tuple[Pair, ...]
    quotas: tuple[Quota, ...]
    sizes: tuple[Size, ...]
    reading_ease: Estimate
    """Flesch's: 100 is very easy, 0 very hard."""
    words: Estimate
    corpus: Corpus
    contradictions: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    """What must not be overlooked."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data = asdict(self)
        data["pairs"] = [pair._asdict() for pair in self.pairs]
        return data


def look_at(personas: Sequence[Persona], targets: Targets | None = None, topics: Sequence[str] = ()) -> PersonaSet:
    """The numbers of a set of one persona or more."""
    facts = [facts_of(persona) for persona in personas]
    texts = [persona.description for persona in personas]
    attributes = _attributes(facts, targets or {})
    traits = Counter(trait.casefold() for persona in personas for trait in set(persona.traits))
    near = near_pairs((str(place), text) for place, text in enumerate(texts))
    pairs = [pair._replace(one=personas[int(pair.one)].name, other=personas[int(pair.other)].name) for pair in near]
    known = {str(fact.get("topic", "")).casefold() for fact in facts}
    found = [(persona.name, what) for persona in personas for what in contradictions(persona)]
    sizes = _sizes(texts, near)
    quotas = tuple(_quota(name, wanted, facts) for name, wanted in (targets or {}).items())
    missing = tuple(topic for topic in topics if topic.casefold() not in known)
    return PersonaSet(
        personas=len(personas),
        kinds=dict(Counter(persona.kind or "not said" for persona in personas)),
        methods=dict(Counter(one.provenance.method if one.provenance else "not said" for one in personas)),
        attributes=attributes,
        traits=tuple(traits.most_common(MOST_VALUES)),
        topics_missing=missing,
        same_text=len(texts) - len({" ".join(text.casefold().split()) for text in texts}),
        pairs=tuple(pairs),
        quotas=quotas,
        sizes=sizes,
        reading_ease=_reading_ease(texts),
        corpus=corpus(texts),
        words=mean([(float(len(text.split())), 1) for text in texts]),
        contradictions=tuple(found),
        warnings=tuple(_warnings(attributes, traits, len(personas), pairs, sizes, missing, found, quotas)),
    )


def _attributes(facts: Sequence[Mapping[str, object]], targets: Targets) -> tuple[Attribute, ...]:
    values: dict[str, Counter[str]] = {}
    for fact in facts:
        for name, value in fact.items():
            values.setdefault(name, Counter())[str(value)] += 1
    return tuple(
        _attribute(name, counts, targets.get(name))
        for name, counts in sorted(values.items(), key=lambda one: -one[1].total())
    )


def _attribute(name: str, counts: Counter[str], wanted: Mapping[str, float] | None) -> Attribute:
    total = counts.total()
    (value, most), *_ = counts.most_common(1)
    entropy = -math.fsum(count / total * math.log(count / total) for count in counts.values())
    largest = math.log(min(len(counts), total)) if len(counts) > 1 else 0.0
    is_wanted = wanted is not None and wanted.get(value, 0.0) >= COLLAPSED
    return Attribute(
        name,
        total,
        len(counts),
        tuple(counts.most_common(MOST_VALUES)),
        min(1.0, entropy / largest) if largest else None,
        total >= LEAST_TO_COLLAPSE and most / total >= COLLAPSED and not is_wanted,
    )


def _quota(name: str, wanted: Mapping[str, float], facts: Sequence[Mapping[str, object]]) -> Quota:
    reached = dict.fromkeys(wanted, 0)
    missing = 0
    for fact in facts:
        place = _place(fact.get(name), wanted)
        if place is None:
            missing += 1
        else:
            reached[place] += 1
    total, target = sum(reached.values()), math.fsum(wanted.values())
    rows = tuple((value, share / target, reached[value] / total if total else 0.0) for value, share in wanted.items())
    if not total:
        return Quota(name, rows, None, None, None, None, missing)
    ours = {float(place): row[2] for place, row in enumerate(rows)}
    theirs = {float(place): row[1] for place, row in enumerate(rows)}
    return Quota(
        name,
        rows,
        kolmogorov_smirnov(ours, theirs),
        wasserstein(ours, theirs),
        jensen_shannon([row[2] for row in rows], [row[1] for row in rows]),
        kullback_leibler(list(reached.values()), [row[1] for row in rows]),
        missing,
    )


def _place(value: object, wanted: Mapping[str, float]) -> str | None:
    """Which of the values or ranges a persona's value is."""
    if value is None:
        return None
    text, number = str(value).strip().casefold(), number_of(value)
    for name in wanted:
        if name.strip().casefold() == text:
            return name
        if number is not None and (match := _RANGE.fullmatch(name)) and float(match[1]) <= number <= float(match[2]):
            return name
    return None


def _sizes(texts: Sequence[str], near: Sequence[Pair]) -> tuple[Size, ...]:
    """The first eighth, quarter and half of the set, and all of it, those of 5 personas or more."""
    counts = sorted({count for part in (8, 4, 2, 1) if (count := len(texts) // part) >= 5} or {len(texts)})
    words = sum(len(text.split()) for text in texts[: counts[0]])
    return tuple(
        Size(count, difference(texts[:count]), distinct(texts[:count], 2, words), copies_among(near, count))
        for count in counts
    )


def _reading_ease(texts: Sequence[str]) -> Estimate:
    scores = []
    for text in texts:
        words = re.findall(r"[^\W\d_]+", text.lower())
        if not words or not is_english(text):
            continue
        sentences = max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))
        syllables = sum(max(1, len(_SYLLABLE.findall(word.removesuffix("e")))) for word in words)
        scores.append((206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words), 1))
    return mean(scores) if scores else undefined("the formula is for English, and no description is")


def _warnings(
    attributes: Sequence[Attribute],
    traits: Counter[str],
    n: int,
    pairs: Sequence[Pair],
    sizes: Sequence[Size],
    topics_missing: Sequence[str],
    found: Sequence[tuple[str, str]],
    quotas: Sequence[Quota],
) -> list[str]:
    lines = [
        f"collapsed: {one.top[0][1]} of {one.covered} have {one.name} {one.top[0][0]!r}"
        for one in attributes
        if one.is_collapsed
    ]
    lines += [
        f"collapsed: {count} of {n} are {trait!r}"
        for trait, count in traits.items()
        if n >= LEAST_TO_COLLAPSE and count / n >= COLLAPSED
    ]
    copied = sizes[-1].near_copies.value or 0.0
    if pairs:
        lines.append(f"near-copies: {copied:.0%} of the personas are nearly another one")
    if len(sizes) > 1 and copied > 2 * (sizes[0].near_copies.value or 0.0) and copied > 0.05:
        lines.append("the set collapses as it grows: the share of near-copies has more than doubled")
    if topics_missing:
        lines.append(f"no persona comes with: {', '.join(topics_missing[:MOST_VALUES])}")
    lines += [f"quota missed: {one.name}, {value} {share:.0%} instead of {target:.0%}" for one in quotas
              for value, target, share in one.rows if abs(share - target) > max(0.05, 1.0 / max(n, 1))]  # fmt: skip
    if found:
        lines.append(f"contradictions in {len({name for name, _ in found})} personas")
    return lines
