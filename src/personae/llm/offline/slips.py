"""A simulator that slips out of its role now and then, as real models do: the offline engine's model `careless`.

It is for seeing at work what looks after conversations: guards, repeats, and what reports say of them.
"""

from __future__ import annotations

from personae.core.seed import derive
from personae.core.tasks import Speak

CARELESS = "careless"
_ONE_IN = 12
"""Messages of which about one has a slip."""
_SLIPS = (
    "{message} Is there anything else I can help you with today?",
    "*sighs* {message}",
    "{message} (I am the simulated user and wait for the reply.)",
    "As an AI language model, I cannot be sure. {message}",
    "{message} My customer number is KD-553127.",
)


def slipped(message: str, task: Speak, seed: int) -> str:
    """The message, with a slip where the draw of this turn has one. Not in the first, nor in a blank one."""
    draw = derive(seed, "slip", task.seed, len(task.turns))
    if not task.turns or not message or draw % _ONE_IN:
        return message
    return _SLIPS[draw // _ONE_IN % len(_SLIPS)].format(message=message)
