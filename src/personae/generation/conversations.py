"""Conversations: personas from what real users wrote, each statement with the turn that shows it.

Source: "Know You First and Be You Better" (USP), arXiv 2502.18968: implicit profiles, and a sampler by density
Idea:   choose conversations at random, or rather common or rare ones by the density of what users write; replace
        personal data before anything leaves the machine; have objective facts, subjective characteristics and goals
        named, each with its turn and a quote from it. What is not quoted word for word is left out.
Cost:   one call a conversation. The log is read twice, as a stream.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from personae.core.language import TITLES, language_of
from personae.core.model import Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.sections import Goal, Goals, Identity, Scores, Sections, Statement, Statements
from personae.core.seed import derive
from personae.core.text import shown
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, Studio, check_count, generators
from personae.generation._options import from_file
from personae.generation._shapes import list_of, object_of, rows_of, text_in
from personae.generation.privacy import Masked, mask
from personae.generation.privacy.names import LANGUAGES
from personae.llm.offline.steps.conversations import DescribeUser
from personae.llm.structured import NotUsable, ask
from personae.sources.logs import Logged, read_logs
from personae.stats.clouds import Point
from personae.stats.density import TASTES, Taste, in_order_of_drawing, weights_of
from personae.stats.vectors import point, vector

SYSTEM, TASK = load("personae.generation", "conversations"), load("personae.generation", "conversations_task")
FACTORS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
LEVELS = ("low", "medium", "high")
MOST_TURNS, MOST_SAID, MOST_ANSWERED = 60, 2_000, 300
"""User turns of a conversation that the model is shown; characters of one of them; characters of one of the bot's."""
LOOKED_AT = 4_000
"""Characters of a conversation by which its language and its like are told."""
_AT_ONCE = 200
"""Conversations that are read before anything else has its turn."""
_MARK = re.compile(r"\[([A-Z]+)_\d+\]")
_INSTEAD = {
    "name": "somebody",
    "email": "an e-mail address",
    "phone": "a phone number",
    "iban": "an account number",
    "card": "a card number",
    "machine": "an address",
}

_TEXT = {"type": "string"}
_EVIDENCE = {"turn": {"type": "integer"}, "quote": _TEXT}
SCHEMA = OutputSchema(
    "user_profile",
    object_of(
        {
            "objective": list_of(object_of({"about": _TEXT, "text": _TEXT, **_EVIDENCE})),
            "subjective": list_of(
                object_of(
                    {
                        "about": {"type": "string", "enum": [*FACTORS, "language", "behaviour"]},
                        "level": {"type": "string", "enum": [*LEVELS, ""]},
                        "text": _TEXT,
                        **_EVIDENCE,
                    }
                )
            ),
            "goals": list_of(object_of({"goal": _TEXT, "expected_outcome": _TEXT, "known_info": _TEXT, **_EVIDENCE})),
        }
    ),
)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log, by its path and by what it holds."""

    path: Path
    digest: str

    def __str__(self) -> str:
        return self.digest


def log_file(path: Path) -> LogFile:
    """The log at `path`. Raises InputError where there is none."""
    if not path.is_file():
        raise InputError("there is no such file (log of conversations)", file=path)
    digest = blake2b(digest_size=8)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return LogFile(path, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class _User:
    logged: Logged
    language: str
    masked: Masked
    """All turns of the conversation."""

    @property
    def key(self) -> str:
        return str(self.logged.line)

    @property
    def said(self) -> tuple[str, ...]:
        """The user's turns, as far as they are shown."""
        turns = zip(self.logged.turns, self.masked.texts, strict=True)
        return tuple(text for turn, text in turns if turn.is_user)[:MOST_TURNS]

    @property
    def text(self) -> str:
        lines, number = [], 0
        for turn, text in zip(self.logged.turns, self.masked.texts, strict=True):
            number += turn.is_user
            if number > MOST_TURNS:
                break
            who = f"User, message {number}" if turn.is_user else "Assistant"
            lines.append(f"[{who}]\n{shown(text, MOST_SAID if turn.is_user else MOST_ANSWERED)}")
        return "\n\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the model said of a user, as far as the user's turns show it."""

    objective: tuple[tuple[str, Statement], ...]
    subjective: tuple[tuple[str, str, Statement], ...]
    goals: tuple[Goal, ...]


@dataclass(slots=True)
class _Survey:
    """What a log holds, after it was read once."""

    points: dict[str, Point] = field(default_factory=dict)
    """By line, of conversations that can be used."""
    roles: Counter[str] = field(default_factory=Counter)
    silent: int = 0
    """Conversations in which the user says too little."""
    foreign: Counter[str] = field(default_factory=Counter)
    total: int = 0


