"""Prompt templates: versioned messages with placeholders."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from personae.server.api.prompt_templates import (
    create_prompt_template,
    delete_prompt_template,
    get_prompt_template,
    list_prompt_templates,
)
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.prompt_template import PromptTemplateIn
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50
MOST_VERSIONS = 100
Messages = list[dict[str, Any]]


@router.get("/p/{project_id}/templates")
async def templates(
    page: ProjectPage, project: Viewer, search: str = "", number: int = 1, new: bool = False
) -> Response:
    """The newest version of each."""
    return await _listed(page, project, search=search, number=number, new=new)


@router.post("/p/{project_id}/templates")
async def create(page: ProjectPage, project: Editor) -> Response:
    """A new template; with a name that is known, its next version."""
    form = await page.form()
    name, messages = str(form.get("name", "")), _messages(form)
    try:
        made = await create_prompt_template(project, PromptTemplateIn(name=name, messages=messages))
    except REFUSED as error:
        return await _listed(page, project, new=True, name=name, messages=messages, wrong=problems(error))
    return page.go(f"/p/{project.id}/templates/{made.id}", Toast(page.say(N_("%(name)s is there."), name=made.name)))


@router.get("/p/{project_id}/templates/{template_id}")
async def template(page: ProjectPage, project: Viewer, template_id: Id) -> Response:
    """One version, and which others there are."""
    return await _one(page, project, template_id)


@router.post("/p/{project_id}/templates/{template_id}")
async def save(page: ProjectPage, project: Editor, template_id: Id) -> Response:
    """The next version, with the same tools and the same form of the answer."""
    before = await get_prompt_template(project, template_id)
    messages = _messages(await page.form())
    try:
        kept = before.model_dump(include={"name", "response_format_json_schema", "tools", "tool_choice"})
        body = PromptTemplateIn(**kept, messages=messages, parent_prompt_template_id=template_id)
        made = await create_prompt_template(project, body)
    except REFUSED as error:
        return await _one(page, project, template_id, messages, problems(error, {"name": "messages"}))
    text = page.say(N_("%(name)s is saved as version %(version)s."), name=made.name, version=made.version)
    return page.go(f"/p/{project.id}/templates/{made.id}", Toast(text))


@router.post("/p/{project_id}/templates/{template_id}/delete")
async def delete(page: ProjectPage, project: Editor, template_id: Id) -> Response:
    """One version, for good. The page has asked, by name."""
    name = (await get_prompt_template(project, template_id)).name
    await delete_prompt_template(project, template_id)
    return page.go(f"/p/{project.id}/templates", Toast(page.say(N_("%(name)s is deleted."), name=name)))


async def _one(
    page: Page,
    project: ProjectAccess,
    template_id: int,
    messages: Messages | None = None,
    wrong: Problems | None = None,
) -> Response:
    shown = await get_prompt_template(project, template_id)
    versions = (await list_prompt_templates(project, Paging(1, MOST_VERSIONS), name=shown.name)).items
    return await page.show(
        "one_template.html",
        status=wrong.status if wrong else 200,
        shown=shown,
        versions=versions,
        messages=shown.messages if messages is None else messages,
        writable=all(isinstance(message.get("content"), str) and set(message) == _PLAIN for message in shown.messages),
        problems=wrong or Problems(),
    )


async def _listed(
    page: Page,
    project: ProjectAccess,
    *,
    search: str = "",
    number: int = 1,
    new: bool = False,
    name: str = "",
    messages: Messages | None = None,
    wrong: Problems | None = None,
) -> Response:
    number = max(1, min(number, 10**6))
    return await page.show(
        "templates.html",
        status=wrong.status if wrong else 200,
        listed=await list_prompt_templates(project, Paging(number, PER_PAGE), search=search, newest_only=True),
        search=search,
        number=number,
        per_page=PER_PAGE,
        new=new,
        name=name,
        messages=messages or [{"role": "system", "content": ""}],
        problems=wrong or Problems(),
    )


_PLAIN = {"role", "content"}
"""What a message has that can be written in two fields; others are only shown."""


def _messages(form: FormData) -> Messages:
    """The messages whose text is not blank."""
    texts = [str(text).replace("\r\n", "\n") for text in form.getlist("content")]
    pairs = zip(form.getlist("role"), texts, strict=False)
    return [{"role": str(role), "content": text} for role, text in pairs if text.strip()]
