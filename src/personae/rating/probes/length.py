"""Length: the same conversation, with a longer bot.

Source: Saito et al. 2023, "Verbosity Bias in Preference Labeling by Large Language Models" (arXiv 2310.10076)
Idea:   each turn of the bot gets two sentences that say nothing (`prompts/length.md`), drawn by seed. Facts, questions
        and tone stay, so a YES that was a NO is paid for by words.
Cost:   one call per conversation with a turn of the bot.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from personae.core.conversation import Turn
from personae.core.prompt import Prompt, load
from personae.core.seed import derive
from personae.rating.judge import Judge
from personae.rating.probes import probes

ADDED = 2
"""Sentences behind each of the bot's turns."""


@probes.method("length")
@dataclass(frozen=True)
class Length:
    """The bot's turns are longer and say the same."""

    @property
    def sentences(self) -> Prompt:
        """One sentence that says nothing per line."""
        return load("personae.rating", "length")

    def changed(self, judge: Judge, turns: Sequence[Turn], seed: int) -> tuple[Judge, Sequence[Turn]] | None:
        if not any(turn.role == "assistant" for turn in turns):
            return None
        choices = self.sentences.text.strip().splitlines()
        longer = []
        for number, turn in enumerate(turns):
            if turn.role == "assistant":
                added = random.Random(derive(seed, "length", number)).sample(choices, ADDED)
                longer.append(replace(turn, content=f"{turn.content.rstrip()} {' '.join(added)}"))
            else:
                longer.append(turn)
        return judge, longer
