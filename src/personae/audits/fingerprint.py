"""Fingerprint: do simulated users talk like real ones?

Source: "Persona Policies", arXiv 2605.12894 (19 features, Dice agreement, Chamfer coverage, discriminator)
Idea:   each conversation becomes 19 numbers. How alike are the two means, how well does one cloud cover the other, and
        how well can the two be told apart? Different from the paper: coverage is taken over all conversations at once,
        since logs have no tasks to be matched by, and the discriminator is one of boosted stumps
        (`stats.discrimination` says why). What cannot be said of so few conversations is undefined, where the paper's
        code gives 0.
Cost:   no call; some milliseconds a conversation.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from personae.audits import Dialogue, audits
from personae.audits._user_turns import FEATURES, GROUPS, Fingerprint, fingerprint
from personae.core.conversation import DISCLAIMER
from personae.core.seed import derive
from personae.stats.clouds import column_means, coverage, dice, mean_distance, scaled, scales
from personae.stats.discrimination import cross_validated
from personae.stats.intervals import Estimate, percentile, undefined


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature in both kinds of conversation."""

    name: str
    group: str
    simulated: float
    """Mean over the simulated conversations."""
    human: float
    agreement: float
    """Dice, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How far simulated users talk like real ones."""

    simulated: int
    """Conversations."""
    human: int
    features: tuple[Feature, ...]
    agreement: dict[str, Estimate]
    """Dice agreement by group, 0 to 1, and `overall`: the mean of the groups."""
    coverage: Estimate
    """0 to 1: how well the simulated conversations cover the real ones, and stay near them."""
    discriminator: Estimate
    """The area under the curve, cross-validated: 0.5 cannot tell the two apart, 1 always can."""
    likeness: Estimate
    """Mean probability, by a discriminator that did not learn from it, that a simulated conversation is a real one."""
    left_out: dict[str, int] = field(default_factory=dict)
    """`simulated` and `human`: conversations in which the user says nothing."""
    sampled: int = 0
    """Of larger files so many conversations each were drawn for coverage and discriminator. 0: all were used."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is undefined is null with its reason."""
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "conversations": {"simulated": self.simulated, "human": self.human},
            "left_out": self.left_out,
            "sampled": self.sampled,
            "agreement": {name: one.as_dict() for name, one in self.agreement.items()},
            "coverage": self.coverage.as_dict(),
            "discriminator_auc": self.discriminator.as_dict(),
            "human_likeness": self.likeness.as_dict(),
            "features": [
                {"name": one.name, "group": one.group, "simulated": one.simulated, "human": one.human}
                | {"agreement": one.agreement}
                for one in self.features
            ],
        }


@audits.method("fingerprint")
@dataclass(frozen=True)
class UserTurnFingerprint:
    """Holds the user turns of simulated conversations against those of real ones."""

    seed: int = 0
    """Of the folds, the samples and the intervals."""
    resamples: int = 200
    """Draws for the intervals of agreement."""
    most: int = 1_000
    """Conversations of each kind for coverage and discriminator, whose effort grows with the square."""

    def study(self, simulated: Sequence[Dialogue], reference: Sequence[Dialogue]) -> Fidelity:
        """What is found. Conversations in which the user says nothing are left out, and counted."""
        own, real = ([dialogue for dialogue in kind if dialogue] for kind in (simulated, reference))
        left_out = {"simulated": len(simulated) - len(own), "human": len(reference) - len(real)}
        points, human = [fingerprint(one) for one in own], [fingerprint(one) for one in real]
        few, few_human = self._drawn(points, "simulated"), self._drawn(human, "human")
        auc, scores = cross_validated(few_human, few, seed=derive(self.seed, "folds"))
        return Fidelity(
            len(points),
            len(human),
            tuple(_features(points, human)),
            self._agreement(points, human),
            _coverage(few, few_human),
            auc,
            _mean(scores) if scores else undefined(auc.reason),
            left_out,
            self.most if max(len(points), len(human)) > self.most else 0,
        )

    def _drawn(self, points: list[Fingerprint], kind: str) -> list[Fingerprint]:
        if len(points) <= self.most:
            return points
        return random.Random(derive(self.seed, "sample", kind)).sample(points, self.most)

    def _agreement(self, points: Sequence[Fingerprint], human: Sequence[Fingerprint]) -> dict[str, Estimate]:
        """Dice by group and overall, with percentile intervals over whole conversations, both kinds drawn anew."""
        names = (*GROUPS, "overall")
        if not points or not human:
            which = "simulated" if not points else "real"
            return dict.fromkeys(names, undefined(f"there is no {which} conversation in which the user says anything"))
        values = dict(zip(names, _dice_of(points, human), strict=True))
        n = len(points) + len(human)
        if min(len(points), len(human)) < 2:
            reason = "one conversation has no interval"
            return {name: Estimate(value, None, None, n, reason, n) for name, value in values.items()}
        draw = random.Random(derive(self.seed, "agreement"))
        draws = [
            _dice_of(
                draw.choices(points, k=min(len(points), self.most)), draw.choices(human, k=min(len(human), self.most))
            )
            for _ in range(self.resamples)
        ]
        found = {}
        for (name, value), column in zip(values.items(), zip(*draws, strict=True), strict=True):
            ordered = sorted(column)
            low, high = min(value, percentile(ordered, 0.025)), max(value, percentile(ordered, 0.975))
            found[name] = Estimate(value, low, high, n, clusters=n)
        return found


def _dice_of(points: Sequence[Fingerprint], human: Sequence[Fingerprint]) -> tuple[float, ...]:
    """Agreement of the means, by group, and the mean of the groups."""
    alike = dict(zip(FEATURES, map(dice, column_means(points), column_means(human)), strict=True))
    groups = [sum(alike[name] for name in names) / len(names) for names in GROUPS.values()]
    return (*groups, sum(groups) / len(groups))


def _features(points: Sequence[Fingerprint], human: Sequence[Fingerprint]) -> list[Feature]:
    if not points or not human:
        return []
    means = dict(zip(FEATURES, zip(column_means(points), column_means(human), strict=True), strict=True))
    return [Feature(name, group, *means[name], dice(*means[name])) for group, names in GROUPS.items() for name in names]


def _coverage(points: Sequence[Fingerprint], human: Sequence[Fingerprint]) -> Estimate:
    if not points:
        return undefined("there is no simulated conversation in which the user says anything")
    if len(human) < 2:
        return undefined(f"it needs two real conversations, and there {'is 1' if human else 'are 0'}")
    means, spreads = scales(human)
    reference = scaled(human, means, spreads)
    typical = mean_distance(reference)
    if typical <= 1e-9:
        return undefined("the real conversations are all the same, so there is no distance to go by")
    value = coverage(scaled(points, means, spreads), reference, typical)
    return Estimate(value, None, None, len(points) + len(human), "it has no interval", len(points) + len(human))


def _mean(scores: Sequence[float]) -> Estimate:
    """The mean of probabilities. What discriminators learnt from one another's points has no honest interval."""
    return Estimate(sum(scores) / len(scores), None, None, len(scores), "it has no interval", len(scores))
