"""Identity: people by who they are to others, what they are like, and the life they lead; each part alone or together.

Source: SPeCtrum (arXiv 2502.08599, NAACL 2025): social identity (S), personal identity (P), personal life context (C)
Idea:   S is drawn from shares. P is questionnaires that the model answers as the person, scored by code: the scores,
        not the model's opinion of itself, become the portrait. C is told in the first person. What tendencies a person
        has is dealt out like everything else, and answers that show others are asked for again, so that a set does not
        become all friendly; a life that is nearly another's is told anew. Real people's answers can stand in place of
        all that (`respondents`).
        Other than the paper: public-domain questionnaires (the Mini-IPIP; values in our own words) for the BFI-2-S
        and PVQ; means are not cut to whole numbers; where people are made up, the model gives the answers.
Cost:   C one call, P two; S none; C again where a life is nearly another's. For respondents one call where P is
        among the parts, else none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import as_file, files
from typing import ClassVar

from personae.core.model import Model
from personae.core.prompt import load, versions
from personae.core.seed import derive, digest
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, NoDraft, Studio, check_count, generators
from personae.generation._identity_answers import (
    ANSWERS,
    LIFE,
    PORTRAIT,
    Life,
    Portrait,
    Tendencies,
    answers_of,
    life_of,
    portrait_of,
)
from personae.generation._identity_parts import Self, persona_of
from personae.generation._options import from_file
from personae.generation._respondents import Respondent, read_respondents
from personae.generation._sampling import TRIES
from personae.generation.questionnaires import Questionnaire, questionnaire
from personae.generation.sampling import Attribute, Plan
from personae.generation.sampling.plan_file import read_plan
from personae.generation.sampling.slots import Slot, slots
from personae.llm.offline.steps.identity import AnswerItems, Summarise, TellLife
from personae.llm.structured import ask
from personae.stats.similarity import NoveltyGate

TELL, TELL_TASK = load("personae.generation", "identity_life"), load("personae.generation", "identity_life_task")
TICK, TICK_TASK = load("personae.generation", "identity_answers"), load("personae.generation", "identity_answers_task")
SUM, SUM_TASK = load("personae.generation", "identity_summary"), load("personae.generation", "identity_summary_task")
LEADING = "leading value"
_LEVELS = {"low": Fraction(1, 3), "middle": Fraction(1, 3), "high": Fraction(1, 3)}


@generators.method("identity")
@dataclass(frozen=True)
class Identity:
    """People by social identity, personality and values by questionnaire, and their life as they tell it."""

    makes: ClassVar[Makes] = "persona"

    parts: str = "SPC"
    """Which parts: S social identity, P personality and values, C life context; such as SP, or C alone."""
    social: Plan | None = field(default=None, metadata=from_file(read_plan))
    """Sampling plan (YAML) for S in place of the one that comes with personae, which is no country's census."""
    respondents: tuple[Respondent, ...] | None = field(default=None, metadata=from_file(read_respondents))
    """Answers of real people (JSONL) to make personas of, in place of made-up ones. See docs/generate-identity.md."""

    @property
    def chosen(self) -> str:
        """The parts in their order. Raises InputError where they are none."""
        given = self.parts.upper().strip()
        if not given or set(given) - set("SPC") or len(set(given)) < len(given):
            raise InputError(f"must be S, P, C or several of them, such as SP, not {self.parts!r}", field="parts")
        return "".join(part for part in "SPC" if part in given)

    def effort(self, n: int) -> Effort:
        parts = self.chosen
        calls = n * ("P" in parts) if self.respondents else n * (("C" in parts) + 2 * ("P" in parts))
        return Effort((calls, 2 * calls), 900, 500)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")
        parts = self.chosen
        if self.respondents is not None:
            async for draft in self._of_respondents(studio, self.respondents[:n], parts, seed):
                yield draft
            return
        plan = self._plan(parts)
        keyed = {draft.key: draft.persona.attributes for draft in studio.found.values()}
        made = {key: cell for key, held in keyed.items() if (cell := plan.cell_of(held))}
        names, gate = {draft.persona.name for draft in studio.found.values()}, NoveltyGate()
        for draft in studio.found.values():
            if (sections := draft.persona.sections) is not None and sections.story is not None:
                gate.add(draft.key, sections.story.text)

        async def work(slot: Slot, model: Model) -> list[Draft]:
            own = derive(seed, "identity", slot.key)
            drawn = plan.drawn(slot.cell, own)
            tends = Tendencies.of(drawn, LEADING)
            facts = {name: value for name, value in drawn.items() if name not in tends.names}
            life, rejects = await self._live(model, facts, tends, slot.key, gate) if "C" in parts else (None, 0)
            answers = await self._tick(model, facts, tends, life, slot.key) if "P" in parts else None
            portrait = await self._sum_up(model, answers, slot.key) if answers else None
            name = (life or portrait or Portrait(f"person {slot.key}", "", "")).name
            name = name if name not in names else f"{name} {slot.key}"
            names.add(name)
            told = Self(name, facts, answers, portrait, life, dict(drawn))
            return [self._draft(studio, told, parts, slot.key, own, rejects=rejects)]

        async for draft in studio.each(slots(plan, n, seed, made), work):
            yield draft

    def whole_plan(self) -> Plan | None:
        """Who there is to be; None where they are real."""
        return None if self.respondents is not None else self._plan(self.chosen)

    def _plan(self, parts: str) -> Plan:
        """Who there is to be: social identity where it is wanted, and tendencies where somebody's nature shows."""
        social = self.social or usual_social_plan()
        tendencies: tuple[Attribute, ...] = ()
        if parts != "S":
            values = questionnaire("values").scales
            tendencies = (
                *(Attribute(name, _LEVELS) for name in questionnaire("big_five").scales),
                Attribute(LEADING, dict.fromkeys(values, Fraction(1, len(values)))),
            )
        if taken := {one.name for one in tendencies} & set(social.names):
            raise InputError(
                f"{', '.join(sorted(taken))} cannot be in the plan: it is scored", file=social.file or None
            )
        if "S" not in parts:
            return Plan(tendencies)
        return Plan((*social.attributes, *tendencies), social.joint, social.never, social.file)

    async def _of_respondents(
        self, studio: Studio, respondents: tuple[Respondent, ...], parts: str, seed: int
    ) -> AsyncIterator[Draft]:
        for one in respondents:
            one.check(parts)

        async def work(one: Respondent, model: Model) -> list[Draft]:
            answers = one.answers if "P" in parts else None
            portrait = await self._sum_up(model, answers, one.key) if answers else None
            facts = one.facts if "S" in parts else {}
            told = Self(
                one.name or f"respondent {one.key}", facts, answers, portrait, one.life if "C" in parts else None, facts
            )
            return [self._draft(studio, told, parts, one.key, derive(seed, "identity", one.key))]

        async for draft in studio.each(respondents, work):
            yield draft

    async def _live(
        self, model: Model, facts: Mapping[str, int | str], tends: Tendencies, key: str, gate: NoveltyGate
    ) -> tuple[Life, int]:
        """A life that is nearly nobody else's, and how many were thrown away for it. Raises NoDraft."""
        for rejects in range(TRIES):
            life = await self._tell(model, facts, tends, f"{key}.{rejects}" if rejects else key)
            if gate.admit(key, life.story) is None:
                return life, rejects
        raise NoDraft(f"{TRIES} lives were nearly somebody else's who is there already")

    async def _tell(self, model: Model, facts: Mapping[str, int | str], tends: Tendencies, number: str) -> Life:
        task = TELL_TASK.render(facts=_listed(facts), tendencies=tends.told, number=number)
        parsed = await ask(
            model,
            [{"role": "system", "content": TELL.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=LIFE,
            parse=life_of,
            about=TellLife((*facts.items(), *tends.levels.items()), number),
            max_output_tokens=1_500,
        )
        return parsed.value

    async def _tick(
        self, model: Model, facts: Mapping[str, int | str], tends: Tendencies, life: Life | None, number: str
    ) -> Mapping[str, Mapping[int, int]]:
        """The person's answers to both questionnaires, which show the tendencies."""
        traits, values = questionnaire("big_five"), questionnaire("values")
        task = TICK_TASK.render(
            facts=_listed(facts),
            tendencies=tends.told,
            life=life.told if life else "",
            ask_traits=traits.ask,
            traits=_items(traits),
            ask_values=values.ask,
            values=_items(values),
        )
        about = AnswerItems(
            tuple((item.number, item.scale, item.is_reversed) for item in traits.items),
            tuple((item.number, item.scale, item.is_reversed) for item in values.items),
            tuple(tends.levels.items()),
            tends.leading,
            number,
        )
        parsed = await ask(
            model,
            [{"role": "system", "content": TICK.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=ANSWERS,
            parse=lambda data: answers_of(data, tends),
            about=about,
            max_output_tokens=1_500,
        )
        return parsed.value

    async def _sum_up(self, model: Model, answers: Mapping[str, Mapping[int, int]], number: str) -> Portrait:
        """A portrait of nothing but the scores: no answer, fact or essay is shown."""
        traits, values = questionnaire("big_five"), questionnaire("values")
        ranked = dict(sorted(values.scores(answers["values"]).items(), key=lambda score: -score[1]))
        of_traits, of_values = [*traits.sentences(traits.scores(answers["traits"]))], [*values.sentences(ranked)]
        parsed = await ask(
            model,
            [
                {"role": "system", "content": SUM.render()},
                {"role": "user", "content": SUM_TASK.render(traits="\n".join(of_traits), values="\n".join(of_values))},
            ],
            purpose="generator",
            schema=PORTRAIT,
            parse=portrait_of,
            about=Summarise(tuple(of_traits), tuple(of_values), number),
            max_output_tokens=1_000,
        )
        return parsed.value

    def _draft(self, studio: Studio, told: Self, parts: str, key: str, seed: int, *, rejects: int = 0) -> Draft:
        is_real = self.respondents is not None
        asked = [
            *((TELL, TELL_TASK) if "C" in parts and not is_real else ()),
            *((TICK, TICK_TASK) if "P" in parts and not is_real else ()),
            *((SUM, SUM_TASK) if "P" in parts else ()),
        ]
        source = "respondent" if is_real else f"plan {digest(repr(self.social or usual_social_plan()))}"
        took = {"rejects": rejects} if rejects else {}
        prompts = dict(versions(*asked))
        provenance = studio.provenance("identity", key=key, seed=seed, prompts=prompts, source=source, took=took)
        return Draft(persona_of(told, provenance, is_real=is_real), provenance)


@cache
def usual_social_plan() -> Plan:
    """The plan for social identity that comes with personae."""
    with as_file(files("personae.generation") / "social.yaml") as path:
        return read_plan(path)


def _listed(facts: Mapping[str, int | str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _items(of: Questionnaire) -> str:
    return "\n".join(f"{item.number}. {item.text}" for item in of.items)
