"""A panel: several judges rate every transcript, the majority decides, and who said otherwise is kept.

Source: Verga et al. 2024, "Replacing Judges with Juries" (arXiv 2404.18796)
Idea:   each judge is asked as a single one would be. A judge without an answer does not vote; where as many say YES as
        NO there is no rating, with that as the reason. A metric is the mean of the judges' scores.
Cost:   one rating per judge. A single judge is no panel, and nothing of this is in its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from personae.core.conversation import Turn
from personae.core.persona import Scenario
from personae.core.rating import Rating, Score, Vote
from personae.core.usage import NO_USAGE
from personae.rating.judge import Judge, Ratings


@dataclass(frozen=True, slots=True)
class Panel(Judge):
    """A judge, and others who rate the same by the same criteria."""

    others: tuple[Judge, ...] = ()

    @property
    def members(self) -> tuple[Judge, ...]:
        return Judge(self.model, self.criteria, self.metrics, self.mode), *self.others

    async def rate(self, turns: Sequence[Turn], scenario: Scenario) -> Ratings:
        """The ratings of all, one judge after the other, so that a budget that is nearly spent is not taken twice."""
        given: dict[str, Ratings] = {}
        for member in self.members:
            given[_unused(member.name, given)] = await member.rate(turns, scenario)
        first, *_ = given.values()
        goals = {name: one.goal for name, one in given.items() if one.goal is not None}
        return Ratings(
            _majority(goals) if goals else None,
            tuple(
                _majority({name: one.criteria[place] for name, one in given.items()})
                for place in range(len(first.criteria))
            ),
            tuple(
                _mean({name: one.scores[place] for name, one in given.items()}) for place in range(len(first.scores))
            ),
            sum((one.usage for one in given.values()), NO_USAGE),
            first.sampling,
        )


def _unused(name: str, taken: Mapping[str, object]) -> str:
    """The same model may sit on the panel twice."""
    number = 2
    while name in taken:
        name, number = f"{name.removesuffix(f' #{number - 1}')} #{number}", number + 1
    return name


def _majority(ratings: Mapping[str, Rating]) -> Rating:
    votes = tuple(Vote(name, one.verdict, one.error) for name, one in ratings.items())
    yes, no = (sum(vote.verdict is verdict for vote in votes) for verdict in (True, False))
    first = next(iter(ratings.values()))
    if yes == no:
        split = f"the judges are split: {yes} YES, {no} NO"
        return Rating(first.criterion, None, error=split if yes else first.error, votes=votes)
    leading = next(one for one in ratings.values() if one.verdict is (yes > no))
    return replace(leading, votes=votes)


def _mean(scores: Mapping[str, Score]) -> Score:
    """The reason and the quotes are of the judge who scored lowest: they show what there is to see."""
    values = {name: one.value for name, one in scores.items() if one.value is not None}
    if not values:
        return next(iter(scores.values()))
    lowest = scores[min(values, key=lambda name: values[name])]
    passed = [one.passed for one in scores.values() if one.passed is not None]
    votes = passed.count(True) - passed.count(False)
    detail = {**lowest.detail, "judges": values}
    return replace(lowest, value=round(fmean(values.values()), 4), passed=votes > 0 if votes else None, detail=detail)
