"""Gives up: is about to leave it, or leaves without having got what they came for.

Source: drop-out in customer service; our own detector
Idea:   the user ended the conversation without success, or says that it is not worth going on. Of one
        who leaves with all they wanted it cannot be told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain

_LEAVES = cues(
    r"(?<!don't )(?<!not )(?<!won't )giv(?:e|ing) up",
    r"(?:forget|leave|drop|skip) it|(?:forget|drop) the whole (?:thing|matter)",
    r"(?:leave|let) it (?:at that|be|there)",
    r"never ?mind(?! (?:the|that|about|what|my))",
    r"not worth (?:it|the|my)|(?:can't|cannot) be bothered",
    r"(?:i'm|i am) done(?: (?:here|with (?:this|you)|trying))?(?=\W*(?:$|[.!,;\n]))",
    r"(?:try|go|look|buy|order|take it) (?:[\w']+ ){0,2}?(?:somewhere|elsewhere|(?:some(?:body|one|where)) else)",
    r"no (?:point|use)|pointless|hopeless|lost (?:all )?(?:hope|faith|patience)",
    r"waste of (?:my )?time",
    r"last (?:try|chance|attempt)|throw(?:ing)? in the towel|that's it for me",
    r"i(?:'ll| will) (?:just )?(?:leave|call (?!it\b)|do it myself|live with)",
    r"i quit|had enough",
    r"(?:getting|going) (?:nowhere|in circles)",
)


@policies.method("gives_up")
@dataclass(frozen=True)
class GivesUp(Policy):
    """The user is ready to leave, or leaves. Not before the third message."""

    first_turn: int = 3

    name: ClassVar[str] = "gives_up"
    excuses: ClassVar[frozenset[str]] = frozenset({"ended_early", "goal_abandoned"})
    shows_in_the_end: ClassVar[bool] = True
    instructions = by_intensity(
        "gives_up",
        "In this message, let it show that you are close to giving up, and give the assistant one more chance.",
        "In this message, say that you give up unless the very next answer brings you further, and ask "
        "for one thing only.",
        "Give up now: end the conversation with the reason `stuck`, with a last word to the assistant "
        "that it is not worth it. Do so even if one more question could help, unless you already have all "
        "that you want.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        if said.ended == "goal_met":
            return None
        return said.ended is not None or bool(_LEAVES.search(plain(said.text)))
