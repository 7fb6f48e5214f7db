"""A new experiment: who talks about what with which bot, and what that will be, shown as one chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.datastructures import FormData, ImmutableMultiDict
from starlette.responses import Response

from personae.errors import NotFound
from personae.server.api.experiments import create_experiment, get_experiment, preview_experiment
from personae.server.api.projects import get_project_settings
from personae.server.deps import Editor, ProjectAccess, Viewer
from personae.server.schemas.experiment import ExperimentIn, ExperimentPreview
from personae.server.web._choices import Choices, Collection, choices
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_

router = APIRouter()

FIELDS = (
    *("name", "mode", "collection_id", "persona_group_id", "prompt_template_id", "llm_config_id", "criterion_set_id"),
    *("n_epochs", "rating_mode", "budget_usd", "max_turns", "max_connections", "temperature", "seed", "simulator_id"),
    *("judge_id", "response_column_id"),
)
METRICS = ("conversation_relevance", "knowledge_retention", "turn_consistency")
_PLACES = {
    "persona ": "persona_group_id",
    "the persona group ": "persona_group_id",
    "the bot's system prompt": "prompt_template_id",
    "criterion ": "criterion_set_id",
}
"""How what is in the way of a run begins, and the field that it is said beside; all else is about the rows."""
_MODELS = {f"{role}{part}": f"{role}_id" for role in ("simulator", "judge") for part in ("", ".llm_config_id")}
_RENAMED = {"evaluation_mode": "mode", **_MODELS}
_PARAMS = ("max_connections", "temperature")
SERVER = "server"
"""In place of a config: the server's own simulator or judge, where the project has chosen another."""


@router.get("/p/{project_id}/experiments/new")
async def new_experiment(page: ProjectPage, project: Viewer, again: int | None = None) -> Response:
    """The form, with what its address says already chosen; `again`: as in that experiment."""
    if again is not None:
        return page.go(f"/p/{project.id}/experiments/new?{urlencode(await _as_before(project, again), doseq=True)}")
    return await _form(page, project, page.request.query_params, Problems())


@router.post("/p/{project_id}/experiments/new")
async def create(page: ProjectPage, project: Editor) -> Response:
    """Make it, and start it unless it is to be kept as a draft."""
    form = await page.form()
    try:
        found = await _choices(project, form)
        body = _asked(form, mode=_mode(form, found), name=_name(form, found, page))
        made = data(await create_experiment(project, body.model_copy(update={"generate": "draft" not in form})))
    except (*REFUSED, NotFound) as error:
        return await _form(page, project, form, problems(error, _RENAMED))
    return page.go(f"/p/{project.id}/experiments/{made['id']}")


async def _form(page: Page, project: ProjectAccess, given: Mapping[str, Any], wrong: Problems) -> Response:
    values = {name: str(given.get(name) or "") for name in FIELDS}
    found = await _choices(project, given)
    collection = found.collection(values["collection_id"])
    has_switched = collection is not None and collection.kind == "PERSONA" and values["mode"] == "STANDARD"
    values["mode"] = _mode(given, found)
    seen, in_the_way = await _preview(project, given, found, values["mode"])
    return await page.show(
        "new_experiment.html",
        status=wrong.status if wrong else 200,
        values=values,
        metrics=_all(given, "metrics"),
        known_metrics=METRICS,
        choices=found,
        chosen=await get_project_settings(project),
        collection=collection,
        has_switched=has_switched,
        seen=seen,
        said=_in_short(seen.problems if seen else ()),
        beside=_beside(values, seen, needs_group=_needs_group(collection, values["mode"])),
        problems=wrong or in_the_way,
        is_refused=bool(wrong),
    )


async def _choices(project: ProjectAccess, given: Mapping[str, Any]) -> Choices:
    """Of a persona experiment, unless the form says that it is none, or the collection does."""
    chosen = str(given.get("collection_id") or "")
    found = await choices(project, is_multi_turn=given.get("mode") != "STANDARD", collection_id=chosen)
    if (given.get("mode") != "STANDARD") != (_mode(given, found) == "MULTI_TURN"):
        found = await choices(project, is_multi_turn=_mode(given, found) == "MULTI_TURN", collection_id=chosen)
    return found


def _mode(given: Mapping[str, Any], found: Choices) -> str:
    """A collection of scenarios is for personas, whatever was chosen before."""
    collection = found.collection(str(given.get("collection_id") or ""))
    if collection is not None and collection.kind == "PERSONA":
        return "MULTI_TURN"
    return str(given.get("mode") or "MULTI_TURN")