@generators.method("conversations")
@dataclass(frozen=True)
class Conversations:
    """Personas from logs of real conversations: facts, character and goals of each user, with what shows them."""

    makes: ClassVar[Makes] = "persona"

    logs: LogFile = field(metadata=from_file(log_file))
    """Log of conversations: JSONL of OpenAI-style messages, or CSV with a row a message. Of any size."""
    users: str = "any"
    """Whom to choose: any, common (rather those with many of their like), or rare."""
    user_role: str = ""
    """What the log calls its users, where it is none of user, human, customer, client, visitor, guest and caller."""
    least_turns: int = 1
    """How many messages a user must have written."""
    language: str = ""
    """`any` sends conversations too in whose language names cannot be found. Default: they are left out."""

    def effort(self, n: int) -> Effort:
        return Effort((n, 2 * n), 2500, 900)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")
        taste = next((one for one in TASTES if one == self.users), None)
        if taste is None:
            raise InputError(f"users must be one of {', '.join(TASTES)}, not {self.users!r}")
        if self.language not in ("", "any"):
            raise InputError(f"language must be 'any' or nothing, not {self.language!r}")
        survey = _Survey()
        await self._each(lambda logged: self._look(logged, survey, taste))
        self._check(survey, n)
        weights = await asyncio.to_thread(weights_of, survey.points, taste, seed)
        chosen = await self._chosen(in_order_of_drawing(weights, seed)[:n])

        async def work(user: _User, model: Model) -> list[Draft]:
            profile = await _profile(model, user, derive(seed, user.key))
            provenance = studio.provenance(
                "conversations", key=user.key, prompts=dict(versions(SYSTEM, TASK)), source=self._source(user)
            )
            return [Draft(_persona(user, profile), provenance)]

        async for draft in studio.each(chosen, work):
            yield draft

    async def _each(self, look: Callable[[Logged], None]) -> None:
        """Look at each conversation of the log, in a thread: a long one takes a minute, in which a server has more to
        do. Some at a time, so that a run can be ended on the way."""
        log = read_logs(self.logs.path, self.user_role)

        def some() -> bool:
            read = 0
            for logged in islice(log, _AT_ONCE):
                look(logged)
                read += 1
            return read == _AT_ONCE

        while await asyncio.to_thread(some):
            pass

    def _look(self, logged: Logged, survey: _Survey, taste: Taste) -> None:
        survey.total += 1
        survey.roles.update(sorted(logged.roles))
        if len(logged.said) < max(1, self.least_turns):
            survey.silent += 1
            return
        text = "\n".join(logged.said)[:LOOKED_AT]
        language = language_of(text)
        if self.language != "any" and not _names_are_found(text, language):
            survey.foreign[TITLES.get(language or "", "a language that cannot be told")] += 1
            return
        survey.points[str(logged.line)] = () if taste == "any" else point(vector(text))

    def _check(self, survey: _Survey, n: int) -> None:
        path = self.logs.path
        if not survey.total:
            raise InputError("is empty: it holds no conversations", file=path)
        if survey.silent == survey.total and self.least_turns <= 1:
            roles = ", ".join(repr(role) for role, _ in survey.roles.most_common(6)) or "none"
            raise InputError(f"no message is a user's (roles: {roles}): name the users' role by --user-role", file=path)
        if n > len(survey.points):
            why = f"; in {survey.silent:,} the user says too little" if survey.silent else ""
            if survey.foreign:
                told = ", ".join(f"{count:,} in {name}" for name, count in survey.foreign.most_common(5))
                known = ", ".join(TITLES[code] for code in LANGUAGES)
                why += f"; left out are {told}, since names are found in {known} alone: --language any sends them too"
            raise InputError(
                f"{len(survey.points):,} of its {survey.total:,} conversations can be used, fewer than the {n:,} asked "
                f"for{why}",
                file=path,
            )

    async def _chosen(self, order: Sequence[str]) -> list[_User]:
        """Those conversations, from the log again, without personal data."""
        wanted = set(order)
        found = {}

        def keep(logged: Logged) -> None:
            if (key := str(logged.line)) in wanted:
                language = language_of("\n".join(logged.said)[:LOOKED_AT]) or ""
                found[key] = _User(logged, language, mask([turn.text for turn in logged.turns]))

        await self._each(keep)
        return [found[key] for key in order]

    def _source(self, user: _User) -> str:
        """Where it is from, and what was removed before it was sent."""
        named = f" (conversation {_hidden(user.logged.id)})" if user.logged.id else ""
        counts = ", ".join(f"{count} {kind}" for kind, count in user.masked.counts.items()) or "nothing"
        return f"{self.logs.path.name}:{user.logged.line}{named}; removed: {counts}"


def _hidden(text: str) -> str:
    return mask([text]).texts[0]


