"""The rate of YES as people would give it, from a judge who errs and a few labels of people.

Source: Rogan and Gladen 1978 (the estimate); Lang and Reiczigel 2014, "Confidence limits for prevalence of disease
        adjusted for estimated sensitivity and specificity" (its interval); Begg and Greenes 1983, Tenenbein 1970
        (labels drawn by the judge's verdict)
Idea:   with a judge checked elsewhere, turn his rate back by sensitivity and specificity. With labels of this very run,
        take in each stratum (such as: the judge said YES) the share that people call YES, weighted by the stratum's
        size; with two strata that is the same number, and stays right however many of each were labelled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from personae.stats.intervals import LEVEL, Estimate, undefined

_USELESS = 1e-9


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the run from which labels were drawn at random."""

    size: int
    """Conversations in it."""
    labelled: int
    yes: float
    """How many of the labelled ones people call YES."""


def rogan_gladen(
    yes: float, n: int, sensitivity: tuple[float, float], specificity: tuple[float, float], level: float = LEVEL
) -> Estimate:
    """(rate + specificity - 1) / (sensitivity + specificity - 1), held between 0 and 1; interval by Lang & Reiczigel.

    `yes` of `n` is what the judge said; sensitivity and specificity are (share, labels it rests on), checked on other
    conversations. Undefined where the judge is no better than a coin.
    """
    (se, se_n), (sp, sp_n) = sensitivity, specificity
    if not n:
        return undefined("the judge rated nothing")
    if not se_n or not sp_n:
        return Estimate(None, None, None, n, "sensitivity or specificity rests on no label", level=level)
    if se + sp - 1 <= _USELESS:
        return Estimate(None, None, None, n, "the judge tells YES from NO no better than chance", level=level)
    value = _held((yes / n + sp - 1) / (se + sp - 1))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    wide_n, se_wide, sp_wide = n + z * z, se_n + 2, sp_n + 2
    rate = (yes + z * z / 2) / wide_n
    se, sp = (se * se_n + 1) / se_wide, (sp * sp_n + 1) / sp_wide
    if se + sp - 1 <= _USELESS:
        reason = "too few labels: the judge may be no better than chance"
        return Estimate(value, None, None, n, reason, n, level)
    middle = (rate + sp - 1) / (se + sp - 1)
    se_part, sp_part = se * (1 - se) / se_wide, sp * (1 - sp) / sp_wide
    middle_moved = middle + 2 * z * z * (middle * se_part - (1 - middle) * sp_part)
    variance = rate * (1 - rate) / wide_n + middle**2 * se_part + (1 - middle) ** 2 * sp_part
    half = z / (se + sp - 1) * math.sqrt(variance)
    low, high = _held(middle_moved - half), _held(middle_moved + half)
    return Estimate(value, min(low, value), max(high, value), n, clusters=n, level=level)


def by_strata(
    strata: Sequence[Stratum], *, run_effect: float = 1.0, label_effect: float = 1.0, level: float = LEVEL
) -> Estimate:
    """The sum over strata of (its share of the run) * (share of YES among its labels), and a delta-method interval.

    Each stratum's share enters the variance with one YES and one NO added, so that a stratum in which people always
    agreed is not taken as certain; that the run itself is a sample is counted too (Tenenbein's second term).
    `run_effect`, `label_effect`: by how much repeats of one persona in one scenario widen what the run and the labels
    tell, from 1 (design effects). `n` counts labels. Undefined where a stratum has no label.
    """
    filled = [stratum for stratum in strata if stratum.size]
    total = sum(stratum.size for stratum in filled)
    if not total:
        return undefined("the judge rated nothing")
    if bare := sum(stratum.size for stratum in filled if not stratum.labelled):
        reason = f"{bare:,} of {total:,} conversations are of a kind (judged YES or NO) of which none was labelled"
        return Estimate(None, None, None, 0, reason, level=level)
    value = math.fsum(stratum.size * stratum.yes / stratum.labelled for stratum in filled) / total
    shares = [
        (stratum.size / total, (stratum.yes + 1) / (stratum.labelled + 2), stratum.labelled) for stratum in filled
    ]
    centre = math.fsum(weight * share for weight, share, _ in shares)
    within = math.fsum(weight**2 * share * (1 - share) / (labelled + 2) for weight, share, labelled in shares)
    between = math.fsum(weight * (share - centre) ** 2 for weight, share, _ in shares) / total
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(within * label_effect + between * run_effect)
    low, high = _held(centre - half), _held(centre + half)
    labelled = sum(stratum.labelled for stratum in filled)
    return Estimate(value, min(low, value), max(high, value), labelled, clusters=labelled, level=level)


def _held(value: float) -> float:
    return min(1.0, max(0.0, value))
