"""Quota: personas whose attributes have exactly the shares that are asked for, each written and checked by roles.

Source: HACHIMI (arXiv 2603.04855): quotas, propose - validate - revise over a shared draft, a gate against near-copies
Idea:   who is needed is drawn from a schema, never left to the model. One role after another writes its part and sees
        the draft so far; rules in code check it, then a critic; what is wrong goes back to the part's own author. What
        reads like a persona that is there is written anew.
        Other than the paper: schema, parts and rules are a file of yours and not tied to schools; the checks that code
        can do are done by code, so the critic is asked only about drafts that pass them.
Cost:   one call for each part and one for the critic (5 with the usual parts); for each revision one call for each part
        that it touches, and the critic again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from personae.core.model import Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.sections import Attributes, Identity, Provenance, Sections
from personae.core.seed import derive, digest
from personae.core.text import shown
from personae.errors import InputError
from personae.generation import Draft, Effort, Makes, NoDraft, Studio, Told, check_count, generators
from personae.generation._options import from_file, text_of
from personae.generation._quota_checks import Board, Issue, Written, issues_of
from personae.generation._quota_schema import Part, Schema, read_schema
from personae.generation._shapes import object_of
from personae.generation.sampling import Plan
from personae.generation.sampling.report import quotas_told
from personae.generation.sampling.slots import Slot, slots
from personae.llm.offline.steps.quota import Criticise, WritePart
from personae.llm.structured import NotUsable, ask
from personae.llm.tokens import estimate
from personae.stats.similarity import NoveltyGate

SYSTEM = load("personae.generation", "quota")
TASK = load("personae.generation", "quota_task")
CRITIC = load("personae.generation", "quota_critic")
CRITIC_TASK = load("personae.generation", "quota_critic_task")
MOST_CONTEXT = 20_000
_ASK_NAME = "Give the person a full name too, one that fits the facts, in `name`."


@dataclass(frozen=True, slots=True)
class _Settled:
    """A draft that passed all that code checks."""

    board: Board
    revisions: int
    open: tuple[Issue, ...] = ()
    """What the critic still objects to."""


@generators.method("quota")
@dataclass(frozen=True)
class Quota:
    """Personas by exact quotas: a schema says how common every attribute is, roles write and check each person."""

    makes: ClassVar[Makes] = "persona"

    schema: Schema = field(metadata=from_file(read_schema))
    """Schema (YAML): attributes with shares, rules, and the parts that are written. See docs/generate-quota.md."""
    context: str = field(default="", metadata=from_file(text_of("common background")))
    """File about what all of them have to do with, such as a company's profile."""
    revisions: int = 3
    """Most rounds in which parts are mended before a draft is thrown away, or kept with the critic's objections."""
    tries: int = 4
    """Most drafts for one persona."""

    def effort(self, n: int) -> Effort:
        parts = len(self.schema.parts)
        shown_to_all = 600 + estimate(self.context[:MOST_CONTEXT]) + 100 * parts
        return Effort((n * (parts + 1), n * (parts + 1) * 2), shown_to_all, 180)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        check_count(n, "personas")
        if self.tries < 1 or self.revisions < 0:
            raise InputError(f"tries must be 1 or more ({self.tries}), and revisions 0 or more ({self.revisions})")
        gate, names = NoveltyGate(), set[str]()
        made = {}
        for draft in tuple(studio.found.values()):
            gate.add(draft.key, draft.persona.description)
            names.add(draft.persona.name)
            if cell := self.schema.plan.cell_of(draft.persona.attributes):
                made[draft.key] = cell

        async def work(slot: Slot, model: Model) -> list[Draft]:
            own = derive(seed, "quota", slot.key)
            facts = self.schema.plan.drawn(slot.cell, own)
            rejects: list[str] = []
            for number in range(1, self.tries + 1):
                settled = await self._settle(model, facts, f"{slot.key}.{number}")
                if isinstance(settled, str):
                    rejects.append(settled)
                elif near := gate.admit(slot.key, settled.board.text):
                    rejects.append(f"it reads like {near.key}: {near.shared:.0%} of its words are the same")
                else:
                    persona = self._persona(settled, facts, names, slot)
                    took = {"revisions": settled.revisions, "rejects": len(rejects), "objections": len(settled.open)}
                    return [Draft(persona, self._provenance(studio, slot, own, took))]
            raise NoDraft(f"{self.tries} drafts were thrown away, the last because {rejects[-1]}")

        async for draft in studio.each(slots(self.schema.plan, n, seed, made), work):
            yield draft

    def whole_plan(self) -> Plan:
        """The schema's."""
        return self.schema.plan

    def report(self, drafts: Sequence[Draft]) -> Told:
        """Quotas that were reached and missed, and what the drafts took."""
        told = quotas_told(self.schema.plan, [draft.persona.attributes for draft in drafts])
        took = {
            name: sum(draft.provenance.took.get(name, 0) for draft in drafts)
            for name in ("revisions", "rejects", "objections")
        }
        line = (
            f"revisions: {took['revisions']}; drafts thrown away: {took['rejects']}; objections that the critic keeps: "
            f"{took['objections']}"
        )
        return Told((*told.lines, line), {**told.data, **took})

    async def _settle(self, model: Model, facts: Mapping[str, int | str], number: str) -> _Settled | str:
        """A draft, revised until nothing is wrong; or why it cannot be kept."""
        board = Board(facts)
        for part in self.schema.parts:
            board = await self._write(model, part, board, number, ())
        for revision in range(self.revisions + 1):
            issues = issues_of(self.schema, board)
            is_sound = not issues
            issues = issues or await self._criticise(model, board)
            if not issues:
                return _Settled(board, revision)
            if revision < self.revisions:
                for part in self.schema.parts:
                    if own := [issue.problem for issue in issues if issue.part == part.name]:
                        board = await self._write(model, part, board, number, own)
            elif is_sound:
                return _Settled(board, revision, tuple(issues))
        return f"of its part {issues[0].part!r}: {issues[0].problem}"

    async def _write(self, model: Model, part: Part, board: Board, number: str, issues: Sequence[str]) -> Board:
        """The draft with one part written, or mended where there are issues."""
        first = part is self.schema.parts[0]
        last = board.parts.get(part.name)
        others = {name: written.text for name, written in board.parts.items() if name != part.name}
        low, high = part.words
        task = TASK.render(
            about=self.schema.about,
            context=shown(self.context, MOST_CONTEXT),
            facts=self._facts(board.facts),
            draft=json.dumps(others, ensure_ascii=False, indent=1) if others else "",
            part=part.name,
            write=part.write,
            words=f"{low} to {high}",
            says=", ".join(part.says),
            levels=", ".join(f"`{level}`" for level in self.schema.levels) if part.rate else "",
            rate=", ".join(part.rate),
            name=_ASK_NAME if first else "",
            last=json.dumps(last.as_dict(), ensure_ascii=False) if last and issues else "",
            issues="\n".join(f"- {issue}" for issue in issues),
            number=number,
        )
        about = WritePart(
            part.name, part.write, tuple(board.facts.items()), part.says, part.rate, self.schema.levels, part.words,
            first, number, tuple(issues),
        )  # fmt: skip
        parsed = await ask(
            model,
            [{"role": "system", "content": SYSTEM.render(part=part.name)}, {"role": "user", "content": task}],
            purpose="generator",
            schema=_part_schema(part, self.schema.levels, named=first),
            parse=lambda data: _written(data, part, self.schema.levels, named=first),
            about=about,
            max_output_tokens=400 + 3 * high,
        )
        return board.with_part(part.name, parsed.value)

    async def _criticise(self, model: Model, board: Board) -> list[Issue]:
        names = [part.name for part in self.schema.parts]
        draft = {name: written.as_dict() for name, written in board.parts.items()}
        task = CRITIC_TASK.render(
            about=self.schema.about,
            facts=self._facts(board.facts),
            parts="\n".join(f"- `{part.name}`: {part.write}" for part in self.schema.parts),
            draft=json.dumps(draft, ensure_ascii=False, indent=1),
        )
        parsed = await ask(
            model,
            [{"role": "system", "content": CRITIC.render()}, {"role": "user", "content": task}],
            purpose="generator",
            schema=_critic_schema(names),
            parse=lambda data: _issues(data, names),
            about=Criticise(tuple(draft)),
            max_output_tokens=1_000,
        )
        return parsed.value

    def _facts(self, facts: Mapping[str, int | str]) -> str:
        told = {one.name: f" ({one.about})" if one.about else "" for one in self.schema.plan}
        return "\n".join(f"- {name}{told[name]}: {value}" for name, value in facts.items())

    def _persona(self, settled: _Settled, facts: Mapping[str, int | str], names: set[str], slot: Slot) -> Persona:
        board = settled.board
        name = board.name if board.name not in names else f"{board.name} {slot.key}"
        names.add(name)
        rated = {f"{part} > {of}": level for part, text in board.parts.items() for of, level in text.ratings.items()}
        return Persona(
            name=name,
            description=board.text,
            attributes=dict(facts),
            kind="demographic",
            sections=Sections(
                identity=Identity(facts={"name": board.name, **facts}),
                attributes=Attributes(by_path=dict(rated)) if rated else None,
            ),
        )

    def _provenance(self, studio: Studio, slot: Slot, seed: int, took: Mapping[str, int]) -> Provenance:
        prompts = dict(versions(SYSTEM, TASK, CRITIC, CRITIC_TASK))
        source = digest(repr(self.schema), self.context)
        kept = {name: count for name, count in took.items() if count}
        return studio.provenance("quota", key=slot.key, seed=seed, prompts=prompts, source=source, took=kept)


