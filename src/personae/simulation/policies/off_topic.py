"""Off topic: says something that has nothing to do with the matter, and may come back to it.

Source: digressions in customer talk; our own detector
Idea:   phrases that open or close a digression; or a sentence about everyday life (weather, sport, meals, films, sleep,
        gardens, school) that asks for nothing and shares no word with the matter. Without either, a short message has
        none; of a long one it cannot be told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, sentences, words

_SHORT = 5
"""Letters of words that say nothing of the matter: `with`, `about`."""
_STRAYS = cues(
    r"by the way|btw|incidentally|speaking of|reminds me",
    r"off[- ]topic|unrelated|(?:on a|in) (?:different|another|unrelated|other) (?:note|news)|that said, did",
    r"(?:did i|have i) (?:mention|tell you|told you)|you know what|guess what|i (?:was|got) (?:just )?distracted",
    r"random (?:question|thought)|funny (?:story|thing|enough)",
    r"anyways?|where was i|i digress",
    r"(?:back|coming back) to (?:my (?:question|order|issue|problem)|the (?:point|matter|topic))",
    r"weather|(?:rain|snow)ing|sunny",
    r"(?:my|the|our) (?:dog|cat|kids?|neighbou?rs?|grandma)(?:'s)?(?! \w+ (?:it|this|that|the)\b)",
    r"did you (?:see|know|watch|hear)",
    r"what a (?:day|week|night)|you (?:wouldn't|won't) believe|can you (?:imagine|believe)",
    r"(?:he|she|they) (?:loved|loves|used to)|my (?:late|poor|old) \w+",
    r"(?:long|crazy|terrible|lovely|beautiful|awful|rough|wonderful|hectic) (?:day|week|night|morning|evening"
    r"|shift|weekend)",
    r"my favou?rite|tell me a joke|have you ever|are you (?:a )?(?:human|robot|real|bored|tired)",
    r"do you (?:like|ever|believe|prefer)|what(?:'s| is) your favou?rite|what do you think (?:of|about)",
)
_EVERYDAY = cues(
    r"storms?|thunder\w*|snow\w*|rain(?:ed|y|bow)|sunshine|heatwave|sunset|moon|freezing",
    r"football|soccer|tennis|basketball|hockey|marathon|(?:my|our) (?:team|club)|accordion|piano|guitar|choir"
    r"|gym|yoga",
    r"pancakes?|soups?|cakes?|cinnamon|bak(?:ed|ing)|cook(?:ed|ing)|recipe|barbecue|breakfast|lunch|dinner|coffee|tea"
    r"|chocolate|cheese|wine|beer|cookies",
    r"series|episode|movie|films?|novel|concert|podcast|festival|museum|television|tv|radio|the news|election"
    r"|politic\w+",
    r"dreamt|dreamed|slept|sleepy|woke|nightmare|headache|toothache|dentist|hairdresser|my (?:knee|back"
    r"|shoulder|tooth|hair)",
    r"garden\w*|tomato(?:es)?|roses|tulips|puppy|kittens?|hamster|parrot|horses?|squirrels?|birds?"
    r"|grand(?:son|kids|daughter|children|mother|father)s?|grandma|grandpa|baby|doorbell|kettle",
    r"(?:starts?|started|at|from) (?:school|kindergarten|university)|homework|exams?|wedding|carnival|fishing|hiking"
    r"|knitting|camping|beach|mountains|traffic|danc(?:e|ed|ing)|sing(?:s|ing)?|paint(?:s|ed|ing)",
    r"when i was (?:young|little|small|a \w+)|in my (?:day|youth|time)|back (?:then|in)|(?:as|like) a child",
)
_BUSINESS = cues(
    r"(?:can|could|would|will|do|did|are|have|if|for|to|from) you|you(?:'re| are| can| said| told| sent)|your"
    r"|please|need"
    r"|wants?|help|refund\w*|orders?|ordered|returns?|returned|money|price|costs?|pay|paid|deliver\w*|arriv\w*|parcel"
    r"|tickets?|accounts?|cards?|receipt|present|gift|until|because|so that|work(?:s|ed)|broke|bought|sent"
    r"|called|tried",
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
        if _STRAYS.search(text) or any(_is_elsewhere(one, said) for one in sentences(text)):
            return True
        return False if len(words(text)) < 9 else None


def _is_elsewhere(sentence: str, said: Spoken) -> bool:
    """A sentence about everyday life that asks for nothing, and of which nobody has spoken so far."""
    found = _EVERYDAY.search(sentence)
    if found is None or "?" in sentence or _BUSINESS.search(sentence):
        return False
    matter = set(words(plain(" ".join((*said.told, said.heard)))))
    return found[0] not in matter and not any(len(word) > _SHORT and word in matter for word in words(sentence))
