"""Changes their mind: takes back what was said a moment ago and says it differently.

Source: self-repair in dialogue (Schegloff, Jefferson and Sacks 1977); our own detector
Idea:   phrases by which people take something back: "actually", "on second thought", "scrap that".
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain

_TAKES_BACK = cues(
    r"actually,? (?:no|can|could|let|let's|make|do|don't|please|cancel|forget|change|keep|send|leave|hold|wait"
    r"|i'll|i will|i(?:'d| would)? (?:rather|prefer|want|like|need)|on|not|never)",
    r"on (?:second thoughts?|reflection)",
    r"(?:i(?:'ve| have)? )?(?:changed my mind|reconsidered)|i(?:'ve| have)? thought (?:again|better)",
    r"(?:scrap|scratch|strike|forget) that",
    r"forget what i (?:just )?(?:said|wrote|asked)",
    r"(?:come to think|now that i think|thinking|when i think) (?:of|about|again|it over)(?: it)?",
    r"(?:wait|hold on|hang on|hmm?|well|oh),? no|no,? (?:wait|hold on|hang on)",
    r"or (?:no|rather|wait)",
    r"i take (?:that|it) back",
    r"you know(?: what)?,? (?:i'll|i will|let's|let me|make|don't|i'd)",
    r"after all",
    r"(?:i said|i asked for|i wanted)\b[^.?!]{0,40}? (?:before|but|earlier)",
    r"let's (?:not|do it differently)",
    r"i meant",
    r"instead(?! of)",
)


@policies.method("changes_mind")
@dataclass(frozen=True)
class ChangesMind(Policy):
    """An earlier wish is taken back or turned around. Not before the second message."""

    first_turn: int = 2

    name: ClassVar[str] = "changes_mind"
    excuses: ClassVar[frozenset[str]] = frozenset({"goal_abandoned"})
    instructions = by_intensity(
        "changes_mind",
        "In this message, correct yourself in one small thing that you said before, as people do who "
        "think while they type, and go on from there. What you want in the end stays the same.",
        "In this message, change your mind about something that your situation leaves open, such as the "
        "order of things or how it should be done, and say so plainly. What you want in the end stays the "
        "same.",
        "In this message, drop the way that you and the assistant were on, ask for it another way, and "
        "waver once more within the message. What you want in the end stays the same.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        return bool(_TAKES_BACK.search(plain(said.text)))
