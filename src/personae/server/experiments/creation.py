"""From what a client asks for to an experiment that can be stored: references looked up, copies taken, all checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personae.errors import InputError
from personae.server.deps import ProjectAccess
from personae.server.experiments.chosen import choose
from personae.server.experiments.preview import Preview, preview
from personae.server.experiments.runs import secrets_and_models
from personae.server.experiments.snapshot import take
from personae.server.kept import Kept
from personae.server.project_settings import taken_over
from personae.server.schemas.experiment import RATING_VERSION, RATING_VERSIONS, ExperimentIn
from personae.store import experiments, projects, tasks
from personae.store.columns import Record
from personae.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Draft:
    """An experiment that is not stored yet."""

    values: Record
    rows: list[Record]

    def planned(self) -> int:
        """How many conversations it has."""
        personas = len(self.values["snapshot"]["personas"]) or 1
        return int(personas * len(self.rows) * self.values["n_epochs"])


async def draft(connection: Connection, project_id: int, asked: ExperimentIn, kept: Kept | None = None) -> Draft:
    """The experiment as it would be stored; its rows may be `kept`. Raises InputError and NotFound."""
    chosen = await choose(
        connection,
        project_id,
        mode=asked.evaluation_mode,
        collection_id=asked.collection_id,
        scenario_set_id=asked.scenario_set_id,
        prompt_template_id=asked.prompt_template_id,
        llm_config_id=asked.llm_config_id,
        criterion_set_id=asked.criterion_set_id,
        persona_group_id=asked.persona_group_id,
        response_column_id=asked.response_column_id,
    )
    taken = await take(connection, project_id, chosen, kept)
    template = taken.snapshot["prompt_template"]
    if chosen.mode == "MULTI_TURN" and template is not None and not template["is_system_only"]:
        raise InputError(
            f"the template {template['name']!r} must be exactly one system message: the personas say the rest",
            field="prompt_template_id",
        )
    of_project = await projects.settings(connection, project_id)
    settings = taken_over(asked.own_settings(), of_project, has_personas=chosen.mode == "MULTI_TURN")
    if chosen.response_column is not None:
        settings["response_column"] = chosen.response_column
    values = {
        "name": asked.name,
        "description": asked.description,
        "evaluation_mode": chosen.mode,
        "collection_id": chosen.collection_id,
        "prompt_template_id": chosen.prompt_template_id,
        "llm_config_id": taken.llm_config_id,
        "criterion_set_id": taken.criterion_set_id,
        "persona_group_id": chosen.persona_group_id,
        "response_column_id": asked.response_column_id,
        "n_epochs": 1 if chosen.response_column is not None else asked.n_epochs,
        "rating_mode": asked.rating_mode,
        "rating_version": RATING_VERSIONS.get(asked.rating_version or "", RATING_VERSION),
        "settings": settings,
        "snapshot": taken.snapshot,
    }
    made = Draft(values, taken.rows)
    values["planned"] = made.planned()
    return made


async def look(project: ProjectAccess, asked: ExperimentIn) -> tuple[Draft, Preview]:
    """The draft and what a run of it would be."""
    async with project.reading() as connection:
        drafted = await draft(connection, project.id, asked, project.services.rows)
        return drafted, await look_at(connection, project, drafted)


async def look_at(connection: Connection, project: ProjectAccess, drafted: Draft) -> Preview:
    """What a run of the draft would be."""
    experiment = {**drafted.values, "project_id": project.id}
    secrets, models = await secrets_and_models(connection, project.services, experiment)
    return await preview(project.services, experiment, drafted.rows, secrets, models)


def check(seen: Preview) -> None:
    """Raises InputError that lists everything which is in the way of a run."""
    if seen.problems:
        raise InputError("\n".join(seen.problems))


async def queue(
    connection: Connection,
    project: ProjectAccess,
    experiment_id: int,
    *,
    total: int,
    payload: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A task that runs the experiment, waiting for a process to claim it."""
    now = project.services.now()
    task_id = await tasks.create(
        connection, project.id, "run", experiment_id=experiment_id, total=total, payload=payload, now=now
    )
    await experiments.change(
        connection, experiment_id, now=now, status="queued", task_id=task_id, problem=None, ended_at=None, **changes
    )
    return task_id
