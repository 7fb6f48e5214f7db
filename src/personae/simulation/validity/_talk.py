"""A conversation as the guards look at it: each text taken apart once, for all of them, and only when asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

from personae.core.conversation import Turn
from personae.core.persona import Persona, Scenario

LONGEST = 20_000
"""Characters of a turn that are looked at."""
_BLANKS = str.maketrans(
    dict.fromkeys('!"#$%&()*+,./:;<=>?@[\\]^_`{|}~', " ")
    | dict.fromkeys("\u2026\u2013\u2014\u00bf\u00a1\u201c\u201d\u201e\u00ab\u00bb\u3002\uff0c\uff1f\uff01\u3001", " ")
)
_APART = re.compile(r"[\W_]+")
_QUOTED = re.compile(
    r"\"[^\"\n]{2,}\"|\u201c[^\u201d\n]{2,}\u201d|\u201e[^\u201c\u201d\n]{2,}[\u201c\u201d]|\u00ab[^\u00bb\n]{2,}\u00bb"
    r"|(?<!\w)['\u2018][^'\u2019\n]{2,}(?:\w['\u2019]\w[^'\u2019\n]*)*['\u2019](?!\w)|^[ \t]*>.*$|```.*?(?:```|\Z)",
    re.MULTILINE | re.DOTALL,
)
_QUOTE_SIGNS = ('"', " '", "\n'", "('", "`", ">", "\u2018", "\u201c", "\u201e", "\u00ab")
_SAYS_WHO = re.compile(
    r"\b(?:you|u|it|they|he|she|the (?:bot|assistant|agent|site|page|website|screen|message|email|mail|letter))"
    r"(?: (?:just|also|already|have|had|were|are|keep|kept|clearly|even|only|first|literally|again|'ve|page|e?mail))*"
    r" (?:said|say|says|saying|told|tell|tells|wrote|write|writes|ask|asked|asking|asks|replied|answered|stated|repeat"
    r"|promised|quoted|mentioned|claimed|claim|read|reads|stated|confirmed|offered|go)\b"
    r"|\b(?:your|the|this) (?:\w+ )?\w+ (?:says|said|reads|states|stated|tells|told|asks|asked)\b"
    r"|\b(?:as you (?:said|say|wrote|put it)|according to|your (?:message|reply|answer|words|question)s?"
    r"|(?:i|we) (?:got|received|get|see|keep getting|was told) (?:this|the|a|an|that|your)|it says|quote"
    r"|(?:du|sie|ihr) (?:sagten|sagtest|sagst|schrieben|schreiben|haben gesagt)|(?:tu as|vous avez) (?:dit|écrit)"
    r"|(?:usted|tú|me) (?:dijo|dijiste|dice))\b",
    re.IGNORECASE,
)


def words_of(lower: str) -> list[str]:
    """The words of a text that is in lower case; what stands between them is left out, save for `'` and `-`."""
    return lower.translate(_BLANKS).split()


def has_any(text: str, signs: Iterable[str]) -> bool:
    """Whether one of `signs` is in `text`."""
    return any([sign in text for sign in signs])  # noqa: C419 - a list is faster here than a generator


def squeezed(text: str) -> str:
    """Letters and digits alone, in lower case: `#LO-204 17` is `lo20417`."""
    return _APART.sub("", text).lower()


class Said:
    """One turn, taken apart."""

    def __init__(self, number: int, turn: Turn) -> None:
        text = turn.content if len(turn.content) <= LONGEST else turn.content[:LONGEST]
        self.number = number
        """From 1, over all turns."""
        self.role = turn.role
        self.text = text
        self.is_given = bool(turn.metadata) and turn.is_opening
        """It was given with the scenario: the simulator did not say it."""
        self.is_farewell = bool(turn.metadata) and "farewell" in turn.metadata
        self.lower = text.lower() if text.isascii() else text.lower().replace("\u2019", "'")
        self.own = self.lower
        """In lower case, without what stands in quotation marks or is marked as pasted; blanks stand for it."""
        if turn.role == "user" and (text[:1] == "'" or has_any(text, _QUOTE_SIGNS)):
            self.own = _QUOTED.sub(lambda match: " " * len(match[0]), self.lower)

    @cached_property
    def words(self) -> list[str]:
        """All words, in lower case."""
        return words_of(self.lower)

    @cached_property
    def own_words(self) -> list[str]:
        """All words that are not quoted, in lower case."""
        return self.words if self.own is self.lower else words_of(self.own)

    @cached_property
    def line(self) -> str:
        """All words with one blank between them, and around."""
        return f" {' '.join(self.words)} "

    @cached_property
    def squeezed(self) -> str:
        return squeezed(self.text)

    def piece(self, start: int, end: int) -> str:
        """The turn's very words between two places of `lower`."""
        same = self.text if len(self.text) == len(self.lower) else self.lower
        return same[start:end].strip()

    @property
    def is_framed(self) -> bool:
        """At its beginning or its end it says who else is said to have said it."""
        return any(_SAYS_WHO.search(part) for part in (self.lower[:60], self.lower[-60:]))

    def is_said_of_another(self, place: int) -> bool:
        """Before `place`, in the same sentence or up to a colon, stands who else is said to have said it."""
        begin = max(self.lower.rfind(mark, 0, place) for mark in (". ", "! ", "? ", "\n"))
        return _SAYS_WHO.search(self.lower[max(begin, place - 200, 0) : place]) is not None


