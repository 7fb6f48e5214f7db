"""Order: the same criteria, the last one first.

Source: Wang et al. 2023, "Large Language Models are not Fair Evaluators" (arXiv 2305.17926): position bias
Idea:   an answer must not depend on which questions stand before it.
Cost:   one call per conversation with two criteria or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from personae.core.conversation import Turn
from personae.rating.judge import Judge
from personae.rating.probes import probes


@probes.method("order")
@dataclass(frozen=True)
class Order:
    """The criteria are asked in reverse."""

    def changed(self, judge: Judge, turns: Sequence[Turn], seed: int) -> tuple[Judge, Sequence[Turn]] | None:  # noqa: ARG002 - the room's
        if len(judge.criteria) < 2:
            return None
        return replace(judge, criteria=judge.criteria[::-1], metrics=judge.metrics[::-1]), turns
