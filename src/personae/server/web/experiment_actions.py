"""What is done to an experiment: start, pause, resume, cancel, try again, rate again, another ceiling, delete."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from personae.errors import Conflict, InputError
from personae.server.api import experiment_runs as runs
from personae.server.api.experiments import delete_experiment, get_experiment
from personae.server.deps import Editor, Id
from personae.server.schemas.experiment import BudgetIn, ModelChoice, RerateIn, RetryIn, RunIn
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, problems
from personae.server.web._page import ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast
from personae.server.web.one_experiment import shown

router = APIRouter(prefix="/p/{project_id}/experiments/{experiment_id}")


def _address(project: Editor, experiment_id: int) -> str:
    return f"/p/{project.id}/experiments/{experiment_id}"


@router.post("/run")
async def run(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Start a draft as it was made."""
    draft = data(await get_experiment(project, experiment_id, with_results=False))
    try:
        body = RunIn.model_validate({name: draft[name] for name in ("rating_mode", "n_epochs", "generation_params")})
        await runs.run_experiment(project, experiment_id, body)
    except REFUSED as error:
        return await shown(page, project, experiment_id, problems=problems(error))
    return page.go(_address(project, experiment_id))


@router.post("/pause")
async def pause(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Finish the calls under way, and wait."""
    await runs.pause_experiment(project, experiment_id)
    return page.go(_address(project, experiment_id))


@router.post("/resume")
async def resume(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Go on."""
    await runs.resume_experiment(project, experiment_id)
    return page.go(_address(project, experiment_id))


@router.post("/cancel")
async def cancel(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """End it. What is there stays, and it could still go on."""
    await runs.cancel_experiment(project, experiment_id)
    here = _address(project, experiment_id)
    return page.go(here, Toast(page.say(N_("Cancelled. What is there stays.")), undo=f"{here}/resume"))


@router.post("/budget")
async def budget(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Another ceiling."""
    form = await page.form()
    try:
        body = BudgetIn.model_validate({"budget_usd": form.get("budget_usd")})
    except REFUSED as error:
        return await shown(page, project, experiment_id, show="budget", problems=problems(error))
    await runs.set_budget(project, experiment_id, body)
    return page.go(_address(project, experiment_id), Toast(page.say(N_("The ceiling is set."))))


@router.post("/retry-failed")
async def retry_failed(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Run again what failed; asks first where notes by hand would go."""
    is_sure = bool((await page.form()).get("discard_annotations"))
    here = _address(project, experiment_id)
    mode = data(await get_experiment(project, experiment_id, with_results=False))["rating_mode"]
    try:
        body = RetryIn(discard_annotations=is_sure, rating_mode=mode)
        tried = data(await runs.retry_failed(project, experiment_id, body))
    except Conflict:
        if is_sure:
            raise
        return page.go(f"{here}?show=discard")
    toast = None if tried["generation_task_id"] else Toast(page.say(N_("There is nothing to try again.")))
    return page.go(here, toast)


@router.post("/rerate")
async def rerate(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Rate all conversations once more."""
    form = {name: value for name, value in (await page.form()).items() if value}
    try:
        judge = ModelChoice.model_validate({"llm_config_id": form["judge_id"]}) if "judge_id" in form else None
        chosen = {name: form[name] for name in ("criterion_set_id", "rating_mode") if name in form}
        await runs.rerate_experiment(project, experiment_id, RerateIn.model_validate(chosen | {"judge": judge}))
    except REFUSED as error:
        return await shown(page, project, experiment_id, show="rerate", problems=problems(error))
    return page.go(_address(project, experiment_id))


@router.post("/delete")
async def delete(page: ProjectPage, project: Editor, experiment_id: Id) -> Response:
    """Delete it, if its name was typed."""
    name = data(await get_experiment(project, experiment_id, with_results=False))["name"]
    try:
        if str((await page.form()).get("name", "")).strip() != name.strip():
            raise InputError(page.say(N_("That is not its name.")), field="name")
        await delete_experiment(project, experiment_id)
    except REFUSED as error:
        return await shown(page, project, experiment_id, show="delete", problems=problems(error))
    return page.go(f"/p/{project.id}/experiments", Toast(page.say(N_("%(name)s is deleted."), name=name)))
