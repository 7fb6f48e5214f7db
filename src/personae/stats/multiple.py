"""Many questions at once: p-values that stay honest when the best of them is picked.

Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"; Benjamini and Hochberg 1995, "Controlling
        the False Discovery Rate"
Idea:   Holm keeps the chance of any false alarm at the level, whatever the questions have to do with each other;
        Benjamini and Hochberg keep the share of false alarms among the alarms there, and find more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: max over j <= i of min(1, (m - j + 1) p(j)), p(1) the smallest."""
    count, highest = len(p_values), 0.0
    adjusted = [0.0] * count
    for place, index in enumerate(_ascending(p_values)):
        highest = max(highest, min(1.0, (count - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: min over j >= i of min(1, m p(j) / j), p(1) the smallest."""
    count, lowest = len(p_values), 1.0
    adjusted = [0.0] * count
    for place, index in reversed(list(enumerate(_ascending(p_values), 1))):
        lowest = min(lowest, p_values[index] * count / place)
        adjusted[index] = lowest
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)


CORRECTIONS: Mapping[str, Callable[[Sequence[float]], list[float]]] = {"holm": holm, "bh": benjamini_hochberg}