def _names_are_found(text: str, language: str | None) -> bool:
    """Whether the patterns for names know the language. Of short texts that cannot be told, the letters decide."""
    if language is not None:
        return language in LANGUAGES
    letters = [char for char in text if char.isalpha()]
    return sum(char < "\u0250" for char in letters) >= 0.9 * len(letters)


async def _profile(model: Model, user: _User, seed: int) -> _Profile:
    task = TASK.render(conversation=user.text)
    messages = [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}]
    parsed = await ask(
        model,
        messages,
        purpose="generator",
        schema=SCHEMA,
        parse=lambda data: _parsed(data, user.said),
        about=DescribeUser(user.said, seed),
        max_output_tokens=3000,
    )
    return parsed.value


def _parsed(data: Any, said: Sequence[str]) -> _Profile:
    """What is shown by a quote that stands in the user's turns. NotUsable where most is not, or no goal is."""
    shown_by = _Evidence(said)
    objective = {text: (text_in(row, "about") or "fact", one) for row, text, one in shown_by(data, "objective", "text")}
    subjective: dict[str, tuple[str, str, Statement]] = {}
    for row, text, one in shown_by(data, "subjective", "text"):
        about, level = text_in(row, "about").lower(), text_in(row, "level").lower()
        subjective[text] = (about, level if about in FACTORS and level in LEVELS else "", one)
    goals = {
        text: Goal(
            goal=text,
            expected_outcome=_clean(text_in(row, "expected_outcome")),
            known_info=_clean(text_in(row, "known_info")),
            turns=one.turns,
        )
        for row, text, one in shown_by(data, "goals", "goal")
    }
    if shown_by.unproven and len(shown_by.unproven) >= len(objective) + len(subjective) + len(goals):
        raise NotUsable(f"No message of the user holds these quotes: {'; '.join(map(repr, shown_by.unproven[:5]))}.")
    if not goals or not (objective or subjective):
        raise NotUsable("It needs at least one goal and one statement, each with a quote from the user's messages.")
    return _Profile(tuple(objective.values()), tuple(subjective.values()), tuple(goals.values()))


class _Evidence:
    """Looks quotes up in the user's turns, and notes those that stand nowhere."""

    def __init__(self, said: Sequence[str]) -> None:
        self._said = [_plain(text) for text in said]
        self.unproven: list[str] = []

    def __call__(self, data: Any, name: str, field: str) -> list[tuple[Mapping[str, Any], str, Statement]]:
        """Rows of a list with their text and the statement of it, for each text once."""
        found: dict[str, tuple[Mapping[str, Any], str, Statement]] = {}
        for row in rows_of(data, name):
            text, quote = _clean(text_in(row, field)), text_in(row, "quote")
            if not text:
                continue
            if turn := self._turn(quote, row.get("turn")):
                found.setdefault(text, (row, text, Statement(text=text, turns=(turn,))))
            else:
                self.unproven.append(quote or text)
        return list(found.values())

    def _turn(self, quote: str, claimed: Any) -> int | None:
        """The turn that holds the quote, from 1: the claimed one, or else the first."""
        plain = _plain(quote)
        if not plain:
            return None
        holding = [number for number, text in enumerate(self._said, 1) if f" {plain} " in f" {text} "]
        return claimed if claimed in holding else holding[0] if holding else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _clean(text: str) -> str:
    """Without marks, and without what a template would take for a placeholder."""
    text = _MARK.sub(lambda match: _INSTEAD.get(match[1].lower(), match[0]), text)
    return " ".join(text.replace("{{", "{ {").split())


def _persona(user: _User, profile: _Profile) -> Persona:
    facts = " ".join(_sentence(one.text) for _, one in profile.objective)
    character = " ".join(_sentence(one.text) for _, _, one in profile.subjective)
    first = profile.goals[0]
    language = TITLES.get(user.language, "")
    return Persona(
        name=f"user of line {user.key}",
        description="\n\n".join(part for part in (facts, character) if part),
        attributes={"language": language} if language else {},
        goal=first.goal,
        success_criteria=first.expected_outcome,
        kind="individualized",
        sections=_sections(profile),
    )


def _sections(profile: _Profile) -> Sections:
    factors = [(about, level, one) for about, level, one in profile.subjective if about in FACTORS and level]
    language = tuple(one for about, _, one in profile.subjective if about == "language")
    rest = tuple(one for about, level, one in profile.subjective if about != "language" and not level)
    facts = tuple(one for _, one in profile.objective)
    return Sections(
        identity=Identity(statements=facts) if facts else None,
        traits=Scores(
            scores={about: level for about, level, _ in factors},
            statements=tuple(one for _, _, one in factors),
        )
        if factors
        else None,
        behaviour=Statements(statements=rest) if rest else None,
        language=Statements(statements=language) if language else None,
        goals=Goals(goals=profile.goals),
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