class Talk:
    """A finished conversation, with what was given to begin with."""

    def __init__(self, persona: Persona, scenario: Scenario, turns: Sequence[Turn], termination: str) -> None:
        self.persona = persona
        self.scenario = scenario
        self.termination = termination
        self.said = [Said(number, turn) for number, turn in enumerate(turns, 1)]
        self.user = [one for one in self.said if one.role == "user" and not one.is_given]
        """What the simulator said."""
        self.bot = [one for one in self.said if one.role == "assistant"]
        self.blob = "\n".join([one.own for one in self.user])
        """All that the simulator said, in lower case: what is not in it is in none of its messages."""

    def says_any(self, signs: Iterable[str]) -> bool:
        """Whether one of `signs`, in lower case, is in what the simulator said. A cheap look before a dear one."""
        return has_any(self.blob, signs)

    def before(self, one: Said) -> Said | None:
        """The bot's turn that `one` answers."""
        place = one.number - 2
        last = self.said[place] if place >= 0 else None
        return last if last is not None and last.role == "assistant" else None

    @cached_property
    def told(self) -> str:
        """All that the simulator may know before the first turn, in lower case."""
        return _lower(self.given_texts)

    @cached_property
    def told_squeezed(self) -> str:
        return _squeezed(self.given_texts)

    @cached_property
    def given_texts(self) -> tuple[str, ...]:
        """The texts of persona and scenario without the expected outcome, and what was said before it began."""
        persona, scenario = self.persona, self.scenario
        texts = [persona.name, persona.description, persona.domain_knowledge, *persona.traits]
        texts += [scenario.name, scenario.goal, scenario.known_info, scenario.unknown_info, scenario.instructions]
        texts += [fact.value for fact in persona.facts]
        texts += [str(value) for value in (*persona.attributes.values(), *scenario.fields.values())]
        texts += [one.text for one in self.said if one.is_given]
        return tuple(text for text in texts if text)

    @cached_property
    def manner(self) -> str:
        """Who the persona is and how it acts, in lower case."""
        persona = self.persona
        return _lower((persona.description, self.scenario.instructions, *persona.traits))


# Personas meet many scenarios, and scenarios many personas: what they say is taken apart once.
@lru_cache(maxsize=4096)
def _lower(texts: tuple[str, ...]) -> str:
    return "\n".join(texts).lower().replace("\u2019", "'")


@lru_cache(maxsize=4096)
def _squeezed(texts: tuple[str, ...]) -> str:
    return squeezed("\n".join(texts))
