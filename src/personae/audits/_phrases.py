"""What users say: the phrases by which the fingerprint counts messages, as regular expressions on lower case.

Source: the definitions of the features in the package `ppol` 0.1.1 (MIT), which accompanies "Persona Policies",
        arXiv 2605.12894. A message counts where one of a feature's phrases is in it. What is written here recognizes
        the same messages; a test holds it against that package. Where a phrase looks odd (a comma that must have a
        letter right behind it), it is so there, and kept, so that numbers can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def _found(*, whole: str = "", loose: str = "", exact: str = "") -> re.Pattern[str]:
    """One pattern: phrases from word to word, phrases that may begin and end within words, and patterns as they are."""
    parts = []
    if whole:
        parts.append(rf"\b(?:{_joined(whole)})\b")
    parts += [_joined(text) for text in (loose, exact) if text]
    return re.compile("|".join(parts))


def _joined(lines: str) -> str:
    return "|".join(part for line in lines.splitlines() for part in line.strip().split(" / ") if part)


_I_AM = "i(?:'m| am)"

SAYS: Mapping[str, re.Pattern[str]] = {
    "politeness_rate": _found(
        whole=r"""
        please / pls / plz / thanks? / thank you / thx / ty / cheers / appreciated? / grateful / much appreciated
        sorry / (?:my )?apologies / pardon / excuse me / kindly / if possible / if you can / would you mind
        if you (?:do|would)n't mind / when you (?:get|have) (?:a|the) (?:chance|moment|minute)
        no (?:worries|rush|problem)
        """
    ),
    "formality_rate": _found(
        whole=r"""
        furthermore / moreover / in addition / additionally / therefore / thus / hence / consequently / accordingly
        subsequently / however / nevertheless / nonetheless / notwithstanding / regarding / indeed / per se / as such
        (?:with|in) (?:regard|respect) to / pertaining to / concerning
        """,
        exact="[\u2013\u2014;]",
    ),
    "identity_confusion_rate": _found(
        whole=r"""
        how (?:may|can) i (?:help|assist) / one moment please / bear with me / rest assured / on behalf of
        let me (?:check|look into|assist|pull up|find|locate|verify|confirm)
        i(?:'ll| will) (?:look|check|verify|pull|find|look into) (?:that|this) for you
        i apologize for (?:the|any) (?:inconvenience|confusion|delay|trouble|wait)
        thank you for (?:your (?:patience|time|inquiry)|contacting|reaching out)
        is there anything (?:else|further) i can (?:help|assist|do)
        i(?:'d| would) be (?:happy|glad|delighted) to
        please (?:hold|wait|allow|give) (?:(?:a|one|me a) moment|while i)
        our records (?:show|indicate|reflect) / for (?:security|verification) (?:purposes|reasons)
        per (?:our|company|store) policy / i(?:'ve| have) (?:gone ahead and|processed|submitted|escalated)
        """
    ),
    "uncertainty_rate": _found(
        whole=rf"""
        maybe / perhaps / possibly / probably / not sure / unsure / i (?:think|guess|suppose|believe) / idk / iirc
        {_I_AM} not (?:(?:entirely|completely|totally) )?certain / dunno / do(?:n't| not) know / no idea
        kinda / kind of / sort of / sorta / (?:might|could|may) be / apparently / presumably / seemingly / hmm+
        if i (?:recall|remember) correctly
        """
    ),
    "certainty_rate": _found(
        whole=rf"""
        definitely / absolutely / certainly / surely / undoubtedly / positively / for (?:sure|certain) / no doubt
        without a doubt / exactly / precisely / clearly / obviously / guaranteed / hundred percent / 100\s*%
        {_I_AM} (?:sure|certain|positive|confident)
        """
    ),
    "pushback_rate": _found(
        whole=r"""
        are you (?:sure|certain|serious) / you (?:already )?asked / how many times / scroll up / i disagree
        i already (?:told|said|mentioned|explained) / i (?:just|literally) (?:said|told you|mentioned)
        that's not (?:right|correct|true|what i) / that(?:'s| is) (?:wrong|incorrect)
        that doesn(?:'t| not) (?:sound|seem|look) right / i don't (?:think|believe) (?:that's|so)
        as i (?:said|mentioned|explained|noted) / like i (?:said|told you|mentioned)
        didn(?:'t| not) i (?:just )?(?:say|tell) / we (?:already )?(?:discussed|covered|went over)
        you(?:'re| are) not listening / read what i (?:wrote|said|typed)
        """
    ),
    "clarification_question_rate": _found(
        whole=r"come again / wait,? what",
        loose=rf"""
        what do(?: you|es that) mean / c(?:an|ould) you (?:clarify|explain|elaborate|rephrase) / could you repeat
        {_I_AM} not sure i understand / i don't (?:understand|follow|get it) / {_I_AM} (?:confused|lost)
        what (?:exactly|specifically) / can you be more specific / which (?:one|do you mean|should i)
        can you repeat / say that again
        """,
        exact=r"\bhuh|\b(?:what|sorry|pardon)\??$",
    ),
    "info_seeking_rate": _found(
        exact=r"""
        what (?:is|are|were) the\b / what(?:'s| is) the (?:status|update)\b / what about\b
        any (?:updates?|news|info|information)\b / can you (?:check|confirm|verify|look up)\b / is there a way to\b
        is it possible to\b / how (?:do|can|could|would|should) i\b / where (?:do|can|should) i\b
        when (?:will|does|is|can)\b / why (?:is|does|do|are|am)\b / who (?:do|should|can) i\b
        could you (?:tell|let|show|send|share) me\b / tell me (?:about|what|how|when|where|why)\b
        do you (?:know|have)\b / i need (?:to know|the|an)\b
        """
    ),
    "emotional_expression_rate": _found(
        whole=r"""
        frustrat(?:ed|ing|ion) / annoy(?:ed|ing) / irritat(?:ed|ing) / fed up / angry / mad / furious / pissed / upset
        disappoint(?:ed|ing|ment) / stressed / worried / anxious / exhausted / tired of / sick of / ugh+ / argh+ / grr+
        oh (?:come on|no|man) / come on / ridiculous / absurd / insane / outrageous / unbelievable / disgraceful
        never ?mind / forget (?:it|that|this) / this is (?:taking|getting|becoming|so|really) / wtf / ffs
        """,
        exact=r"\bseriously",
    ),
    "accusatory_rate": _found(
        whole=r"""
        useless / unacceptable / incompetent / unprofessional / scam / fraud(?:ulent)? / rip[- ]?off / ripped me off
        ly / lying / liar / dishonest / deceptive / cheat(?:ed|ing|er)? / worst / terrible / horrific / horrible
        awful / appalling / shameful / pathetic / a joke / total joke / waste of (?:(?:my )?time|money)
        you(?:'re| are) not (?:helping|helpful|listening) / do your job
        """
    ),
    "strategy_pivot_rate": _found(
        whole=r"""
        instead / rather than / in that case / on second thought / actually(?:,| let| i| we) / how about
        let(?:'s| us| me) try / alternatively / another (?:option|way|approach|idea) / what if (?:we|i|you)
        or (?:maybe|perhaps|else) / can we (?:try|do) something (?:else|different) / different approach
        change of plans / new plan / scratch that / forget (?:it|that)
        """
    ),
}
"""By feature: a message counts where the pattern is found in its lower case."""

ACKNOWLEDGES = re.compile(
    "(?:"
    + _joined(
        r"""
        ok / okay / k / kk / sure / got it / alright / yes / yeah / yea / yep / yup / no / nope / nah / right / fine
        great / cool / awesome / nice / thanks / thank you / thx / ty / cheers / understood / noted / copy / copy that
        roger / roger that / ack / acknowledged / i see / perfect / sounds (?:good|great) / works for me / will do
        gotcha / got you / makes sense
        """
    )
    + ")[.!,]*"
)
"""A whole message that only acknowledges, in lower case."""

_CODES = r"#[A-Z0-9]{5,}|[A-Z0-9]{6,}|\b\d{7,}\b"
_IDENTIFIER = re.compile(_CODES + r"|\S+@\S+\.\S+")
_CODE = re.compile(_CODES)


def identifiers(message: str) -> int:
    """How many order numbers, codes and addresses of e-mail are in a message, as the user wrote it."""
    # To look for an address takes time that grows with the square of a text without blanks.
    return len((_IDENTIFIER if "@" in message else _CODE).findall(message))
