"""Heard: what one turn of the bot does. It asks, confirms, declines, answers, or says something of no use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from personae.llm.offline import facts
from personae.llm.offline.words import LOOKED_AT, Sentence, read

_REFUSES = re.compile(
    "|".join(
        (
            r"\b(?:i|we)(?: am| are|'m|'re)?(?: (?:really|very|so|truly|afraid|sorry|but|unfortunately|just|also"
            r"|that)){0,4},?"
            r"(?: i| we)? (?:can't|cannot|can not|won't be able to|will not be able to|(?:am |are )?(?:not able"
            r"|unable|not allowed"
            r"|not permitted|not authorized) to|(?:don't|do not) have the ability to)"
            r" (?!find|see|locate|hear|wait|guess|thank|stress|understand|verify|recall|imagine)",
            r"\b(?:isn't|aren't|not) (?:possible|allowed|permitted|eligible|something (?:i|we) can|within (?:my"
            r"|the) scope)\b",
            r"\bimpossible\b",
            r"\b(?:cannot|can't|can not) be (?:cancel|chang|refund|return|modif|done|process|exchang|made|add|remov"
            r"|help|waiv)",
            r"\b(?:unable|not able) to (?:help|assist|process|change|cancel|offer|provide|do|share|discuss|approve"
            r"|waive)\b",
            r"\bi (?:must|have to) (?:decline|refuse)\b",
            r"\bi (?:decline|refuse) to\b",
            r"\bagainst (?:our|my|the) (?:policy|rules)\b",
            r"\b(?:outside|beyond) (?:of )?(?:my|our|the) (?:scope|remit|power|capabilit)",
            r"\bi (?:won't|will not|do not|don't) (?:do|discuss|share) ",
            r"\bno (?:puedo|podemos|me es posible|es posible)\b",
            r"\b(?:je ne peux|nous ne pouvons|je ne suis) pas\b|\bimpossible de\b|\bne peux malheureusement\b",
            r"\b(?:ich|wir) (?:kann|können|darf|dürfen)(?: \w+){0,4} nicht\b",
            r"\b(?:kann|können|darf|dürfen) (?:ich|wir)(?: \w+){0,4} nicht\b",
            r"\bnicht (?:möglich|weiterhelfen)\b",
            r"\bnon (?:posso|possiamo|è possibile|sono in grado)\b",
            r"\bnão (?:posso|podemos|é possível|consigo)\b",
            r"\b(?:ik|wij|we) kan (?:\w+ ){0,3}niet\b|\bnie (?:mogę|możemy)\b",
            r"не могу|не можем|невозможно",
            r"できません|出来ません|いたしかねます|无法|無法|不能(?:为|帮|提供)|할 수 없|드릴 수 없|لا أستطيع|لا يمكن",
        )
    )
)
_DONE = re.compile(
    r"\b(?:has|have) (?:now |already |just )?been (?!having|trying|looking|waiting|delay)\w+"
    r"|\b(?:i've|i have|we've|we have)(?: now| just| already| successfully)? "
    r"(?:cancel|process|chang|updat|book|add|remov|exchang|refund|issu|submit|schedul|arrang|start|creat|sent|fil|appli"
    r"|block|froz|freez|order|complet|made|regist|set|switch|credit|reset|open|found|checked|put)\w*"
    r"|\bsuccessfully\b|\ball set\b|\bis now\b|\bare now\b|\b(?:i|we) (?:cancelled|canceled|processed|booked|issued"
    r"|sent)\b"
    r"|\bdone\b[.!]|\byou(?:'re| are) (?:all )?(?:booked|confirmed|set)\b|\bis confirmed\b|\bis on its way\b"
)
_CONFIRM = re.compile(
    r"\b(?:do you want|would you like|want|shall i|should i|may i|can i|ok(?:ay)? (?:for me|if i)|are you sure"
    r"|is that (?:ok|correct|right)"
    r"|does that (?:work|sound)|go ahead|proceed)\b[^.!\n]{0,120}\?|\bplease (?:confirm|reply|type"
    r"|answer) (?!your (?:name|email|zip|order))"
    r"|\(?\byes ?(?:/|or) ?no\b|\bconfirm (?:that|this|the|these|if|whether|to proceed)"
)
_PREFERENCE = re.compile(r"\b(?:which|what|who|when|where|how (?:many|much|long)|why|or)\b")
_MORE = re.compile(
    r"\b(?:anything|something|what) else\b|\bhow (?:can|may) i (?:help|assist)|\bother questions?\b"
    r"|\bfurther (?:help|questions?)\b"
    r"|\bwhat can i (?:do|help)|\bany (?:more|other) questions"
)
_MENU = re.compile(r"\W*(?:i|we) can (?:only |also )?(?:help|assist)(?: you)? with\b")
_PLEASANTRY = re.compile(
    r"^\W*(?:hi|hello|hey|thanks?|thank you|you're welcome|welcome|sure|of course|certainly|great|ok(?:ay)?|got it"
    r"|i see|sorry"
    r"|i'm sorry|i apologi[sz]e|my apologies|i understand|no problem|good (?:morning|afternoon|evening|day)"
    r"|understood|alright"
    r"|absolutely|happy to help|i'd be happy|i'm happy|i can (?:certainly )?help|let me (?:check|help)|one moment)\b"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one bot turn does."""

    text: str
    words: frozenset[str]
    """Stems of the whole turn."""
    told: frozenset[str]
    """Stems of what it states: no questions, no pleasantries, no refusals."""
    asked: tuple[str, ...]
    """Kinds of facts it asks for."""
    questions: tuple[Sentence, ...]
    """Its other questions, offers of more help left out."""
    refuses: bool
    done: bool
    """It says that something was carried out."""
    confirms: bool
    """It asks for a yes."""
    offers_more: bool


