"""Off topic: says something that has nothing to do with the matter, and may come back to it.

Source: digressions in customer talk; our own detector
Idea:   phrases that open or close a digression. Without one, a short message has none; of a long one it cannot be told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, words

_STRAYS = cues(
    r"by the way|btw|incidentally|speaking of|reminds me",
    r"off[- ]topic|unrelated",
    r"random (?:question|thought)|funny (?:story|thing|enough)",
    r"anyways?|where was i|i digress",
    r"(?:back|coming back) to (?:my (?:question|order|issue|problem)|the (?:point|matter|topic))",
    r"weather|(?:rain|snow)ing|sunny",
    r"(?:my|the|our) (?:dog|cat|kids?|neighbou?rs?|grandma)(?:'s)?(?! \w+ (?:it|this|that|the)\b)",
    r"did you (?:see|know|watch|hear)",
    r"what a (?:day|week|night)|you (?:wouldn't|won't) believe|can you (?:imagine|believe)",
    r"(?:he|she|they) (?:loved|loves|used to)|my (?:late|poor|old) \w+",
)


@policies.method("off_topic")
@dataclass(frozen=True)
class OffTopic(Policy):
    """A part of the message strays from the matter."""

    name: ClassVar[str] = "off_topic"
    excuses: ClassVar[frozenset[str]] = frozenset({"goal_abandoned", "invented_fact"})
    instructions = by_intensity(
        "off_topic",
        "In this message, add half a sentence about something else that is on this person's mind today, "
        "then come back to your matter.",
        "In this message, stray to something else for a sentence or two, such as your day, the weather or "
        "a story that comes to mind, and touch on your matter only in passing. Ask the assistant for "
        "nothing new.",
        "In this message, leave your matter aside and talk about something else altogether, as a person "
        "does who loses the thread. Ask the assistant for nothing new.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        if _STRAYS.search(text):
            return True
        return False if len(words(text)) < 9 else None
