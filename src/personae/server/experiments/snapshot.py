"""The snapshot: copies of all that an experiment is launched with. Later edits never change it.

It is plain JSON. What the API shows of a noun is kept as it was shown; what the engine needs beside it has keys of its
own. The API key of an LLM config is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.errors import NotFound
from personae.server.experiments.chosen import Chosen
from personae.server.experiments.rows_kept import rows_of
from personae.server.kept import Kept
from personae.server.row_intake import goal_of
from personae.server.schemas import collection as collection_schema
from personae.server.schemas.llm_config import LLMConfig
from personae.server.schemas.prompt_template import PromptTemplate
from personae.store import collections, criteria, criterion_sets, llm_configs, persona_groups, prompt_templates
from personae.store.columns import Record
from personae.store.engine import Connection

Snapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot, with the rows, which are kept one by one, and the ids of what was really used."""

    snapshot: Snapshot
    rows: list[Record]
    llm_config_id: int | None
    criterion_set_id: int | None


async def take(connection: Connection, project_id: int, chosen: Chosen, kept: Kept | None = None) -> Taken:
    """Copies of everything that `chosen` names, as it is now; rows may be `kept`. Raises NotFound."""
    collection = _there(
        await collections.get(connection, project_id, chosen.collection_id), "collection", chosen.collection_id
    )
    template = None
    if chosen.prompt_template_id is not None:
        found = await prompt_templates.get(connection, project_id, chosen.prompt_template_id)
        template = _there(found, "prompt template", chosen.prompt_template_id)
    config = await _config(connection, project_id, chosen)
    criterion_set_id = chosen.criterion_set_id or (template or {}).get("criterion_set_id")
    asked = await criterion_set(connection, project_id, criterion_set_id)
    snapshot: Snapshot = {
        "collection": collection_schema.wire(collection, goal_of(collection)),
        "prompt_template": None if template is None else PromptTemplate.of(template).model_dump(mode="json"),
        "llm_config": None if config is None else LLMConfig.of(config).model_dump(mode="json", exclude_none=True),
        "llm_settings": None if config is None else config["settings"],
        "criterion_set": asked,
        "persona_group": None,
        "personas": [],
    }
    if chosen.persona_group_id is not None:
        snapshot |= await _group(connection, project_id, chosen.persona_group_id)
    copies = await rows_of(connection, collection, kept)
    return Taken(snapshot, copies, None if config is None else config["id"], criterion_set_id)


async def criterion_set(connection: Connection, project_id: int, set_id: int | None) -> Mapping[str, Any]:
    """A copy of a criterion set; an empty one where an experiment has none, since clients want one to be there."""
    if set_id is None:
        return {"id": 0, "name": "No criteria", "criteria": []}
    found = _there(await criterion_sets.get(connection, project_id, set_id), "criterion set", set_id)
    asked = (await criteria.of_sets(connection, [set_id])).get(set_id, [])
    return {"id": found["id"], "name": found["name"], "criteria": [_criterion(one) for one in asked]}


def _criterion(row: Record) -> Mapping[str, Any]:
    copy = {name: row[name] for name in ("id", "criterion_str", "label", "version")}
    return copy | {"created_at": row["created_at"].isoformat()}


async def _config(connection: Connection, project_id: int, chosen: Chosen) -> Record | None:
    """The named config, or the project's default. None: the deployment's simulator model plays the bot as well."""
    if chosen.llm_config_id is None:
        return await llm_configs.default(connection, project_id)
    found = await llm_configs.get(connection, project_id, chosen.llm_config_id)
    return _there(found, "LLM config", chosen.llm_config_id)


async def _group(connection: Connection, project_id: int, group_id: int) -> Snapshot:
    group = _there(await persona_groups.get(connection, project_id, group_id), "persona group", group_id)
    members = await persona_groups.members(connection, project_id, group_id)
    return {
        "persona_group": {
            "id": group["id"],
            "name": group["name"],
            "left_out": [one["name"] for one in members if one["archived_at"] is not None],
        },
        "personas": [
            {"id": one["id"], "name": one["name"], "version": one["version"], "record": one["record"]}
            for one in members
            if one["archived_at"] is None
        ],
    }


def _there(found: Record | None, noun: str, id_: int) -> Record:
    if found is None:
        raise NotFound(f"there is no {noun} {id_} in this project")
    return found
