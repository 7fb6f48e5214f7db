"""What the criteria of a snapshot are called in result files: by their labels, or else by their questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def labels(asked: Sequence[Mapping[str, Any]]) -> list[str]:
    """One for each, told apart by a number where some are alike; blank where there is none."""
    known: Counter[str] = Counter()
    found = []
    for one in asked:
        label = one.get("label") or ""
        known[label] += 1
        found.append(f"{label} ({known[label]})" if label and known[label] > 1 else label)
    return found


def ids_by_name(asked: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Which criterion it is that a rating in a result file is called after."""
    return {label or one["criterion_str"]: one["id"] for label, one in zip(labels(asked), asked, strict=True)}
