"""Transcript: the turns of a conversation as the judge reads them, and what it finds in them turn by turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from personae.core.conversation import Turn
from personae.llm.offline import facts
from personae.llm.offline.heard import Heard, hear
from personae.llm.offline.words import NEGATIONS, Sentence, content, coverage, likeness, read, stem, tokens

Verdict = Literal["YES", "NO", "NA"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one bot turn: YES is fine, NO is not, NA could not be asked."""

    turn: int
    verdict: Verdict
    reason: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A number with a unit, and the words around it."""

    turn: int
    sentence: Sentence
    number: str
    unit: str
    about: frozenset[str]

    @property
    def text(self) -> str:
        if self.unit in "$€£%":
            return f"{self.number}%" if self.unit == "%" else f"{self.unit}{self.number}"
        return f"{self.number} {self.unit}{'s' if self.number != '1' else ''}"


_NUMBER = re.compile(
    r"(?P<money>[$€£]\s?(?P<amount>\d[\d,]*(?:\.\d+)?))"
    r"|(?P<number>\d[\d,]*(?:\.\d+)?)[\s-]{0,2}(?P<unit>(?:business |working |calendar )?"
    r"(?:day|week|month|year|hour|minute|euro|dollar|pound|point|item|percent|kg|mile|km)s?\b|%|€|£)",
    re.IGNORECASE,
)
_QUALIFIERS = content(
    "express standard premium basic student classic platinum gold silver international domestic overnight online "
    "store first second "
    "third new used sale outlet clearance custom late early minimum maximum annual monthly weekly daily another "
    "other next "
    "economy business member extra additional sofa chair table lamp bulb large small outside abroad weekend"
)
_CORRECTS = re.compile(
    r"\b(?:correct(?:ion| myself)|i was wrong|my mistake|i misspoke|apologi[sz]e for the (?:confusion|mistake))\b"
)
_NEW_ORDER = re.compile(r"\bnew\b|\bcreated\b|\bplaced\b|\be\.g|\bexample\b|\blike\b")
_COMPARED_TURNS = 30
"""How many earlier turns a turn is held against, so that long conversations stay cheap."""
_COMPARED_SENTENCES = 12
_OTHER_ONE = re.compile(r"\b(?:other|second|another|different|additional|next|also|else)\b")
_CODE = re.compile(r"\border(?: number)?s?\s*#?\s*((?=[a-z-]{0,4}\d)[a-z]{0,3}-?\d{4,12})\b")
_IN_JUDGED_KINDS = frozenset(facts.KINDS) - {"payment"}


class Transcript:
    """A conversation with numbered turns, from 1."""

    def __init__(self, turns: Sequence[Turn], goal: str = "") -> None:
        self.turns = turns
        self.goal = content(goal)

    @cached_property
    def bot(self) -> list[tuple[int, Heard, tuple[Sentence, ...]]]:
        """Number, meaning and sentences of each bot turn."""
        return [
            (number, hear(turn.content), read(turn.content).sentences)
            for number, turn in enumerate(self.turns, 1)
            if turn.role == "assistant"
        ]

    @cached_property
    def _by_number(self) -> dict[int, tuple[Heard, tuple[Sentence, ...]]]:
        return {number: (heard, sentences) for number, heard, sentences in self.bot}

    def user_before(self, number: int) -> list[str]:
        """The user's turns before turn `number`, the last one last."""
        return [turn.content for turn in self.turns[: number - 1] if turn.role == "user"]

    @cached_property
    def _given(self) -> list[tuple[int, str, str]]:
        """Turn, kind and value of each fact that the user gave."""
        return [
            (number, kind, value)
            for number, turn in enumerate(self.turns, 1)
            if turn.role == "user"
            for kind, value in facts.given(turn.content).items()
            if kind in _IN_JUDGED_KINDS and (kind != "name" or " " in value)
        ]

    @cached_property
    def _claims(self) -> dict[int, list[Claim]]:
        """The numbers that each bot turn states."""
        return {
            number: [claim for sentence in sentences for claim in _claims_of(number, sentence)][:_COMPARED_SENTENCES]
            for number, _, sentences in self.bot
        }

    def relevance(self, number: int) -> Finding:
        """Does the bot's turn address what the user just said?"""
        heard, sentences = self._by_number[number]
        quote = sentences[0].quote if sentences else ""
        said = self.user_before(number)
        if not sentences:
            return Finding(number, "NO", "The turn says nothing.")
        if not said:
            return Finding(number, "YES", "There is nothing before it to address.")
        last = read(said[-1]).words
        for earlier, past, _ in self.bot:
            if earlier >= number:
                break
            before = self.user_before(earlier)
            alike = len(heard.words) > 1 and likeness(heard.words, past.words) > 0.85
            misses = bool(heard.asked or heard.questions) or (not heard.refuses and coverage(last, heard.words) < 0.25)
            if alike and misses and before and likeness(last, read(before[-1]).words) < 0.8:
                return Finding(number, "NO", f"It repeats turn {earlier} whatever the user says.", quote)
        if last & heard.words or heard.asked or heard.refuses or heard.confirms or heard.done or len(heard.words) < 5:
            return Finding(number, "YES", "It takes up what the user said.")
        known = self.goal | last
        for turn in self.turns[: number - 1]:
            known |= read(turn.content).words
        if coverage(heard.words, known) < 0.2:
            return Finding(number, "NO", "It has nothing in common with what the user talks about.", quote)
        return Finding(number, "YES", "It stays with what is talked about.")

    def retention(self, number: int) -> Finding:
        """Does the bot keep what the user told it: neither asks for it again nor contradicts it?"""
        heard, sentences = self._by_number[number]
        known = {kind: (turn, value) for turn, kind, value in self._given if turn < number}
        if not known:
            return Finding(number, "NA", "The user has given nothing to keep.")
        for sentence in sentences if heard.asked else ():
            lower = sentence.lower
            for kind in facts.asked_in(sentence.text, is_question=sentence.asks):
                if kind in known and known[kind][1].lower() not in lower and not _OTHER_ONE.search(lower):
                    noun = facts.KINDS[kind].noun
                    return Finding(
                        number,
                        "NO",
                        f"It asks for the {noun}, which the user gave in turn {known[kind][0]}.",
                        sentence.quote,
                    )
        if "order" in known and (wrong := self._wrong_order(number, sentences)):
            return wrong
        return Finding(number, "YES", "It neither asks again for what it was told nor contradicts it.")

    def repeated_question(self, number: int) -> Finding | None:
        """A question that the bot asks again, though the user has said something else since."""
        heard, _ = self._by_number[number]
        if not (heard.asked or heard.questions):
            return None
        finding = self.relevance(number)
        return finding if finding.verdict == "NO" and "repeats" in finding.reason else None

    def _wrong_order(self, number: int, sentences: Sequence[Sentence]) -> Finding | None:
        """A sentence that names an order that nobody has named before."""
        codes = [(sentence, code) for sentence in sentences for code in _CODE.findall(sentence.lower)]
        if not codes:
            return None
        seen = "".join(filter(str.isalnum, " ".join(read(turn.content).text for turn in self.turns[: number - 1])))
        for sentence, code in codes:
            if code.replace("-", "") not in seen and not _NEW_ORDER.search(sentence.lower):
                what = f"It names order {code.upper()}, which is not the user's."
                return Finding(number, "NO", what, sentence.quote)
        return None

    def consistency(self, number: int) -> Finding:
        """Does the bot's turn agree with its earlier turns?"""
        if not self.bot or number <= self.bot[0][0]:
            return Finding(number, "NA", "It is the bot's first turn.")
        heard, sentences = self._by_number[number]
        if _CORRECTS.search(heard.text):
            return Finding(number, "YES", "It corrects an earlier turn openly.")
        earlier = [entry for entry in self.bot if entry[0] < number][-_COMPARED_TURNS:]
        for claim in self._claims.get(number, ()):
            for past in (past for turn, _, _ in earlier for past in self._claims.get(turn, ())):
                if _clash(claim, past) and not self._says(number, past) and not self._says(past.turn, claim):
                    what = f"It says {claim.text} where turn {past.turn} said {past.text}."
                    return Finding(number, "NO", what, claim.sentence.quote)
        for turn, _, others in earlier:
            for sentence in sentences[:_COMPARED_SENTENCES]:
                if any(_opposed(sentence, other) for other in others[:_COMPARED_SENTENCES]):
                    return Finding(number, "NO", f"It says the opposite of turn {turn}.", sentence.quote)
        return Finding(number, "YES", "It agrees with the bot's earlier turns.")

    def _says(self, number: int, claim: Claim) -> bool:
        """Does turn `number` also hold this very number with this unit? Then it lists several, and contradicts none."""
        said = self._claims.get(number, ())
        return any((other.number, other.unit) == (claim.number, claim.unit) for other in said)


