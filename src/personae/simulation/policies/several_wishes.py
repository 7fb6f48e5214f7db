"""Several wishes at once: asks for two or more things in one message.

Source: tau2-bench tasks with several requests; our own detector
Idea:   sentences, and parts of them joined by "and also", that ask or request something are counted.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, sentences

_WISH = cues(
    r"i(?:'d| would)? (?:also |still |really |just |then )?(?:like|want|need|wish|love)(?: to| you| a| an| the| my|)",
    r"(?:can|could|would|will) (?:you|i|we)",
    r"please",
    r"and (?:also|what|how|when|where|is|are|can|do|does)",
    r"(?:what|how) about",
    r"tell me",
    r"let me know",
)


@policies.method("several_wishes")
@dataclass(frozen=True)
class SeveralWishes(Policy):
    """More than one thing is asked for in one message."""

    name: ClassVar[str] = "several_wishes"
    instructions = by_intensity(
        "several_wishes",
        "In this message, ask for two things at once. Take both from what you want; if only one is left, "
        "ask about two sides of it.",
        "In this message, put all that you still want into one message, two or three things one after the "
        "other, without waiting for an answer to the first. Add nothing that you do not want.",
        "In this message, pile up everything that you still want and every question that you have about "
        "it, at least three, jumping from one to the other. Add nothing that you do not want.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        asked = sum(
            len(_WISH.findall(sentence)) or sentence.rstrip().endswith("?") for sentence in sentences(plain(said.text))
        )
        return asked >= 2
