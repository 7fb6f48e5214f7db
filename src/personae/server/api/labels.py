"""Labels: what people say of responses, and how far the judge agrees with them."""

from __future__ import annotations

from fastapi import APIRouter

from personae.errors import InputError, NotFound
from personae.server.answers import Answer
from personae.server.deps import Editor, Id, Viewer
from personae.server.experiments import pages
from personae.server.experiments.agreement import agreement, labelled
from personae.server.experiments.inputs import criteria
from personae.server.schemas.label import Agreement, Label, LabelIn, LabelLine, wire
from personae.store import experiments, labels

router = APIRouter(prefix="/projects/{project_id}", tags=["labels"])


@router.get("/responses/{response_id}/labels", response_model=list[Label])
async def list_labels(project: Viewer, response_id: Id) -> Answer:
    """What people say of one response. Whoever still labels it should not look."""
    async with project.reading() as connection:
        await pages.found(connection, project.id, response_id)
        return Answer([wire(row) for row in await labels.of_response(connection, response_id)])


@router.put("/responses/{response_id}/labels", response_model=Label)
async def label_response(project: Editor, response_id: Id, body: LabelIn) -> Answer:
    """Your answer to a criterion, or to whether the goal was reached, in place of your earlier one.

    It is held against the judge's answer, and changes no rate. (To put yours in place of the judge's, rate by hand.)
    """
    async with project.changing() as change:
        response = await pages.found(change.connection, project.id, response_id)
        experiment = await experiments.by_id(change.connection, response["experiment_id"])
        assert experiment is not None
        known = {ref.id for ref in criteria(experiment["snapshot"])[1]}
        if body.criterion_id is not None and body.criterion_id not in known:
            raise InputError(f"the experiment has no criterion {body.criterion_id}", field="criterion_id")
        row = await labels.put(
            change.connection,
            response_id=response_id,
            experiment_id=experiment["id"],
            criterion_id=body.criterion_id or labels.GOAL,
            rater=body.rater or project.actor,
            label=body.label,
            note=body.note,
            created_at=project.services.now(),
        )
        change.log("label", "response", response_id, criterion_id=body.criterion_id, rater=row["rater"])
        return Answer(wire(row))


@router.delete("/labels/{label_id}", status_code=204)
async def delete_label(project: Editor, label_id: Id) -> None:
    """Take a label back."""
    async with project.changing() as change:
        row = await labels.remove(change.connection, project.id, label_id)
        if row is None:
            raise NotFound(f"there is no label {label_id} in this project")
        change.log("delete", "label", label_id, response_id=row["response_id"], rater=row["rater"])


@router.get("/experiments/{experiment_id}/labels", response_model=list[LabelLine])
async def list_experiment_labels(project: Viewer, experiment_id: Id) -> Answer:
    """All labels of an experiment, as `personae judge check --labels` reads them."""
    _, found = await labelled(project, experiment_id)
    return Answer([one.as_dict() | {"label": one.label, "note": one.note} for one in found])


@router.get("/experiments/{experiment_id}/agreement", response_model=Agreement)
async def get_agreement(project: Viewer, experiment_id: Id) -> Answer:
    """How far the judge agrees with people, per criterion, and the pass rates as people would have them.

    What `personae judge check` says of files. The experiment's reports show it, too, once there are labels.
    """
    found = await agreement(project, experiment_id)
    return Answer(Agreement.model_validate(found.as_dict()).model_dump(mode="json"))
