"""How far the judge agrees with people, as the server tells it."""

from __future__ import annotations

from typing import Any

from personae.sdk.decisions import Estimate
from personae.sdk.nouns import Received


class CriterionAgreement(Received):
    """One criterion, as one version of the judge answered it."""

    criterion: str
    """Its label, else its question; `goal`."""
    judge: dict[str, Any]
    """Model, mode, and the versions of criterion and prompts: what the numbers hold for."""
    n: int
    """Responses with an answer of the judge and one that people agree on."""
    kappa: Estimate
    alpha: Estimate
    """Among the people."""
    sensitivity: Estimate
    specificity: Estimate
    judge_rate: Estimate
    corrected_rate: Estimate
    """The share that people would call YES."""
    disagreements: tuple[dict[str, Any], ...]
    """Each with its `response_id`, the judge's answer and the people's."""


class Agreement(Received):
    """What the labels of an experiment say of its judge."""

    criteria: tuple[CriterionAgreement, ...]
    problems: tuple[str, ...]
    """What could not be used, and what the numbers cannot tell."""
    disclaimer: str
