"""Claims a step: says that something was done which this user did not do.

Source: tau2-bench telecom, whose users report device actions; our own detector
Idea:   sentences in which the user reports an act of their own as done, with an "I" or, at their
        beginning, without. Whether it is true is not asked.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, sentences

_ACTS = (
    r"(?:done|did|tried|checked|restarted|rebooted|reset|reinstalled|installed|updated|sent|resent|called|phoned|emailed"
    r"|uploaded|downloaded|filled|logged|cleared|deleted|confirmed|verified|clicked|pressed|entered|typed|followed|read"
    r"|looked|searched|submitted|turned|switched|changed|replaced|swapped|rotated|removed|contacted|waited|repeated"
    r"|refreshed|reloaded|opened|closed|unplugged|tested|went (?:through|over|back)|took it|double-checked)"
)
_HOW = r"(?:already |just |also |even |now |then |certainly |definitely |both |all )*"
_DID = cues(
    rf"(?<!if )(?<!when )(?<!once )(?<!should )(?<!did )(?<!until )(?:i|we)(?:'ve| have)? {_HOW}{_ACTS}",
    r"(?:i|we)(?:'ve| have)? already \w+ed",
    r"(?:already|just) (?:done|did|tried|checked|sent)",
    r"(?<!not )(?<!never )(?<!n't )(?:done|did|tried|checked) (?:that|it|this|so|all)",
    r"yes,? (?:i did|done)|all done|it's done",
)
_SAYS_SO = re.compile(rf"(?:(?:yes|ok|okay|sure|right|already)\W+)?{_ACTS}\b(?! you\b)")


@policies.method("claims_step")
@dataclass(frozen=True)
class ClaimsStep(Policy):
    """A step is reported as done that was not. Not before the second message."""

    first_turn: int = 2

    name: ClassVar[str] = "claims_step"
    excuses: ClassVar[frozenset[str]] = frozenset({"invented_fact", "solved_by_simulator"})
    instructions = by_intensity(
        "claims_step",
        "In this message, say in passing that you already did one simple thing which a helper would "
        "suggest here, although you did not. It must not be a thing that would end your matter.",
        "In this message, if the assistant asked you to do or check something, say that you did it and "
        "that it did not help, although you did not do it. Else claim so of a usual first step.",
        "In this message, claim firmly that you did all of the usual steps, more than once, although you "
        "did none of them, and refuse to do them again.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        return bool(_DID.search(text)) or any(_SAYS_SO.match(one) and one[-1] != "?" for one in sentences(text))