def _part_schema(part: Part, levels: Sequence[str], *, named: bool) -> OutputSchema:
    text = {"type": "string"}
    fields: dict[str, Any] = {"name": text} if named else {}
    fields["text"] = text
    if part.rate:
        fields["ratings"] = object_of({name: {"type": "string", "enum": [*levels]} for name in part.rate})
    return OutputSchema("part", object_of(fields))


def _critic_schema(parts: Iterable[str]) -> OutputSchema:
    issue = object_of({"part": {"type": "string", "enum": [*parts]}, "problem": {"type": "string"}})
    return OutputSchema("issues", object_of({"issues": {"type": "array", "items": issue}}))


def _written(data: Any, part: Part, levels: Sequence[str], *, named: bool) -> Written:
    """A part as it was written. NotUsable where something of it is missing."""
    given = data if isinstance(data, Mapping) else {}
    text, name, rated = given.get("text"), given.get("name", ""), given.get("ratings") or {}
    if not isinstance(text, str) or not text.strip():
        raise NotUsable("It must be a JSON object with a `text` that is not blank.")
    if named and not (isinstance(name, str) and name.strip()):
        raise NotUsable("`name` must hold the person's name.")
    known = {level.casefold(): level for level in levels}
    ratings = {of: known.get(str(rated.get(of, "")).strip().casefold(), "") for of in part.rate} if _is(rated) else {}
    if missing := [of for of in part.rate if not ratings.get(of)]:
        raise NotUsable(f"`ratings` must give each of {', '.join(missing)} one of the words {', '.join(levels)}.")
    return Written(text.strip(), ratings, " ".join(name.split()) if named else "")


def _is(value: object) -> bool:
    return isinstance(value, Mapping)


def _issues(data: Any, parts: Sequence[str]) -> list[Issue]:
    """What the critic found. NotUsable where it is no list of issues."""
    rows = data.get("issues") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotUsable("It must be a JSON object with the list `issues`, which may be empty.")
    found = []
    for row in rows:
        part = row.get("part") if isinstance(row, Mapping) else None
        problem = row.get("problem") if isinstance(row, Mapping) else None
        if part not in parts or not isinstance(problem, str) or not problem.strip():
            raise NotUsable(f"Each issue needs a `problem` and a `part`, one of {', '.join(parts)}.")
        found.append(Issue(str(part), " ".join(problem.split())))
    return found