@lru_cache(maxsize=4_096)
def _hear(text: str) -> Heard:
    reading = read(text)
    low = reading.text
    told: set[str] = set()
    asked: dict[str, None] = {}
    questions = []
    refuses = declines(low)
    for sentence in reading.sentences:
        kinds = facts.asked_in(sentence.text, is_question=sentence.asks)
        asked.update(dict.fromkeys(kinds))
        lower = sentence.lower
        if sentence.asks:
            if not kinds and not _MORE.search(lower):
                questions.append(sentence)
        elif not kinds and not (refuses and declines(lower)) and not _is_pleasantry(sentence, lower):
            told |= sentence.words
    confirms = bool(_CONFIRM.search(low)) and not asked and (
        not questions or not all(_PREFERENCE.search(question.lower) for question in questions)
    )  # fmt: skip
    return Heard(
        text=low,
        words=reading.words,
        told=frozenset(told),
        asked=tuple(asked),
        questions=tuple(questions),
        refuses=refuses,
        done=bool(_DONE.search(low)),
        confirms=confirms,
        offers_more=bool(_MORE.search(low)),
    )


def _is_pleasantry(sentence: Sentence, lower: str) -> bool:
    return bool(_MENU.match(lower)) or (len(sentence.words) <= 3 and bool(_PLEASANTRY.match(lower)))


def hear(text: str) -> Heard:
    """What a bot's turn does. Its first 4,000 characters count."""
    return _hear(text[:LOOKED_AT])


def declines(text: str) -> bool:
    """Does the text (lower case, straight apostrophes) hold a cue phrase of declining, in one of a dozen languages?"""
    return bool(_REFUSES.search(text))


def is_done(text: str) -> bool:
    """Does the text (lower case, straight apostrophes) say that something was carried out?"""
    return bool(_DONE.search(text))


def is_refusal(reply: str) -> bool:
    """Does the whole reply decline to help: a cue phrase, and little of use beside it?"""
    heard = hear(reply)
    return heard.refuses and not heard.done and len(heard.told) < 5 and not heard.asked
