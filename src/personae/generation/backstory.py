"""Backstory: personas from long interviews, in which a critic finds contradictions and has them answered again.

Source: "Higher-Order Binding of Language Model Virtual Personas", arXiv 2504.11673
Idea:   an invented person answers open questions one by one, each answer knowing all before it. A critic reads every
        answer and objects to contradictions of fact alone, with both places quoted word for word; then the question is
        asked again. A survey of the finished story, several times with the answers in another order, gives shares for
        each trait, by which `personae personas match` binds stories to a population. Unlike the paper's base models,
        chat models tell the same life again and again: so an anchor is drawn from tables first.
Cost:   2 calls a question (1 for the first) and one for each repeat of the survey: some 20 a persona; more where the
        critic objects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, ClassVar, TypeVar

import orjson

from personae.core.model import Message, Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.sections import Identity, Sections, Story
from personae.core.seed import derive, digest
from personae.generation import Draft, Effort, Makes, NoDraft, Studio, check_count, generators
from personae.generation._options import from_file
from personae.generation._shapes import list_of, object_of, rows_of, text_in, text_needed
from personae.generation.anchors import Anchored, Tables, own_tables, read_tables
from personae.generation.interview import (
    NOT_TOLD,
    SurveyQuestion,
    own_questions,
    own_survey,
    read_questions,
    read_survey,
)
from personae.llm.offline.steps.backstory import Criticise, FillSurvey, TellLife
from personae.llm.structured import NotUsable, ask

T = TypeVar("T")
_PARTS = ("", "_again", "_critic", "_critic_task", "_survey", "_survey_task")
PROMPTS = {part: load("personae.generation", f"backstory{part}") for part in _PARTS}
FEWEST_WORDS = 40
"""Of an answer: less is no story."""

_TEXT = {"type": "string"}
ANSWER = OutputSchema("interview_answer", object_of({"reply": _TEXT}))
OBJECTIONS = OutputSchema(
    "objections",
    object_of({"objections": list_of(object_of({"earlier": _TEXT, "now": _TEXT, "problem": _TEXT}))}),
)
SURVEY = OutputSchema("survey", object_of({"answers": list_of(object_of({"trait": _TEXT, "answer": _TEXT}))}))


@dataclass(frozen=True, slots=True)
class Told:
    """One question, and what was answered."""

    question: str
    reply: str


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an answer cannot stand."""

    earlier: str
    now: str
    problem: str


