"""The judge: rates a transcript by its words alone.

A criterion is met when the bot's turns hold its content words; a negative one when no sentence of the bot does what it
forbids. Criteria about forgetting, contradicting, straying and refusing are answered from `transcript.py`. What a turn
says to the judge is so many words like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from personae.core.tasks import Question, Rate, TurnQuestion
from personae.llm.offline.heard import declines, is_done, is_refusal
from personae.llm.offline.transcript import Finding, Transcript
from personae.llm.offline.words import LOOKED_AT, NEGATIONS, Sentence, content, likeness, read, stem, tokens, weight

ENOUGH = 0.6
"""Share of a criterion's words that the bot's turns must hold."""
NEARLY_ALL = 0.7
"""Share of a forbidding criterion's words that one sentence must hold to break it."""
_FRAME = (
    content(
        """
    assistant bot chatbot agent model system user customer persona person client shopper caller conversation
    transcript reply replies response respond turn message answer state stated tell explain mention give provide
    offer say inform confirm clear clearly correct correctly should must end actual name list describe point least
    one question whole show make sure successfully able ask asks asked asking request receive received learn learned
    find found know told gave said without instead whether both either how what when where which long much many
    explicit explicitly time all ever any way reach reached specific concrete relevant own word words plain promise
    promises promised claim claims reveal reveals suggest suggests invent invents guess guesses proceed proceeds
    help helps outcome expected scenario
    """
    )
    | NEGATIONS
    | {"avoid", "refrain", "refus", "declin"}
)
_SYNONYMS: dict[str, frozenset[str]] = {
    stem(word): content(others)
    for word, others in {
        "window": "day days week within deadline",
        "deadline": "day days until within by",
        "process": "step steps form label email send print online portal request",
        "procedure": "step steps form label send",
        "steps": "first then form label next",
        "cost": "price fee charge free eur dollar euro costs",
        "price": "cost fee charge free",
        "fee": "cost price charge free",
        "refund": "money reimburse repay",
        "exchange": "swap replace",
        "replacement": "replace swap exchange new",
        "cancel": "stop end terminate",
        "cancelled": "cancel stop terminate",
        "change": "update modify changed updated",
        "update": "change modify",
        "delivery": "ship arrive deliver",
        "shipping": "deliver delivery ship",
        "warranty": "guarantee cover year",
        "invoice": "receipt bill",
        "repair": "fix mend",
        "human": "colleague person representative team",
        "duration": "day week month hour",
        "period": "day week month year",
        "date": "day monday tuesday wednesday thursday friday saturday january february march april may june july",
        "confirmed": "confirm done set book",
        "password": "pin passcode",
        "status": "transit ship deliver way",
        "escalate": "colleague human team transfer",
    }.items()
}
_NEGATIVE = re.compile(r"\b(?:never|not|n't|no|avoids?|refrains?|without)\b|n't\b", re.IGNORECASE)
_NOT_MEANT = re.compile(r"'[^'\n]{3,}'|\"[^\"\n]{3,}\"|\bno longer\b|\bno matter\b", re.IGNORECASE)
"""Words in quotation marks, and turns of phrase, that negate nothing of the criterion itself."""
_RUDE = re.compile(
    r"\b(?:stupid|idiot|shut up|dumb|moron|your (?:own )?(?:fault|problem)|not my problem|stop (?:bothering|wasting)"
    r"|whatever\.|hell|damn)\b"
)


