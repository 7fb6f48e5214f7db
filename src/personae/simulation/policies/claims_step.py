"""Claims a step: says that something was done which this user did not do.

Source: tau2-bench telecom, whose users report device actions; our own detector
Idea:   sentences in which the user reports an act of their own as done. Whether it is true is not asked.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain

_ACTS = (
    r"(?:done|did|tried|checked|restarted|rebooted|reset|reinstalled|updated|sent|called|emailed|uploaded|filled|logged"
    r"|cleared|confirmed|verified|clicked|entered|followed|read|looked|submitted|turned|switched|changed|contacted)"
)
_DID = cues(
    rf"i(?:'ve| have)? (?:already |just |also |even |now |then |certainly |definitely )*{_ACTS}",
    r"(?:already|just) (?:done|did|tried|checked|sent)",
    r"(?:i|we) did (?:that|it|this|all)",
    r"yes,? (?:i did|done)",
    r"all done",
    r"it's done",
    r"done that",
)


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
        return bool(_DID.search(plain(said.text)))
