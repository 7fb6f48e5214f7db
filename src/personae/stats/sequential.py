"""May one look after every conversation, and stop when sure? A test of a rate that keeps its error rate all the way.

Source: Robbins 1970, "Statistical Methods Related to the Law of the Iterated Logarithm", section 4 (mixtures); Ville
        1939; Ramdas, Grünwald, Vovk and Shafer 2023, "Game-Theoretic Statistics and Safe Anytime-Valid Inference"
Idea:   how much better does a rate that is not known, with the prior Beta(1/2, 1/2), explain the answers than the rate
        `bound` does? That ratio is a fair game where `bound` is true: the chance that it ever reaches 1/a is a at most
        (Ville's inequality). So it may be looked at after each answer, for as long as one likes. The rates that the
        ratio does not speak against are a confidence sequence, of which all values hold at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from personae.stats.intervals import LEVEL

Decision = Literal["above", "below"]
_PRIOR = 0.5


@dataclass(slots=True)
class RateTest:
    """Is a rate above or below `bound` (0 to 1)? Answers are added one by one; the first decision stands."""

    bound: float
    level: float = LEVEL
    """1 - `level` is the chance, at most, that the decision is ever wrong."""
    yes: int = 0
    n: int = 0
    decision: Decision | None = None

    def add(self, answer: bool) -> None:  # noqa: FBT001 - the answer is what is added
        self.n += 1
        self.yes += answer
        if self.decision is None and self.evidence() >= -math.log(1 - self.level):
            self.decision = "above" if self.yes >= self.bound * self.n else "below"

    def evidence(self, rate: float | None = None) -> float:
        """The logarithm of the e-value against `rate` (the bound where none is named); infinite against what cannot be.

        ln B(1/2 + yes, 1/2 + no) - ln B(1/2, 1/2) - yes ln(rate) - no ln(1 - rate)
        """
        rate, no = self.bound if rate is None else rate, self.n - self.yes
        if (self.yes and rate <= 0) or (no and rate >= 1):
            return math.inf
        likelihood = (self.yes * math.log(rate) if self.yes else 0.0) + (no * math.log(1 - rate) if no else 0.0)
        return _log_beta(_PRIOR + self.yes, _PRIOR + no) - _log_beta(_PRIOR, _PRIOR) - likelihood

    def interval(self) -> tuple[float, float]:
        """The confidence sequence at this moment: it holds the rate, at `level`, at all moments at once."""
        if not self.n:
            return 0.0, 1.0
        share = self.yes / self.n
        return self._edge(share, 0.0), self._edge(share, 1.0)

    def _edge(self, inside: float, outside: float) -> float:
        most = -math.log(1 - self.level)
        if self.evidence(outside) < most:
            return outside
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self.evidence(middle) < most else (inside, middle)
        return (inside + outside) / 2


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
