"""The auditor: a terse persona that writes at length does not behave as described. All else it knows nothing of."""

from __future__ import annotations

from typing import Any

from personae.core.tasks import Audit
from personae.llm.offline.words import tokens

_MOST_WORDS = 60
"""Of a message that could still be called terse."""
_TERSE = frozenset({"terse", "laconic", "short", "brief"})


def audit(task: Audit) -> dict[str, Any]:
    """The findings, in the form of `rating.auditor.AUDIT`."""
    if _TERSE.isdisjoint(trait.strip().lower() for trait in task.traits):
        return {"findings": []}
    found = []
    for number, turn in enumerate(task.turns, 1):
        if turn.role == "user" and not turn.is_opening and len(tokens(turn.content)) > _MOST_WORDS:
            problem = "A terse person does not write this much."
            found.append({"turn": number, "quote": turn.content[:60], "problem": problem, "severity": "unsure"})
    return {"findings": found}
