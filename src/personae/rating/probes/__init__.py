"""Probes: does the judge say the same again, where nothing that matters is another? One way to ask again per file.

What a probe changes must not change the right answer, so that each flip is the judge's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from personae.core.conversation import Turn
from personae.core.room import Room
from personae.rating.judge import Judge
from personae.stats.intervals import Estimate, rate

Verdicts = Mapping[str, bool]
"""Of one conversation, by criterion; without those that got no verdict."""


class Probe(Protocol):
    """What every file of this room registers."""

    def changed(self, judge: Judge, turns: Sequence[Turn], seed: int) -> tuple[Judge, Sequence[Turn]] | None:
        """The judge and the transcript as they are asked again; None where this probe can change nothing of them."""
        ...


probes: Room[Probe] = Room("personae.rating.probes", "probe")


@dataclass(frozen=True, slots=True)
class Flips:
    """How often one criterion's verdict became another."""

    criterion: str
    """Blank: over all criteria."""
    rate: Estimate
    to_yes: int
    to_no: int

    def as_dict(self) -> dict[str, Any]:
        return {"criterion": self.criterion, **self.rate.as_dict(), "to_yes": self.to_yes, "to_no": self.to_no}


def flips(pairs: Iterable[tuple[Verdicts, Verdicts]], *, reason: str) -> tuple[Flips, ...]:
    """Over all criteria first, then by criterion. `pairs`: verdicts of one conversation before and after.

    Over all criteria a conversation is a cluster. `reason`: why nothing was asked again, where nothing was.
    """
    before_after = list(pairs)
    names = dict.fromkeys(name for before, after in before_after for name in before if name in after)
    return tuple(_flips(name, before_after, list(names), reason) for name in ("", *names))


def _flips(name: str, pairs: Sequence[tuple[Verdicts, Verdicts]], names: Sequence[str], reason: str) -> Flips:
    wanted = [name] if name else names
    clusters, to_yes, to_no = [], 0, 0
    for before, after in pairs:
        both = [(before[one], after[one]) for one in wanted if one in before and one in after]
        to_yes += both.count((False, True))
        to_no += both.count((True, False))
        clusters.append((float(sum(one is not other for one, other in both)), len(both)))
    return Flips(name, rate(clusters, reason=reason), to_yes, to_no)
