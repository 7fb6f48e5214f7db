"""A store as a large team has it: personas, collections, and years of experiments, made by the store's functions."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

from bench.finished import NOW, PROJECT, WORDS, experiment, finished, said
from personae.core.persona import Persona
from personae.server.services import open_services
from personae.server.settings import ServerSettings
from personae.server.setup import prepare
from personae.store import (
    audit,
    collections,
    criterion_sets,
    llm_configs,
    persona_groups,
    personas,
    projects,
    prompt_templates,
    responses,
    rows,
)
from personae.store import criteria as stored_criteria
from personae.store.engine import Connection

_LOGGED = 10_000
"""Entries of the audit log."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is. The large ones are an experiment's before and after, each of `large` conversations."""

    personas: int = 1_000
    rows: int = 10_000
    experiments: int = 1_000
    responses: int = 100_000
    large: tuple[int, int] = (120, 84)
    """Personas and rows."""
    small: tuple[int, int] = (8, 10)
    plan: tuple[int, int] = (300, 3_000)
    """Of the group and the collection that a form chooses."""


@dataclass(slots=True)
class Library:
    """Ids of what there is, by the names that addresses have for them."""

    ids: dict[str, list[int]] = field(default_factory=dict)
    large: list[int] = field(default_factory=list)
    """Two experiments: before and after."""
    plan: dict[str, int] = field(default_factory=dict)
    """A large group and collection, as the form of a new experiment names them."""
    large_responses: list[int] = field(default_factory=list)
    """Some of the one after."""

    def at(self, number: int) -> dict[str, int]:
        """Ids for one look: others for another number."""
        return {name: known[number % len(known)] for name, known in self.ids.items()}


def fill(folder: Path, sizes: Sizes) -> Library:
    """The store in `folder`, filled."""
    return asyncio.run(_fill(folder, sizes))


async def _fill(folder: Path, sizes: Sizes) -> Library:
    services = open_services(ServerSettings(data_folder=str(folder)))
    await prepare(services)
    library = Library({"project_id": [PROJECT], "version": [1]})
    async with services.database.writing() as connection:
        groups = await _people(connection, library, sizes)
        tables = await _tables(connection, library, sizes)
        await _beside(connection, library)
    library.plan = {"persona_group_id": groups[2], "collection_id": tables[2]}
    large = await experiment(services, library.ids, groups[1], tables[1], variants=2)
    small = await experiment(services, library.ids, groups[0], tables[0], variants=7)
    library.large = [await finished(services, large, number) for number in range(2)]
    others = [await finished(services, small, 2 + number) for number in range(sizes.experiments - 2)]
    library.ids["experiment_id"] = others[::-1]
    async with services.database.reading() as connection:
        library.ids["response_id"] = [
            found[0]["id"]
            for id_ in others[-100:]
            if (found := await responses.after(connection, id_, 0, limit=1, light=True))
        ]
        some = await responses.after(connection, library.large[1], 0, limit=1_000, light=True)
        library.large_responses = [one["id"] for one in some[::10]]
    await services.database.close()
    return library


async def _people(connection: Connection, library: Library, sizes: Sizes) -> list[int]:
    """Groups of three sizes, first of some."""
    dice = random.Random(1)
    records = {
        persona.name: persona.as_dict()
        for persona in (
            Persona(
                name=f"{dice.choice(WORDS).title()} {number}",
                description=f"A customer who {said(dice, 30)}. Asks about {{{{product}}}}.",
                traits=tuple(dice.sample(WORDS, 3)),
                attributes={"age": str(20 + number % 60), "city": dice.choice(WORDS), "plan": dice.choice("ABC")},
            )
            for number in range(sizes.personas)
        )
    }
    taken = await personas.take_in(connection, PROJECT, records, author="bench", note="", now=NOW)
    ids = library.ids["persona_id"] = [id_ for id_, _, _ in taken.values()]
    made = []
    for number, size in enumerate((sizes.small[0], sizes.large[0], sizes.plan[0], *[8] * 47)):
        group = await persona_groups.create(connection, PROJECT, f"group {number}", now=NOW)
        await persona_groups.add(connection, group, dice.sample(ids, size), now=NOW)
        made.append(group)
    library.ids["group_id"] = made
    return made


async def _tables(connection: Connection, library: Library, sizes: Sizes) -> list[int]:
    """Collections of three sizes, and many more, with as many rows as there should be."""
    dice = random.Random(2)
    left = sizes.rows - sizes.small[1] - sizes.large[1] - sizes.plan[1]
    made = []
    for number, size in enumerate((sizes.small[1], sizes.large[1], sizes.plan[1], *[left // 60] * 60)):
        columns = [
            {"id": None, "name": name, "column_type": kind, "default_value": "", "column_position": place,
             "categorical_values": None}
            for place, (name, kind) in enumerate(
                (("persona_goal", "persona_goal"), ("product", "text"), ("expected_conversation_outcome", "text"))
            )
        ]  # fmt: skip
        id_ = await collections.create(
            connection, PROJECT, f"collection {number}", collection_type="PERSONA", columns=columns, now=NOW
        )
        await rows.add(
            connection,
            id_,
            [
                {
                    "input_values": {
                        "persona_goal": f"Get help with {{{{product}}}}: {said(dice, 12)}",
                        "product": f"{dice.choice(WORDS)} {place}",
                        "expected_conversation_outcome": f"The bot says {said(dice, 10)}",
                    },
                    "environment_config": None,
                    "content_hash": f"{number:06x}{place:010x}",
                }
                for place in range(size)
            ],
            now=NOW,
        )
        await collections.content_changed(connection, id_, more=size, now=NOW)
        made.append(id_)
    library.ids["collection_id"] = made
    return made


async def _beside(connection: Connection, library: Library) -> None:
    """Templates, LLM configs, criterion sets, the audit log."""
    made: dict[str, list[int]] = {"template_id": [], "llm_config_id": [], "criterion_set_id": []}
    for number in range(50):
        content = {
            "content_hash": f"{number:016x}",
            "messages": [{"role": "system", "content": f"You help the customers of a shop, version {number}."}],
            "placeholders": [],
        }
        made["template_id"].append(
            await prompt_templates.add_version(connection, PROJECT, f"prompt {number}", content, now=NOW)
        )
    for number in range(20):
        settings = {"description": "", "provider": "offline", "inference_type": "openai", "max_connections": 10}
        made["llm_config_id"].append(
            await llm_configs.create(connection, PROJECT, f"bot {number}", settings, None, now=NOW)
        )
        set_id = await criterion_sets.create(connection, PROJECT, f"criteria {number}", now=NOW)
        asked = [{"criterion_str": f"Does the bot keep rule {one}?", "label": f"rule {one}"} for one in range(5)]
        await stored_criteria.add(connection, PROJECT, set_id, asked, now=NOW)
        made["criterion_set_id"].append(set_id)
    library.ids |= made
    project = await projects.project(connection, PROJECT)
    assert project is not None
    for number in range(_LOGGED):
        await audit.record(
            connection,
            organization_id=project["organization_id"],
            project_id=PROJECT,
            actor=f"{number % 9}@example.com",
            action="update",
            noun="persona",
            noun_id=number % 1_000,
            now=NOW,
        )
