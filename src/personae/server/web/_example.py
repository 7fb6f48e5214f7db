"""The example: the personas, situations and criteria of `personae demo`, run by the offline engine on this server."""

from __future__ import annotations

import io
from importlib.resources import files

from fastapi import UploadFile

from personae.server.api.criterion_sets import create_criterion_set, import_criteria
from personae.server.api.experiments import create_experiment
from personae.server.api.llm_configs import create_llm_config
from personae.server.api.persona_files import import_personas
from personae.server.api.persona_groups import create_persona_group, set_members
from personae.server.api.prompt_templates import create_prompt_template
from personae.server.api.scenario_sets import create_scenario_set
from personae.server.api.scenarios import import_scenarios
from personae.server.deps import ProjectAccess
from personae.server.schemas.criterion import CriterionSetIn
from personae.server.schemas.experiment import ExperimentIn, ModelChoice
from personae.server.schemas.llm_config import LLMConfigIn
from personae.server.schemas.persona_group import Members, PersonaGroupIn
from personae.server.schemas.prompt_template import PromptTemplateIn
from personae.server.schemas.scenario_set import ScenarioSetIn
from personae.server.web._data import data

NAME = "Lumen & Oak (example)"
_OFFLINE = ModelChoice(provider="offline")


async def load_example(project: ProjectAccess) -> int:
    """The id of its experiment, which runs from now on. Raises Conflict where the example is there already."""
    group = await create_persona_group(project, PersonaGroupIn(name=NAME))  # the first step: 409 the second time
    imported = await import_personas(project, _file("personas.jsonl"))
    await set_members(project, group.id, Members(persona_ids=[one.persona_id for one in imported.items]))
    scenarios = await create_scenario_set(project, ScenarioSetIn(name=NAME))
    await import_scenarios(project, scenarios.id, _file("scenarios.yaml"))
    criteria = await create_criterion_set(project, CriterionSetIn(name=NAME))
    await import_criteria(project, criteria.id, _file("criteria.yaml"))
    bot = await create_llm_config(
        project,
        LLMConfigIn(name=NAME, provider="offline", description="Answers by rules, from its system prompt alone."),
    )
    product = (files("personae.demo") / "product.md").read_text(encoding="utf-8")
    template = await create_prompt_template(
        project, PromptTemplateIn(name=NAME, messages=[{"role": "system", "content": product}])
    )
    experiment = await create_experiment(
        project,
        ExperimentIn(
            name=NAME,
            scenario_set_id=scenarios.id,
            persona_group_id=group.id,
            criterion_set_id=criteria.id,
            llm_config_id=bot.id,
            prompt_template_id=template.id,
            simulator=_OFFLINE,
            judge=_OFFLINE,
            seed=1,
            generate=True,
        ),
    )
    return int(data(experiment)["id"])


def _file(name: str) -> UploadFile:
    content = (files("personae.demo") / name).read_bytes()
    return UploadFile(io.BytesIO(content), size=len(content), filename=name)
