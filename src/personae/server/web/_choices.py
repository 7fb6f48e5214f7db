"""What a form has to choose from, as pairs of id and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from personae.llm.providers import providers
from personae.server.api.collections import list_collections
from personae.server.api.criterion_sets import list_criterion_sets
from personae.server.api.llm_configs import list_llm_configs
from personae.server.api.persona_groups import list_persona_groups
from personae.server.api.prompt_templates import list_prompt_templates
from personae.server.column_rules import BETA
from personae.server.deps import ProjectAccess
from personae.server.paging import Paging
from personae.server.schemas.llm_config import LLMConfig
from personae.server.schemas.prompt_template import PromptTemplate
from personae.server.web._data import data

Options = list[tuple[int, str]]
_MOST = Paging(1, 200)
"""A list to choose from is no longer than this."""


@dataclass(slots=True)
class Collection:
    """What a form must know of one."""

    id: int
    name: str
    kind: str
    rows: int
    columns: list[tuple[int, str]]
    brings_personas: bool
    """Its rows do, in the older form of PERSONA collections."""


@dataclass(slots=True)
class Choices:
    """Everything that an experiment can be made of."""

    groups: Options
    collections: list[Collection]
    templates: Options
    """Those that fit."""
    llm_configs: Options
    models: Options
    """Those of them that are language models, and no bots."""
    criterion_sets: Options
    is_cut: bool = field(default=False)
    """There are more than a list can show."""

    def collection(self, id_: str) -> Collection | None:
        """The one that was chosen."""
        return next((one for one in self.collections if str(one.id) == id_), None)


async def models(project: ProjectAccess) -> Options:
    """The LLM configs that are language models, and no bots."""
    return _models((await list_llm_configs(project, _MOST)).items)


def _models(configs: Iterable[LLMConfig]) -> Options:
    return [(one.id, one.name) for one in configs if one.provider in providers.names()]


async def criterion_sets(project: ProjectAccess) -> Options:
    """The newest first."""
    return [(one.id, one.name) for one in (await list_criterion_sets(project, _MOST)).items]


async def choices(project: ProjectAccess, *, is_multi_turn: bool, collection_id: str) -> Choices:
    """For an experiment on this collection, if one is chosen."""
    groups = await list_persona_groups(project, _MOST)
    tables = data(await list_collections(project, _MOST))
    configs = (await list_llm_configs(project, _MOST)).items
    fitting = int(collection_id) if collection_id.isdecimal() and not is_multi_turn else None
    templates = await list_prompt_templates(
        project, Paging(1, 500) if is_multi_turn else _MOST, compatible_collection_id=fitting, newest_only=True
    )
    return Choices(
        groups=[(one.id, f"{one.name} ({one.members_count})") for one in groups.items],
        collections=[
            Collection(
                one["id"],
                one["name"],
                one["collection_type"],
                one["variables_count"],
                [(column["id"], column["name"]) for column in one["columns"]],
                {*BETA} <= {column["name"] for column in one["columns"]},
            )
            for one in tables["items"]
        ],
        templates=[(one.id, _template(one)) for one in templates.items if one.is_system_only == is_multi_turn],
        llm_configs=[(one.id, one.name) for one in configs],
        models=_models(configs),
        criterion_sets=await criterion_sets(project),
        is_cut=max(groups.count, tables["count"]) > _MOST.limit,
    )


def _template(one: PromptTemplate) -> str:
    return f"{one.name} v{one.version}"
