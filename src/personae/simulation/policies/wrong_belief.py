"""Wrong belief: takes something for a fact that is not so, and speaks from it.

Source: false presuppositions in user questions (CREPE, arXiv 2211.17257); our own detector
Idea:   whether a belief is wrong is beyond words, so what is looked for is that one is put forward: "I thought",
        "I was told", "isn't it". A message that only asks or only answers in a few words puts none forward.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, sentences, values, words

_BELIEVES = cues(
    r"i (?:always |had |have |really |just )?(?:assumed|believed|figured|understood|heard)(?: that)?",
    r"i (?:always |had |have |really |just )?thought(?! about| i\b| that (?:i|nothing)\b)",
    r"i (?:always |had |have |really |just )?read (?:that|on|in|somewhere|it)",
    r"i(?:'ve| have) (?:heard|seen)|i know (?:that )?(?:you|it|they|the|there|a)",
    r"i(?:'m| am) (?:pretty |quite |very |absolutely )?(?:sure|certain) (?:that|it|you|there|they|this)",
    r"i was (?:told|promised|under the impression)",
    r"(?:they|someone|somebody|a friend|a colleague) (?:told|said)",
    r"i (?:could have sworn|take it|gather|presume)(?: that)?|i(?:'m| am) (?:under the impression|convinced"
    r"|positive)",
    r"as far as i (?:remember|recall|can tell)|according to (?:a|the|my|your|some)",
    r"(?:your|the) (?:website|web site|site|page|app|terms|faq|flyer|ad|advert|brochure|hotline|colleague)s?"
    r" (?:clearly |always )?(?:says?|said|states?|stated|promises|promised|told)",
    r"(?:my|a|some) (?:brother|sister|friend|neighbou?r|colleague|mother|father|son|daughter|cousin|uncle|aunt)"
    r" (?:\w+ ){0,6}?(?:and|so) (?:he|she|they) (?:got|paid|had|was|were|never|always)",
    r"(?:everybody|everyone|anybody|all shops|all banks|all airlines|every (?:shop|bank|airline|api|company)) "
    r"(?:does|do|has|have|gives?|pays?|knows|says|gets|offers)|in every (?:shop|bank|api|company|country)",
    r"(?:is|are|it's|they're|there's|comes?|stays?) (?:always|never|legally|automatically|usually|normally)",
    r"(?:legally|by law|required by law|obliged|obligated|(?<!am i )(?<!i am )supposed|entitled|guaranteed) "
    r"(?:required |obliged )?(?:to|by)",
    r"i(?:'ve| have) been (?:told|promised|assured)|(?:told|promised|assured) me|i saw (?:on|in|that)"
    r"|to my knowledge",
    r"i understand (?:that|you|it)|from what i (?:know|read|hear|heard|understand|gather)|correct me if",
    r"if i (?:remember|recall) (?:correctly|right|rightly|well)|(?:pretty|fairly|reasonably|quite) (?:sure|certain)"
    r" (?:that|you|it|they|there|the)|i would (?:have thought|expect)",
    r"(?:my|a|some) (?:brother|sister|friend|neighbou?r|colleague|mother|father|son|daughter|cousin|uncle|aunt)"
    r"(?: \w+){0,3} (?:told|said|says|swears|claims|mentioned)",
    r"(?:since|because|as) you (?:give|offer|pay|guarantee|cover|allow|let|take|charge|ship|refund|replace"
    r"|don't|do not)",
    r"(?:(?:^|[.!;,] )|but |and |so |that )you (?:guarantee|offer|cover|reimburse|waive|replace|refund|match"
    r"|double|pay for)",
    r"(?:shipping|delivery|repairs?|returns?|changes?|cancell?ations?|upgrades?|replacements?|insurance"
    r"|warranty|support|keys?|calls|cards?) (?:is|are|costs?|comes?) (?:(?:always|completely|totally) )?"
    r"(?:free|nothing|included|covered)",
    r"(?<!why )(?<!that )(?<!it )(?:isn't|aren't|doesn't|don't|shouldn't|won't|hasn't) (?:the|a|your|every\w*"
    r"|all|shipping)",
    r"(?:given|considering|seeing) that|obviously|(?<!of )of course (?:you|it|they|the|there)",
    r"(?:no|any) (?:fee|fees|limit|limits|charge|cost|costs) (?:at all|whatsoever)",
    r"as far as i know|my understanding|as (?:everybody|everyone) knows|(?:everybody|everyone) knows",
    r"it says (?:on|in)",
    r"(?:isn't|aren't|doesn't|don't|wasn't) (?:it|that|you|there|they)",
    r"surely|by law|the law (?:gives|says|is)|normally",
    r"that(?:'s| is) (?:the (?:rule|law)|how it works|standard)",
    r"(?:shop|bank|airline|company|provider|you) (?:has|have) to (?:pay|give|refund|replace|take)",
    r"you (?:always|usually|normally)",
)


_TAG = re.compile(r"[,-] ?(?:right|correct|no|yes|is(?:n't)? it|aren't (?:you|they)|do(?:n't)? you|doesn't it)\?$")


@policies.method("wrong_belief")
@dataclass(frozen=True)
class WrongBelief(Policy):
    """A belief about how things work is stated that does not hold."""

    name: ClassVar[str] = "wrong_belief"
    excuses: ClassVar[frozenset[str]] = frozenset({"invented_fact"})
    instructions = by_intensity(
        "wrong_belief",
        "In this message, take for granted one plausible thing about how this kind of service works that "
        'is not so, such as a deadline, a rule or a price, and say it in passing ("I thought ..."). '
        "Your own data stays true.",
        "In this message, state one plausible but wrong thing about how this kind of service works as if "
        "you had read or heard it, and build your request on it. Your own data stays true.",
        "In this message, insist on one plausible but wrong thing about how this kind of service works: "
        "you were told so, you are sure of it, and you doubt whoever says otherwise. Your own data stays "
        "true.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        text = plain(said.text)
        if _BELIEVES.search(text) or any(_is_tagged(one) for one in sentences(text)):
            return True
        return False if len(words(text)) < 4 else None


def _is_tagged(sentence: str) -> bool:
    """A belief to be confirmed, `..., right?`. What is said back (`So it is blocked, right?`) or exact is no belief."""
    return bool(_TAG.search(sentence.strip())) and not sentence.startswith(("so ", "then ")) and not values(sentence)