def _claims_of(number: int, sentence: Sentence) -> list[Claim]:
    if sentence.asks:
        return []
    claims = []
    for match in _NUMBER.finditer(sentence.text):
        money = match["amount"]
        unit = match["money"][0] if money else stem(match["unit"].lower().split()[-1].removesuffix("s"))
        amount = (money or match["number"]).replace(",", "").removesuffix(".00")
        around = sentence.text[max(0, match.start() - 90) : match.end() + 90]
        about = (
            frozenset(word for word in content(around) if not any(char.isdigit() for char in word) and word != unit)
            - NEGATIONS
        )
        claims.append(Claim(number, sentence, amount, unit, about))
    return claims


def _clash(one: Claim, other: Claim) -> bool:
    if one.unit != other.unit or one.number == other.number:
        return False
    shared = one.about & other.about
    if (one.about ^ other.about) & _QUALIFIERS:
        return False
    return len(shared) >= 2 and len(shared) / min(len(one.about), len(other.about)) >= 0.5


def _opposed(one: Sentence, other: Sentence) -> bool:
    if one.negated == other.negated or one.asks or other.asks:
        return False
    words, others = one.words - NEGATIONS, other.words - NEGATIONS
    if min(len(words), len(others)) < 2 or (words ^ others) & _QUALIFIERS:
        return False
    return likeness(words, others) >= 0.6 and len(tokens(one.text)) > 3
