"""A conversation as the guards look at it: each text taken apart once, for all of them, and only when asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from personae.core.conversation import Turn
from personae.core.persona import Persona, Scenario
from personae.core.text import has_any, words_of

LONGEST = 20_000
"""Characters of a turn that are looked at."""
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


def squeezed(text: str) -> str:
    """Letters and digits alone, in lower case: `#LO-204 17` is `lo20417`."""
    return _APART.sub("", text).lower()


T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - it reads as what it stands for, `functools.cached_property`
    """A property that is made when it is first asked for. That of `functools` takes a lock before Python 3.12."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__

    def __get__(self, one: object, owner: type) -> T:
        value = one.__dict__[self._name] = self._make(one)
        return value


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

    @once
    def lower(self) -> str:
        return self.text.lower() if self.text.isascii() else self.text.lower().replace("\u2019", "'")

    @once
    def own(self) -> str:
        """In lower case, without what stands in quotation marks or is marked as pasted; blanks stand for it."""
        if self.role == "user" and (self.text[:1] == "'" or has_any(self.text, _QUOTE_SIGNS)):
            return _QUOTED.sub(lambda match: " " * len(match[0]), self.lower)
        return self.lower

    @once
    def words(self) -> list[str]:
        """All words, in lower case."""
        return words_of(self.lower)

    @once
    def own_words(self) -> list[str]:
        """All words that are not quoted, in lower case."""
        return self.words if self.own is self.lower else words_of(self.own)

    @once
    def line(self) -> str:
        """All words with one blank between them, and around."""
        return f" {' '.join(self.words)} "

    @once
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

    def says_any(self, signs: Sequence[str]) -> bool:
        """Whether one of `signs`, in lower case, is in what the simulator said. A cheap look before a dear one."""
        return has_any(self.blob, signs)

    def before(self, one: Said) -> Said | None:
        """The bot's turn that `one` answers."""
        place = one.number - 2
        last = self.said[place] if place >= 0 else None
        return last if last is not None and last.role == "assistant" else None

    def bot_before(self, one: Said) -> Iterator[Said]:
        """The bot's turns that `one` may answer, from the first."""
        for other in self.bot:
            if other.number > one.number:
                return
            yield other

    @once
    def told(self) -> str:
        """All that the simulator may know before the first turn, in lower case."""
        return _lower(self.given_texts)

    @property
    def told_line(self) -> str:
        """The words of that, as in `Said.line`."""
        return _line(self.told)

    @once
    def told_squeezed(self) -> str:
        return _squeezed(self.given_texts)

    @once
    def given_texts(self) -> tuple[str, ...]:
        """The texts of persona and scenario without the expected outcome, and what was said before it began."""
        persona, scenario = self.persona, self.scenario
        texts = [persona.name, persona.description, persona.domain_knowledge, *persona.traits]
        texts += [scenario.name, scenario.goal, scenario.known_info, scenario.unknown_info, scenario.instructions]
        texts += [fact.value for fact in persona.facts]
        texts += [str(value) for value in (*persona.attributes.values(), *scenario.fields.values())]
        texts += [one.text for one in self.said if one.is_given]
        return tuple(text for text in texts if text)

    @once
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


@lru_cache(maxsize=4096)
def _line(lower: str) -> str:
    return f" {' '.join(words_of(lower))} "
