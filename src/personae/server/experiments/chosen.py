"""What an experiment is made of, as a client names it, checked by the rules of its evaluation mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from personae.errors import InputError, NotFound
from personae.server.column_rules import is_beta
from personae.server.row_intake import columns_of
from personae.store import collections
from personae.store.columns import Record
from personae.store.engine import Connection

Mode = Literal["STANDARD", "AGENTIC", "MULTI_TURN"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Ids of what an experiment is made of."""

    mode: Mode
    collection_id: int
    prompt_template_id: int | None
    llm_config_id: int | None
    criterion_set_id: int | None
    persona_group_id: int | None
    response_column: str | None


async def choose(
    connection: Connection,
    project_id: int,
    *,
    mode: Mode,
    collection_id: int | None,
    scenario_set_id: int | None,
    prompt_template_id: int | None,
    llm_config_id: int | None,
    criterion_set_id: int | None,
    persona_group_id: int | None,
    response_column_id: int | None,
) -> Chosen:
    """The choice, with the mode that it really means. Raises InputError for what does not go together, NotFound."""
    collection = await _collection(connection, project_id, collection_id, scenario_set_id)
    is_persona = collection["collection_type"] == "PERSONA"
    if is_persona and mode == "STANDARD":  # clients that name no mode send this one
        mode = "MULTI_TURN"
    if mode == "AGENTIC" or collection["collection_type"] == "AGENTIC":
        raise InputError("agent results are not supported yet", field="evaluation_mode")
    if scenario_set_id is not None and mode != "MULTI_TURN":
        raise InputError("is for MULTI_TURN experiments alone", field="scenario_set_id")
    if mode == "MULTI_TURN":
        _check_personas(collection, persona_group_id)
        if response_column_id is not None:
            raise InputError("is for experiments without personas", field="response_column_id")
    elif persona_group_id is not None:
        raise InputError("is for MULTI_TURN experiments alone: choose a PERSONA collection", field="persona_group_id")
    return Chosen(
        mode,
        collection["id"],
        prompt_template_id,
        llm_config_id,
        criterion_set_id,
        persona_group_id,
        _column(collection, response_column_id),
    )


async def _collection(
    connection: Connection, project_id: int, collection_id: int | None, scenario_set_id: int | None
) -> Record:
    if (collection_id is None) == (scenario_set_id is None):
        raise InputError("give either a collection or a scenario set", field="collection_id")
    id_ = collection_id if collection_id is not None else scenario_set_id
    assert id_ is not None
    found = await collections.get(connection, project_id, id_)
    if found is None or (scenario_set_id is not None and not found["is_scenario_set"]):
        raise NotFound(
            f"there is no {'collection' if scenario_set_id is None else 'scenario set'} {id_} in this project"
        )
    return found


def _check_personas(collection: Record, persona_group_id: int | None) -> None:
    if collection["collection_type"] != "PERSONA":
        raise InputError(
            f"a MULTI_TURN experiment needs a PERSONA collection; {collection['name']!r} is a "
            f"{collection['collection_type']} one",
            field="collection_id",
        )
    if is_beta(columns_of(collection)):
        if persona_group_id is not None:
            problem = f"the rows of {collection['name']!r} bring their own personas: leave the group out"
            raise InputError(problem, field="persona_group_id")
    elif persona_group_id is None:
        raise InputError("a MULTI_TURN experiment needs a persona group", field="persona_group_id")


def _column(collection: Record, column_id: int | None) -> str | None:
    if column_id is None:
        return None
    for column in collection["columns"]:
        if column["id"] == column_id:
            name: str = column["name"]
            return name
    raise InputError(f"the collection {collection['name']!r} has no column {column_id}", field="response_column_id")
