"""A new generation: which method, from what, how many; and what that will take, shown as one writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from personae.errors import InputError, NotFound, ProviderError
from personae.server.api.generations import (
    create_generation,
    list_methods,
    preview_generation,
    write_option,
)
from personae.server.api.projects import get_project_settings
from personae.server.deps import Editor, ProjectAccess, Viewer
from personae.server.schemas.generation import GenerationIn, GenerationPreview, Method, MethodOption, Wished
from personae.server.web._choices import models
from personae.server.web._forms import REFUSED, Problems, problems, uploaded
from personae.server.web._generation_words import METHODS, PROPOSED, in_order, option_words, words_of
from personae.server.web._page import Page, ProjectPage

router = APIRouter()

FIRST = next(iter(METHODS))
FIELDS = ("name", "n", "seed", "budget_usd", "llm_config_id", "embeddings_model")
MOST_FILE = 5 * 2**20
"""Bytes of one file that the page takes; the command line reads larger ones."""


@dataclass(slots=True)
class Typed:
    """What was typed, as texts."""

    method: str = FIRST
    values: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, form: FormData, methods: list[Method]) -> Self:
        """What came; a file in place of its text. Raises InputError for one that is no text."""
        made = cls(str(form.get("method") or FIRST), {name: str(form.get(name) or "") for name in FIELDS})
        for option in {one.name: one for method in methods for one in method.options}.values():
            made.options[option.name] = await _text(form, option)
        return made

    def body(self, method: Method) -> GenerationIn:
        """As the API takes it. Raises ValidationError."""
        asked: dict[str, Any] = {name: value for name, value in self.values.items() if value.strip()}
        options = {one.name: _value(one, self.options.get(one.name, "")) for one in method.options}
        given = {name: value for name, value in options.items() if value is not None}
        return GenerationIn.model_validate(asked | {"method": method.name, "options": given})


async def _text(form: FormData, option: MethodOption) -> str:
    file = uploaded(form, f"file.{option.name}")
    if file is None:
        return str(form.get(f"options.{option.name}") or "").replace("\r\n", "\n")
    if (file.size or 0) > MOST_FILE:
        raise InputError("is larger than 5 MiB: use the command line for it", field=f"options.{option.name}")
    try:
        return (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is no text in UTF-8", field=f"options.{option.name}") from None


def _value(option: MethodOption, text: str) -> Any:
    if option.kind == "flag":
        return text == "1"
    if option.kind == "texts":
        return [line.strip() for line in text.split("\n") if line.strip()] or None
    return text if text.strip() else None


@router.get("/p/{project_id}/generations/new")
async def new_generation(page: ProjectPage, project: Viewer, method: str = FIRST) -> Response:
    """The form of one method."""
    return await _form(page, project, Typed(method))


@router.post("/p/{project_id}/generations/look")
async def look(page: ProjectPage, project: Editor) -> Response:
    """The form again, with what the run would take; or with a proposal written into it. Nothing is kept."""
    form = await page.form()
    typed, wrong = await _typed(project, form)
    wish = str(form.get("write") or "")
    if wish in PROPOSED and not wrong:
        try:
            asked = Wished.model_validate({"what": wish, "context": typed.options.get("context", "")})
            typed.options[wish] = (await write_option(project, asked)).text
        except (*REFUSED, ProviderError) as error:
            wrong = problems(error, {"context": "options.context"})
    return await _form(page, project, typed, wrong)


@router.post("/p/{project_id}/generations/new")
async def create(page: ProjectPage, project: Editor) -> Response:
    """Make it, and begin."""
    typed, wrong = await _typed(project, await page.form())
    if wrong:
        return await _form(page, project, typed, wrong)
    try:
        body = typed.body(_chosen(await list_methods(project), typed.method))
        label = METHODS.get(body.method, (body.method, ""))[0]
        body = body.model_copy(update={"name": body.name or page.say(label)})
        made = await create_generation(project, body)
    except (*REFUSED, NotFound) as error:
        return await _form(page, project, typed, problems(error))
    return page.go(f"/p/{project.id}/generations/{made.id}")


async def _typed(project: ProjectAccess, form: FormData) -> tuple[Typed, Problems]:
    try:
        return await Typed.of(form, await list_methods(project)), Problems()
    except InputError as error:
        return Typed(str(form.get("method") or FIRST)), problems(error)


async def _form(page: Page, project: ProjectAccess, typed: Typed, wrong: Problems | None = None) -> Response:
    methods = await list_methods(project)
    method = _chosen(methods, typed.method)
    seen, in_the_way = await _preview(project, typed, method)
    return await page.show(
        "new_generation.html",
        status=wrong.status if wrong else 200,
        methods=[words_of(one) for one in in_order(methods)],
        method=method,
        options=[(one, option_words(one)) for one in method.options],
        proposed=PROPOSED,
        typed=typed,
        models=await models(project),
        chosen=await get_project_settings(project),
        seen=seen,
        problems=wrong or in_the_way,
        is_refused=bool(wrong),
        toast=None,
    )


def _chosen(methods: list[Method], name: str) -> Method:
    return next((one for one in methods if one.name == name), methods[0])


async def _preview(project: ProjectAccess, typed: Typed, method: Method) -> tuple[GenerationPreview | None, Problems]:
    """What a run would take; None where something is missing or wrong, which is then said by its field."""
    if any(one.is_required and not typed.options.get(one.name, "").strip() for one in method.options):
        return None, Problems()
    try:
        return await preview_generation(project, typed.body(method)), Problems()
    except (*REFUSED, NotFound) as error:
        return None, problems(error)