@dataclass(frozen=True, slots=True)
class _Answer:
    verdict: bool
    reasoning: str
    quotes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a criterion asks for."""

    words: frozenset[str]
    spelled: Mapping[str, str]
    """The words as they stand in the question, by stem."""
    is_negative: bool
    about_asking: bool
    theme: str


_THEMES: dict[str, re.Pattern[str]] = {
    "refuses": re.compile(r"\b(?:refus|declin|turns? (?:down|away)|denies|deny|brush)\w*", re.IGNORECASE),
    "retention": re.compile(
        r"\b(?:forgets?|forgot\w*|remembers?|retains?)\b|\bask\w*\b[^.?]*\b(?:again|twice|already|repeat\w*"
        r"|a second time)"
        r"|\balready (?:gave|told|said|given|provided)|\b(?:repeat|ask\w* the same)\b[^.?]*\bquestion|\bkeeps? track\b",
        re.IGNORECASE,
    ),
    "consistency": re.compile(
        r"\bcontradict\w*|\bconsisten\w*|\binconsisten\w*|\bsame (?:facts|numbers|answer)|\bagree with itself",
        re.IGNORECASE,
    ),
    "relevance": re.compile(
        r"\boff[- ]?topic|\bon[- ]?topic|\brelevan\w*|\bstick to the (?:subject|topic)|\bstray\w*|\bunrelated",
        re.IGNORECASE,
    ),
    "manners": re.compile(
        r"\b(?:polite\w*|courteous\w*|friendly|professional\w*|respectful\w*|rude\w*|kind\w*|tone|empath\w*"
        r"|insult\w*)\b",
        re.IGNORECASE,
    ),
}


@lru_cache(maxsize=2_048)
def _wanted(text: str) -> _Wanted:
    theme = next((name for name, pattern in _THEMES.items() if pattern.search(text)), "")
    about_asking = bool(
        re.search(r"\b(?:ask|asks|asked|asking|requests? (?:for )?(?:the|a|your)|demand\w*)\b", text, re.IGNORECASE)
    )
    spelled = {stem(word): word for word in tokens(text)}
    return _Wanted(
        content(text) - _FRAME, spelled, bool(_NEGATIVE.search(_NOT_MEANT.sub(" ", text))), about_asking, theme
    )


def rate(task: Rate) -> dict[str, Any]:
    """The answer to all questions of the task, in the form of `rating.answers.SCHEMA`."""
    transcript = Transcript(task.turns, task.goal)
    return {
        "criteria": [_criterion(question, transcript) for question in task.questions],
        "turns": [answer for question in task.turn_questions for answer in _turn_answers(question, transcript)],
    }


def _criterion(question: Question, transcript: Transcript) -> dict[str, Any]:
    answer = _all_of(question.text, transcript) if question.is_goal else _answered(question.text, transcript)
    return {
        "id": question.id,
        "reasoning": answer.reasoning,
        "quotes": [{"turn": turn, "text": text} for turn, text in answer.quotes],
        "verdict": "YES" if answer.verdict else "NO",
    }


def _turn_answers(question: TurnQuestion, transcript: Transcript) -> Iterator[dict[str, Any]]:
    checks: dict[str, Callable[[int], Finding]] = {
        "conversation_relevance": transcript.relevance,
        "knowledge_retention": transcript.retention,
        "turn_consistency": transcript.consistency,
    }
    check = checks.get(question.metric.replace("-", "_"), _unknown_metric)
    bot_turns = {number for number, _, _ in transcript.bot}
    for number in question.turns:
        finding = check(number) if number in bot_turns else Finding(number, "NA", "It is no turn of the bot.")
        yield {
            "id": question.id,
            "turn": number,
            "verdict": finding.verdict,
            "reason": finding.reason,
            "quote": finding.quote,
        }


def _unknown_metric(number: int) -> Finding:
    return Finding(number, "YES", "The offline engine does not know this metric and finds nothing wrong.")


def _all_of(outcome: str, transcript: Transcript) -> _Answer:
    """An expected outcome of several lines: each of them must have come about."""
    lines = [line for line in outcome[:LOOKED_AT].splitlines() if line.strip()]
    answers = [_answered(line, transcript) for line in lines or [outcome]]
    failed = next((answer for answer in answers if not answer.verdict), None)
    if failed is not None:
        return failed
    return _Answer(
        verdict=True,
        reasoning=answers[0].reasoning,
        quotes=tuple(quote for answer in answers for quote in answer.quotes),
    )


def _answered(text: str, transcript: Transcript) -> _Answer:
    if not transcript.bot:
        return _Answer(verdict=False, reasoning="The bot said nothing.")
    wanted = _wanted(text[:LOOKED_AT])
    if wanted.theme == "refuses":
        return _on_refusing(wanted, transcript)
    if wanted.theme == "manners":
        return _on_manners(transcript)
    if wanted.theme:
        return _on_turns(wanted.theme, transcript)
    if wanted.is_negative:
        return _forbidden(wanted, transcript)
    return _covered(wanted, transcript)


def _on_refusing(wanted: _Wanted, transcript: Transcript) -> _Answer:
    turns = [(number, heard, sentences) for number, heard, sentences in transcript.bot if heard.refuses]
    if wanted.is_negative:
        for number, heard, sentences in turns:
            if not heard.done and is_refusal(heard.text):
                return _Answer(
                    verdict=False,
                    reasoning=f"Turn {number} declines outright.",
                    quotes=((number, _refusing(sentences)),),
                )
        return _Answer(verdict=True, reasoning="No turn of the bot declines outright.")
    for number, _, sentences in turns:
        return _Answer(verdict=True, reasoning=f"Turn {number} declines.", quotes=((number, _refusing(sentences)),))
    return _Answer(verdict=False, reasoning="No turn of the bot declines.")


def _refusing(sentences: tuple[Sentence, ...]) -> str:
    return next((part.quote for part in sentences if declines(part.lower)), sentences[0].quote)


def _on_manners(transcript: Transcript) -> _Answer:
    for number, heard, sentences in transcript.bot:
        if _RUDE.search(heard.text):
            quote = next((part.quote for part in sentences if _RUDE.search(part.lower)), sentences[0].quote)
            return _Answer(verdict=False, reasoning=f"Turn {number} is rude.", quotes=((number, quote),))
    return _Answer(verdict=True, reasoning="No turn of the bot is rude.")


def _on_turns(theme: str, transcript: Transcript) -> _Answer:
    """Criteria about what a turn does to the rest of the conversation: one bad turn fails them."""
    checks = {
        "retention": transcript.retention,
        "consistency": transcript.consistency,
        "relevance": transcript.relevance,
    }
    bad = [finding for number, _, _ in transcript.bot if (finding := checks[theme](number)).verdict == "NO"]
    if not bad and theme == "retention":
        bad = [again for number, _, _ in transcript.bot if (again := transcript.repeated_question(number))]
    if bad:
        quotes = tuple((finding.turn, finding.quote) for finding in bad[:3] if finding.quote)
        return _Answer(verdict=False, reasoning=f"Turn {bad[0].turn}: {bad[0].reason}", quotes=quotes)
    return _Answer(verdict=True, reasoning="No turn of the bot fails in this.")


def _forbidden(wanted: _Wanted, transcript: Transcript) -> _Answer:
    """What must not be done: met when no sentence of the bot does it."""
    for number, heard, sentences in transcript.bot:
        for sentence in sentences:
            asks = sentence.asks or bool(
                re.search(r"\b(?:please|provide|enter|tell me|send me|share|need your)\b", sentence.lower)
            )
            if wanted.about_asking and not asks:
                continue
            if sentence.negated or (heard.refuses and declines(sentence.lower)):
                continue
            if _share(wanted.words, sentence.words) >= NEARLY_ALL:
                what = f"Turn {number} does what it must not."
                return _Answer(verdict=False, reasoning=what, quotes=((number, sentence.quote),))
    return _Answer(verdict=True, reasoning="No sentence of the bot does that.")


def _covered(wanted: _Wanted, transcript: Transcript) -> _Answer:
    """What must be said: met when the bot's sentences together hold the words of it, and one of them a good part."""
    if not wanted.words:
        return _Answer(verdict=True, reasoning="The question names nothing that could be looked for.")
    found: set[str] = set()
    best: tuple[float, int, str] = (0.0, 0, "")
    for number, heard, sentences in transcript.bot:
        said = transcript.user_before(number)
        last = read(said[-1]).words if said else frozenset[str]()
        for sentence in sentences:
            asking = sentence.asks or bool(heard.asked and re.search(r"\b(?:please|provide|need)\b", sentence.lower))
            if asking != wanted.about_asking and (asking or wanted.about_asking):
                continue
            if (heard.refuses and declines(sentence.lower)) or _echoes(sentence, last):
                continue
            share = _share(wanted.words, sentence.words)
            found |= {word for word in wanted.words if _holds(word, sentence.words)}
            if share > best[0]:
                best = (share, number, sentence.quote)
    total = _share(wanted.words, found)
    missing = ", ".join(sorted(wanted.spelled.get(word, word) for word in wanted.words - found))
    quotes = ((best[1], best[2]),) if best[2] else ()
    if total >= ENOUGH and best[0] >= 0.3:
        return _Answer(
            verdict=True,
            reasoning=f"The bot's turns hold {total:.0%} of what is asked for; turn {best[1]} most of it.",
            quotes=quotes,
        )
    what = f"; missing: {missing}" if missing else ""
    return _Answer(
        verdict=False, reasoning=f"The bot's turns hold only {total:.0%} of what is asked for{what}.", quotes=quotes
    )


def _echoes(sentence: Sentence, last: frozenset[str]) -> bool:
    """Only the user's own words given back."""
    if is_done(sentence.lower):
        return False
    return len(sentence.words) > 2 and len(sentence.words - last) < 2 and likeness(sentence.words, last) > 0.5


def _holds(word: str, found: frozenset[str] | set[str]) -> bool:
    return word in found or not _SYNONYMS.get(word, frozenset()).isdisjoint(found)


def _share(wanted: frozenset[str], found: frozenset[str] | set[str]) -> float:
    total = sum(weight(word) for word in wanted)
    return sum(weight(word) for word in wanted if _holds(word, found)) / total if total else 0.0
