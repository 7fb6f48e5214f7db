"""Validity: was the conversation a fair test of the bot? Deterministic guards, one per file, each on its own.

A guard looks at what was said, never asks a model, and speaks up only where it can point at the words. It errs on the
side of silence: a conversation that is called invalid is left out of every rate, and held again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from types import MappingProxyType
from typing import Protocol

from personae.core.conversation import CUT, ERRORS, Conversation
from personae.core.persona import Persona, Scenario
from personae.core.room import Room
from personae.core.validity import Fault, Finding, Validity, judged
from personae.simulation import dose
from personae.simulation.validity._talk import Talk


class Guard(Protocol):
    """What every file of this room registers."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        """What speaks against the conversation, in the order of its turns."""
        ...


guards: Room[Guard] = Room("personae.simulation.validity", "guard")


NOTHING_AT_END: dose.Shown = MappingProxyType({})


@cache
def every_guard() -> tuple[Guard, ...]:
    """All guards with their own settings, in the order of their names."""
    return tuple(method() for method in guards.all().values())


def check(
    persona: Persona, scenario: Scenario, conversation: Conversation, at_end: dose.Shown = NOTHING_AT_END
) -> Validity:
    """Whether a finished conversation was a fair test, by the guards alone.

    `at_end`: the behaviours of the move by which the user ended it without a word.
    """
    if conversation.termination in CUT:
        why = f"it was cut short ({conversation.termination}): {conversation.error}".rstrip(": ")
        return judged((Finding("driver", 0, "", why, "invalid", "infrastructure"),))
    talk = Talk(persona, scenario, conversation.turns, conversation.termination)
    found = tuple(
        finding
        for guard in every_guard()
        for finding in guard.findings(talk)
        if not dose.excused(finding, conversation.turns, at_end)
    )
    if conversation.termination in ERRORS:
        fault = _fault_of(conversation)
        found += (Finding("driver", 0, "", conversation.error or conversation.termination, "invalid", fault),)
    return judged(found)


_MALFORMED = "gave no usable message"
"""What a simulator's failure says that comes from its own words; all others come from its connection."""


def _fault_of(conversation: Conversation) -> Fault:
    if conversation.termination == "bot_error":
        return "bot"
    return "simulator" if _MALFORMED in conversation.error else "infrastructure"


def with_findings(validity: Validity, more: Iterable[Finding]) -> Validity:
    """The same with what was found beside the guards."""
    added = tuple(more)
    return judged((*validity.findings, *added), validity.attempts) if added else validity


def is_to_be_repeated(validity: Validity, conversation: Conversation) -> bool:
    """Whether holding it again may help: it came to its end, and is invalid by the simulator's fault."""
    if conversation.termination in CUT | ERRORS:
        return False
    return validity.verdict == "invalid" and validity.fault == "simulator"


__all__ = ["Guard", "Talk", "check", "every_guard", "guards", "is_to_be_repeated", "with_findings"]
