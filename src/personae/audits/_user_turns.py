"""The user-turn fingerprint: 19 numbers that say how a user talked in one conversation.

Source: "Persona Policies", arXiv 2605.12894, and its package `ppol` 0.1.1 (see `_phrases`)
Idea:   how long, how often short, polite, formal, and so on; each is a mean over the user's messages or a share of
        them, so that conversations of any length can be held against each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from math import fsum, sqrt

from personae.audits._phrases import ACKNOWLEDGES, SAYS, identifiers

GROUPS: Mapping[str, tuple[str, ...]] = {
    "communication style": (
        "words_per_turn",
        "short_utterance_rate",
        "politeness_rate",
        "formality_rate",
        "acknowledgment_rate",
        "verbosity_cv",
        "repetition_rate",
        "identity_confusion_rate",
    ),
    "information disclosure": ("front_loading_ratio", "identifiers_per_turn", "opening_length"),
    "clarification": (
        "uncertainty_rate",
        "certainty_rate",
        "pushback_rate",
        "clarification_question_rate",
        "info_seeking_rate",
    ),
    "reaction to errors": ("emotional_expression_rate", "accusatory_rate", "strategy_pivot_rate"),
}
"""The features, in the paper's four groups D1 to D4."""
FEATURES: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
Fingerprint = tuple[float, ...]
"""One number for each of FEATURES, in their order."""

_WORD = re.compile(r"\w+")
_SHORT = 3
"""Words of a message that is short."""
_OFTEN = 3
"""More often than this in one conversation, three words in a row are a repetition."""


def fingerprint(messages: Sequence[str]) -> Fingerprint:
    """The fingerprint of a user's messages, none of them blank. All 0 where there are none."""
    if not messages:
        return (0.0,) * len(FEATURES)
    lower = [message.lower() for message in messages]
    words = [_WORD.findall(text) for text in lower]
    lengths = [len(own) for own in words]
    count, total = len(messages), sum(lengths)
    found = {name: sum(1 for text in lower if said.search(text)) / count for name, said in SAYS.items()}
    found |= {
        "words_per_turn": total / count,
        "short_utterance_rate": sum(length <= _SHORT for length in lengths) / count,
        "acknowledgment_rate": sum(bool(ACKNOWLEDGES.fullmatch(text.strip().lower())) for text in messages) / count,
        "verbosity_cv": _variation(lengths),
        "repetition_rate": _repetition(words),
        "front_loading_ratio": sum(lengths[:2]) / total if total else 0.0,
        "identifiers_per_turn": sum(map(identifiers, messages)) / count,
        "opening_length": float(lengths[0]),
    }
    return tuple(found[name] for name in FEATURES)


def _variation(lengths: Sequence[int]) -> float:
    """Standard deviation (of the population) over mean; 0 for one message or none with words."""
    mean = sum(lengths) / len(lengths)
    if len(lengths) < 2 or not mean:
        return 0.0
    return sqrt(fsum((length - mean) ** 2 for length in lengths) / len(lengths)) / mean


def _repetition(words: Sequence[Sequence[str]]) -> float:
    """The share of messages with three words in a row that stand too often in the conversation."""
    triples = [list(zip(own, islice(own, 1, None), islice(own, 2, None), strict=False)) for own in words]
    counts = Counter(triple for own in triples for triple in own)
    return sum(any(counts[triple] > _OFTEN for triple in own) for own in triples) / len(words)
