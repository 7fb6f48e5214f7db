"""Command-line runs put into the server: a result file becomes a finished experiment."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Form

from personae.errors import InputError
from personae.server.answers import Answer
from personae.server.deps import Editor
from personae.server.experiments.importing import survey, write
from personae.server.failures import Taken
from personae.server.schemas.experiment import wire
from personae.server.schemas.experiment_out import Experiment
from personae.server.schemas.persona import Name
from personae.server.uploads import UnreadableFile, Upload, kept
from personae.store import experiments

router = APIRouter(prefix="/projects/{project_id}/experiments", tags=["experiments"])


@router.post("/import", status_code=201, response_model=Experiment)
async def import_experiment(
    project: Editor,
    file: Upload,
    name: Annotated[Name | None, Form(description="Of the experiment. Absent: the file's.")] = None,
) -> Answer:
    """A finished experiment out of a result file of `personae simulate` (`.jsonl`, or `.jsonl.gz`): all of it or none.

    It can be read, compared, exported and rated again like one that ran here, but not run: its bot is not known.
    409 where the name is taken; 400 with `errors`, each with its line, for rows that are none.
    """
    async with kept(file) as (path, shown):
        called = name or PurePath(shown).name.removesuffix(".gz").removesuffix(".jsonl")[:200]
        try:
            found = await asyncio.to_thread(survey, path, shown)
        except InputError as error:
            raise UnreadableFile(error, shown) from error
        now = project.services.now()
        async with project.changing() as change:
            if await experiments.by_name(change.connection, project.id, called) is not None:
                raise Taken(f"an experiment is called {called!r} already: give it another name")
            id_ = await write(change.connection, project.id, found, called, now=now)
            change.log("import", "experiment", id_, name=called, responses=len(found.keys))
            made = await experiments.get(change.connection, project.id, id_)
    assert made is not None
    return Answer(wire(made), 201)
