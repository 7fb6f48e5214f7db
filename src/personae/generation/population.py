"""Population: many detailed people for one description, by a sampling plan: who they are is drawn, their lives written.

Source: TinyTroupe (arXiv 2507.09788): a population from a description and sampled dimensions, in its agents' form
Idea:   a plan (written by hand, or proposed by `personae generate plan` and then corrected) says how common every value
        is; who there is to be is dealt out exactly by it, and each person is one call. What comes back is checked: how
        much there is of everything, and that nobody is a copy. Personas carry what TinyTroupe's agents do, so
        `personae convert` turns them into agent files and back.
        Other than the original: shares are counted, not guessed by the model; and so are the levels of the five
        factors, since in its published populations of 45, all 45 are highly agreeable.
Cost:   one call for each person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, ClassVar

from personae.core.model import Model
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.seed import derive, digest
from personae.core.text import shown
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, NoDraft, Studio, Told, check_count, generators
from personae.generation._options import from_file, text_of
from personae.generation._person import FACTORS, LISTS, SCHEMA, person
from personae.generation.sampling import Attribute, Plan
from personae.generation.sampling.fragments import added, check_fragments, given, read_population_plan, told
from personae.generation.sampling.report import quotas_told
from personae.generation.sampling.slots import Slot, slots
from personae.llm.offline.steps.population import DescribePerson
from personae.llm.structured import ask
from personae.llm.tokens import estimate
from personae.sources import persona_of_agent
from personae.stats.similarity import NoveltyGate

SYSTEM = load("personae.generation", "population")
TASK = load("personae.generation", "population_task")
MOST_CONTEXT = 20_000
_LEVELS = {"low": Fraction(1, 4), "medium": Fraction(1, 2), "high": Fraction(1, 4)}


@generators.method("population")
@dataclass(frozen=True)
class Population:
    """A population by a sampling plan: detailed people, in the form of TinyTroupe's agents."""

    makes: ClassVar[Makes] = "persona"

    context: str = field(metadata=from_file(text_of("description of the population")))
    """File that describes the population: who they are, and what they have to do with each other or with you."""
    plan: Plan = field(metadata=from_file(read_population_plan))
    """Sampling plan (YAML): attributes with shares, combinations, rules, and fragments that a share of the people get.
    See docs/generate-population.md."""
    tries: int = 3
    """Most calls for one person whose answers are too much like somebody who is there."""

    def effort(self, n: int) -> Effort:
        return Effort((n, 2 * n), 900 + estimate(self.context[:MOST_CONTEXT]), 1_200)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")
        if self.tries < 1:
            raise InputError(f"there must be 1 try or more, not {self.tries}")
        check_fragments(self.whole_plan(), FACTORS)
        plan, gate, names, made = self.whole_plan(), NoveltyGate(), set[str](), {}
        for draft in tuple(studio.found.values()):
            gate.add(draft.key, draft.persona.description)
            names.add(draft.persona.name)
            if cell := plan.cell_of(draft.persona.attributes):
                made[draft.key] = cell

        async def work(slot: Slot, model: Model) -> list[Draft]:
            own = derive(seed, "population", slot.key)
            facts = plan.drawn(slot.cell, own)
            for number in range(1, self.tries + 1):
                spec = await self._ask(model, facts, f"{slot.key}.{number}")
                if spec["name"] in names:
                    spec["name"] = f"{spec['name']} {slot.key}"
                persona = _persona(spec, facts)
                if gate.admit(slot.key, persona.description) is None:
                    names.add(persona.name)
                    came = studio.provenance(
                        "population",
                        key=slot.key,
                        seed=own,
                        prompts=dict(versions(SYSTEM, TASK)),
                        source=digest(self.context, repr(self.plan)),
                        took={"rejects": number - 1} if number > 1 else {},
                    )
                    return [Draft(persona, came)]
            raise NoDraft(f"{self.tries} answers were too much like somebody who is there already")

        async for draft in studio.each(slots(plan, n, seed, made), work):
            yield draft

    def whole_plan(self) -> Plan:
        """The plan, and levels of the five factors as far as it says nothing of them."""
        missing = [name for name in FACTORS if name not in self.plan.names]
        return replace(self.plan, attributes=(*self.plan.attributes, *(Attribute(name, _LEVELS) for name in missing)))

    def report(self, drafts: Sequence[Draft]) -> Told:
        """Quotas that were reached and missed, and how many answers were thrown away."""
        quotas = quotas_told(self.whole_plan(), [draft.persona.attributes for draft in drafts])
        rejects = sum(draft.provenance.took.get("rejects", 0) for draft in drafts)
        return Told((*quotas.lines, f"near-copies thrown away: {rejects}"), {**quotas.data, "rejects": rejects})

    async def _ask(self, model: Model, facts: Mapping[str, int | str], number: str) -> dict[str, Any]:
        """One person's data, with the fixed facts in them."""
        about = {one.name: f" ({one.about})" if one.about else "" for one in self.plan}
        fragments = given(self.plan, facts)
        facts = {name: value for name, value in facts.items() if name not in self.plan.fragments}
        lines = [f"{name}{about.get(name, '')}: {value}" for name, value in facts.items()]
        lines += [f"this holds of them too, and is added to what you write: {one}" for one in told(fragments)]
        task = TASK.render(
            facts="\n".join(f"- {line}" for line in lines),
            lists="\n".join(f"- `{one.path}`: {one.least} or more" for one in LISTS),
            number=number,
            text=shown(self.context, MOST_CONTEXT),
        )
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=SCHEMA,
            parse=person,
            about=DescribePerson(tuple(facts.items()), tuple((one.path, one.least) for one in LISTS), number),
            max_output_tokens=4_000,
        )
        return added(_with_facts(parsed.value, facts), fragments)


def _with_facts(spec: Mapping[str, Any], facts: Mapping[str, int | str]) -> dict[str, Any]:
    """A person's data in which what was drawn stands as it was drawn."""
    found = {"name": spec["name"], **{name: value for name, value in facts.items() if name not in FACTORS}}
    found |= {key: value for key, value in spec.items() if key not in found}
    if "occupation" in facts:
        found["occupation"] = {**spec["occupation"], "title": facts["occupation"]}
    factors = {name: f"{str(facts[name]).capitalize()}. {spec['personality']['big_five'][name]}" for name in FACTORS}
    return found | {"personality": {**spec["personality"], "big_five": factors}}


def _persona(spec: Mapping[str, Any], facts: Mapping[str, int | str]) -> Persona:
    persona = persona_of_agent({"type": "TinyPerson", "persona": spec})
    return persona.model_copy(update={"attributes": persona.attributes | dict(facts), "kind": "demographic"})
