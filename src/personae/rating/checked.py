"""What labels say of a judge, as records: per criterion and version of the judge. `rating.check` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personae.core.rating import Rating
from personae.rating.card import Checked, JudgeVersion
from personae.rating.labels import Label
from personae.stats.agreement import Confusion
from personae.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A conversation of which the people and the judge say different things."""

    key: str
    persona: str
    scenario: str
    rating: Rating
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class RaterPair:
    """Two people's own agreement."""

    raters: tuple[str, str]
    both: int
    """Conversations that both answered by YES or NO."""
    same: int
    kappa: Estimate


@dataclass(frozen=True, slots=True)
class CriterionCheck:
    """What the labels say of one criterion, as one version of the judge answered it."""

    criterion: str
    version: JudgeVersion
    rated: int
    """Conversations with a verdict of this judge."""
    judge_rate: Estimate
    corrected: Estimate
    """The share that people would call YES, over all that the judge rated."""
    table: Confusion
    """Plain counts."""
    kappa: Estimate
    sensitivity: Estimate
    specificity: Estimate
    alpha: Estimate
    pairs: tuple[RaterPair, ...]
    raters: tuple[str, ...]
    unsure: int
    """Conversations of which nobody who labelled them was sure."""
    split: int
    """Conversations of which as many people say YES as NO."""
    unrated: int
    """Labelled conversations for which the judge gave no verdict."""
    disagreements: tuple[Disagreement, ...]

    @property
    def checked(self) -> Checked:
        """The entry of the judge card."""
        numbers = (self.kappa, self.alpha, self.sensitivity, self.specificity)
        return Checked(self.criterion, self.version, self.table.n, len(self.raters), *numbers)

    def as_dict(self) -> dict[str, Any]:
        table = {name: round(getattr(self.table, name)) for name in ("both", "judge_only", "people_only", "neither")}
        return {
            **self.checked.as_dict(),
            "raters": list(self.raters),
            "rated": self.rated,
            "judge_rate": self.judge_rate.as_dict(),
            "corrected_rate": self.corrected.as_dict(),
            "table": table,
            "rater_pairs": [
                {"raters": list(one.raters), "both": one.both, "same": one.same, "kappa": one.kappa.as_dict()}
                for one in self.pairs
            ],
            "unsure": self.unsure,
            "split": self.split,
            "unrated": self.unrated,
            "disagreements": [
                {
                    "key": one.key,
                    "persona": one.persona,
                    "scenario": one.scenario,
                    "judge": one.rating.as_dict(),
                    "people": [{"rater": said.rater, "label": said.label, "note": said.note} for said in one.labels],
                }
                for one in self.disagreements
            ],
        }


@dataclass(frozen=True, slots=True)
class Check:
    """What labels say of a result file's judge."""

    criteria: tuple[CriterionCheck, ...]
    problems: tuple[str, ...]
    """What could not be used, and what the numbers cannot tell, in words."""

    def as_dict(self) -> dict[str, Any]:
        return {"criteria": [one.as_dict() for one in self.criteria], "problems": list(self.problems)}
