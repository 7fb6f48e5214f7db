"""Consistency: the very same question once more.

Source: Stureborg et al. 2024, "Large Language Models are Inconsistent and Biased Evaluators" (arXiv 2405.01724)
Idea:   what flips here is chance alone, and the measure for all other probes.
Cost:   one call per conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personae.core.conversation import Turn
from personae.rating.judge import Judge
from personae.rating.probes import probes


@probes.method("consistency")
@dataclass(frozen=True)
class Consistency:
    """Nothing is changed."""

    def changed(self, judge: Judge, turns: Sequence[Turn], seed: int) -> tuple[Judge, Sequence[Turn]] | None:  # noqa: ARG002 - the room's
        return judge, turns
