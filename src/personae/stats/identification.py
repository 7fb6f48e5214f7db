"""How well probabilities over candidates name the right one: top-1, rank, Brier score, expected calibration error.

Source: Brier 1950; Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3 (ECE); PersonaEval
        (arXiv 2508.10014)
Idea:   each answer is the probabilities of all candidates, the right one first known afterwards. Candidates that were
        given the same probability share the mean of their ranks, and a shared first place counts as that share of one.
Note:   PersonaEval's published code breaks ties by the order of the options, and keeps only four of five of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

BINS = 20
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Guess:
    """Probabilities of the candidates, which sum to 1, and the place of the right one among them."""

    probabilities: tuple[float, ...]
    right: int


def top_1(guess: Guess) -> float:
    """1 where the right candidate has the highest probability, 1/k where k candidates share it, else 0."""
    best = max(guess.probabilities)
    winners = [place for place, share in enumerate(guess.probabilities) if best - share <= _SAME]
    return 1 / len(winners) if guess.right in winners else 0.0


def rank(guess: Guess) -> float:
    """Place of the right candidate from 1, by probability; the mean of the places where several have the same."""
    own = guess.probabilities[guess.right]
    above = sum(share > own + _SAME for share in guess.probabilities)
    same = sum(abs(share - own) <= _SAME for share in guess.probabilities)
    return above + (same + 1) / 2


def brier(guess: Guess) -> float:
    """The mean over candidates of (probability - 1 if it is the right one)^2, 0 to 1; less is better."""
    errors = ((share - (place == guess.right)) ** 2 for place, share in enumerate(guess.probabilities))
    return fsum(errors) / len(guess.probabilities)


def calibration_error(guesses: Sequence[Guess], bins: int = BINS) -> float | None:
    """ECE: by how much confidence (the highest probability) and the share of right answers part, 0 to 1; None of none.

    The mean over `bins` equal intervals (low, high] of confidence, weighted by how many answers fall into each.
    """
    if not guesses:
        return None
    filled: dict[int, list[tuple[float, float]]] = {}
    for guess in guesses:
        confidence = max(guess.probabilities)
        place = max(0, -int(-(confidence * bins) // 1) - 1)
        filled.setdefault(min(place, bins - 1), []).append((confidence, top_1(guess)))
    gaps = (abs(fsum(sure for sure, _ in each) - fsum(right for _, right in each)) for each in filled.values())
    return fsum(gaps) / len(guesses)