@generators.method("backstory")
@dataclass(frozen=True)
class Backstory:
    """Personas that told their life in an interview, checked for contradictions, with a survey of each story."""

    makes: ClassVar[Makes] = "persona"

    questions: tuple[str, ...] = field(default_factory=own_questions, metadata=from_file(read_questions))
    """File of the interview's questions (YAML list). Default: nine open questions of personae."""
    survey: tuple[SurveyQuestion, ...] = field(default_factory=own_survey, metadata=from_file(read_survey))
    """File of the survey (YAML list of trait, question and options). Default: six demographic traits."""
    anchors: Tables = field(default_factory=own_tables, metadata=from_file(read_tables))
    """File of tables from which age, place, occupation and the like are drawn (YAML). Default: those of personae."""
    repeats: int = 5
    """How often each story is surveyed, with the answers in another order; 0 for no survey."""
    retries: int = 2
    """How often one question is asked again where the critic objects. After that the story is given up."""

    def effort(self, n: int) -> Effort:
        questions = len(self.questions)
        fewest = 2 * questions - 1 + self.repeats
        return Effort((fewest * n, 2 * (fewest + 2 * questions * self.retries) * n), 600 + 300 * questions, 550)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")

        async def work(teller: Anchored, model: Model) -> list[Draft]:
            return [await self._draft(studio, teller, model)]

        async for draft in studio.each((self._teller(number, seed) for number in range(1, n + 1)), work):
            yield draft

    def _teller(self, number: int, seed: int) -> Anchored:
        own = derive(seed, "backstory", number)
        return Anchored(number, own, self.anchors.draw(own))

    async def _draft(self, studio: Studio, teller: Anchored, model: Model) -> Draft:
        told: list[Told] = []
        for question in self.questions:
            told.append(Told(question, await self._answered(model, teller, told, question)))
        story = "\n\n".join(one.reply for one in told)
        shares = await self._surveyed(model, teller, story)
        likeliest = {trait: max(own.items(), key=lambda one: one[1])[0] for trait, own in shares.items()}
        facts = teller.anchor.facts
        persona = Persona(
            name=f"story {teller.key}, {facts['age']}, {facts.get('occupation', '')}".rstrip(", "),
            description=f"In an interview they told of their life, in their own words:\n\n{story}",
            attributes={trait: answer for trait, answer in likeliest.items() if answer != NOT_TOLD},
            kind="demographic",
            sections=Sections(
                identity=Identity(facts=dict(facts), shares=shares),
                story=Story(text="\n\n".join(f"{one.question}\n\n{one.reply}" for one in told)),
            ),
        )
        provenance = studio.provenance(
            "backstory",
            key=teller.key,
            seed=teller.seed,
            prompts=dict(versions(*PROMPTS.values())),
            source=f"interview {digest(*self.questions)}",
        )
        return Draft(persona, provenance)

    async def _answered(self, model: Model, teller: Anchored, told: Sequence[Told], question: str) -> str:
        """An answer to which the critic does not object. Raises NoDraft where there is none."""
        objections: tuple[Objection, ...] = ()
        for tries in range(self.retries + 1):
            asked = question
            if objections:
                problems = "\n".join(f"- {one.problem}" for one in objections)
                asked = PROMPTS["_again"].render(question=question, problems=problems)
            system = PROMPTS[""].render(anchor=teller.anchor.lines)
            step = TellLife(teller.anchor.facts, len(told), tries, teller.seed)
            reply = await _said(model, system, [*_as_messages(told), _user(asked)], ANSWER, _reply, step, 1200)
            objections = await self._objections(model, teller, told, Told(question, reply)) if told else ()
            if not objections:
                return reply
        raise NoDraft(
            f"question {len(told) + 1} was answered {self.retries + 1} times, and the critic still objects: "
            f"{objections[0].problem}"
        )

    async def _objections(
        self, model: Model, teller: Anchored, told: Sequence[Told], new: Told
    ) -> tuple[Objection, ...]:
        before = "\n\n".join(f"{one.question}\n\n{one.reply}" for one in told)
        known = teller.anchor.lines
        task = PROMPTS["_critic_task"].render(anchor=known, before=before, question=new.question, answer=new.reply)
        parse = partial(_objections, before=f"{known}\n{before}", now=new.reply)
        step = Criticise(tuple(one.reply for one in told), new.reply)
        return await _said(model, PROMPTS["_critic"].render(), [_user(task)], OBJECTIONS, parse, step, 700)

    async def _surveyed(self, model: Model, teller: Anchored, story: str) -> dict[str, dict[str, float]]:
        """By trait, the share of each answer over the repeats."""
        counts: dict[str, Counter[str]] = {one.trait: Counter() for one in self.survey}
        for repeat in range(self.repeats):
            draw = Random(derive(teller.seed, "survey", repeat))
            asked = [(one, draw.sample(one.options, len(one.options))) for one in self.survey]
            lines = "\n\n".join(
                f"{one.trait}: {one.question}\n" + "\n".join(f"- {option}" for option in options)
                for one, options in asked
            )
            task = PROMPTS["_survey_task"].render(story=story, survey=lines)
            parse = partial(_survey_answers, survey=self.survey)
            step = FillSurvey(
                {one.trait: one.options for one in self.survey}, teller.anchor.facts, derive(teller.seed, repeat)
            )
            answers = await _said(model, PROMPTS["_survey"].render(), [_user(task)], SURVEY, parse, step, 600)
            for trait, answer in answers.items():
                counts[trait][answer] += 1
        return {
            trait: {answer: count / own.total() for answer, count in sorted(own.items())}
            for trait, own in counts.items()
            if own
        }


async def _said(
    model: Model,
    system: str,
    messages: Sequence[Message],
    schema: OutputSchema,
    parse: Callable[[Any], T],
    about: object,
    most: int,
) -> T:
    asked = [{"role": "system", "content": system}, *messages]
    answer = await ask(
        model, asked, purpose="generator", schema=schema, parse=parse, about=about, max_output_tokens=most
    )
    return answer.value


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _as_messages(told: Sequence[Told]) -> list[Message]:
    """What was said before, in the form in which answers are asked for. It only grows, so prompt caches work."""
    messages = []
    for one in told:
        messages += [_user(one.question), {"role": "assistant", "content": orjson.dumps({"reply": one.reply}).decode()}]
    return messages


def _reply(data: Any) -> str:
    text = text_needed(data, "reply")
    if len(text.split()) < FEWEST_WORDS:
        raise NotUsable("The `reply` is too short: tell it at length, in 200 to 400 words.")
    return text


def _objections(data: Any, before: str, now: str) -> tuple[Objection, ...]:
    """Objections whose quotes stand where they say; the others are not counted, as nothing shows them."""
    found = []
    for row in rows_of(data, "objections"):
        one = Objection(text_in(row, "earlier"), text_in(row, "now"), text_in(row, "problem"))
        if one.problem and _stands(one.now, now) and (not one.earlier or _stands(one.earlier, before)):
            found.append(one)
    return tuple(found)


def _stands(quote: str, text: str) -> bool:
    plain = _plain(quote)
    return bool(plain) and plain in _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _survey_answers(data: Any, survey: Sequence[SurveyQuestion]) -> Mapping[str, str]:
    """The answer to each question, as the survey spells it. NotUsable where one is missing or another."""
    given = {text_in(row, "trait").casefold(): text_in(row, "answer") for row in rows_of(data, "answers")}
    found = {}
    for one in survey:
        plain = _plain(given.get(one.trait.casefold(), ""))
        matching = [option for option in (*one.options, NOT_TOLD) if _plain(option) == plain]
        if not matching:
            raise NotUsable(f"{one.trait!r} must be one of: {', '.join(one.options)}, or {NOT_TOLD}.")
        found[one.trait] = matching[0]
    return found