async def _preview(
    project: ProjectAccess, given: Mapping[str, Any], found: Choices, mode: str
) -> tuple[ExperimentPreview | None, Problems]:
    """What a run would be; None where something is missing, which is then said by its field."""
    collection = found.collection(str(given.get("collection_id") or ""))
    if not given.get("collection_id") or (_needs_group(collection, mode) and not given.get("persona_group_id")):
        return None, Problems()
    try:
        return await preview_experiment(project, _asked(given, mode=mode, name="?")), Problems()
    except (*REFUSED, NotFound) as error:
        return None, problems(error, _RENAMED)


def _needs_group(collection: Collection | None, mode: str) -> bool:
    return mode == "MULTI_TURN" and not (collection and collection.brings_personas)


def _in_short(lines: Iterable[str]) -> list[str]:
    """What is in the way, each said once: not again for every row that it is so with."""
    return list(dict.fromkeys(line.partition(" (scenario ")[0] for line in lines))


def _beside(values: Mapping[str, str], seen: ExperimentPreview | None, *, needs_group: bool) -> dict[str, str]:
    """What is missing or in the way, by the field that it is about. Nothing before anything is chosen."""
    collection, group = values["collection_id"], values["persona_group_id"]
    found: dict[str, str] = {}
    if needs_group and collection and not group:
        found["persona_group_id"] = N_("Choose a group: it is missing.")
    if group and not collection:
        found["collection_id"] = N_("Choose a collection: it is missing.")
    for line in _in_short(seen.problems if seen else ()):
        place = next((field for begins, field in _PLACES.items() if line.startswith(begins)), "collection_id")
        found.setdefault(place, line)
    return found


def _asked(given: Mapping[str, Any], *, mode: str, name: str) -> ExperimentIn:
    """The API's body from the form's fields. Raises ValidationError."""
    values: dict[str, Any] = {field: given[field] for field in FIELDS if given.get(field)} | {"name": name}
    values["evaluation_mode"] = mode
    values.pop("mode", None)
    if params := {field: values.pop(field) for field in _PARAMS if field in values}:
        values["generation_params"] = params
    for role in ("simulator", "judge"):
        if config := values.pop(f"{role}_id", None):
            values[role] = {} if config == SERVER else {"llm_config_id": config}
    if chosen := _all(given, "metrics"):
        values["metrics"] = chosen
    if mode == "STANDARD":
        values.pop("persona_group_id", None)
    return ExperimentIn.model_validate(values)


def _all(given: Mapping[str, Any], name: str) -> list[str]:
    return [str(one) for one in given.getlist(name) if one] if isinstance(given, ImmutableMultiDict) else []


def _name(form: FormData, found: Choices, page: Page) -> str:
    """What was typed, or else what it is about and when."""
    if typed := str(form.get("name") or "").strip():
        return typed
    collection = found.collection(str(form.get("collection_id") or ""))
    moment = page.services.now().strftime("%Y-%m-%d %H:%M:%S")
    return f"{collection.name[:150]}, {moment}" if collection else moment


async def _as_before(project: ProjectAccess, experiment_id: int) -> dict[str, Any]:
    """The form's fields as an experiment had them, under another name."""
    one = data(await get_experiment(project, experiment_id, with_results=False))
    references = {
        "collection_id": one["collection"],
        "persona_group_id": one["persona_group"],
        "prompt_template_id": one["prompt_template"],
        "llm_config_id": one["llm_config"],
        "criterion_set_id": one["criterion_set"],
    }
    values = {name: (noun or {}).get("id") for name, noun in references.items()}
    values |= {"name": f"{one['name'][:190]} (2)", "mode": one["evaluation_mode"]}
    values |= {name: one[name] for name in ("n_epochs", "rating_mode", "budget_usd", "max_turns", "seed")}
    values |= {name: (one["generation_params"] or {}).get(name) for name in _PARAMS}
    values |= {f"{role}_id": _model(one[role]) for role in ("simulator", "judge")}
    values |= {"response_column_id": one["response_column_id"], "metrics": one["metrics"]}
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", [])}


def _model(choice: Mapping[str, Any] | None) -> Any:
    """A choice of an experiment, as the form has it. None: none, or one that only programs make."""
    if choice is None:
        return None
    return choice.get("llm_config_id") if any(choice.values()) else SERVER


def _plain(value: Any) -> Any:
    """Numbers as people type them."""
    return f"{value:g}" if isinstance(value, float) else value
