"""LLM configs: how bots and models are reached, and whether they can be. Keys are written and never shown."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from personae.server.api.llm_configs import (
    create_llm_config,
    delete_llm_config,
    get_llm_config,
    list_llm_configs,
    test_llm_config,
    test_new_llm_config,
    update_llm_config,
)
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.bot_check import BotCheck
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._llm_form import KINDS, Draft, kinds, told
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50
FOUND = {
    "remembers": ("good", N_("It works"), N_("The bot keeps the conversation itself and remembers what was said.")),
    "remembers_sent_history": (
        "good",
        N_("It works"),
        N_("The bot remembers, because the whole conversation is sent with every message."),
    ),
    "does_not_remember": (
        "none",
        N_("It answers, and forgets"),
        N_("The bot answers, but does not know what was said a turn before."),
    ),
    "leaks": (
        "bad",
        N_("Conversations are not apart"),
        N_("The bot knows in a fresh session what was said in another one."),
    ),
    "failed": ("bad", N_("No answer"), N_("The bot gave no answer, or none in which a reply was found.")),
}
"""What a test can find: its tone, and what it means."""


@router.get("/p/{project_id}/llm-configs")
async def llm_configs(page: ProjectPage, project: Viewer, number: int = 1, new: bool = False) -> Response:
    """All of them."""
    return await _listed(page, project, number=number, new=new)


@router.post("/p/{project_id}/llm-configs")
async def create(page: ProjectPage, project: Editor) -> Response:
    """A new one."""
    draft = Draft.received(await page.form())
    try:
        made = await create_llm_config(project, draft.body())
    except REFUSED as error:
        return await _listed(page, project, new=True, draft=draft, wrong=told(error))
    return page.go(f"/p/{project.id}/llm-configs/{made.id}", Toast(page.say(N_("%(name)s is there."), name=made.name)))


@router.post("/p/{project_id}/llm-configs/curl")
async def paste_curl(page: ProjectPage, project: Editor) -> Response:
    """The form of a new one, filled from a curl command. Nothing is stored or sent."""
    form = await page.form()
    try:
        draft = Draft.pasted(form)
    except REFUSED as error:
        return await _listed(page, project, new=True, draft=Draft.received(form), wrong=problems(error))
    return await _listed(page, project, new=True, draft=draft, is_pasted=True)


@router.post("/p/{project_id}/llm-configs/test")
async def test_new(page: ProjectPage, project: Editor) -> Response:
    """Talk with the bot of one that is not stored."""
    draft = Draft.received(await page.form(), page.request.query_params)
    try:
        check = await test_new_llm_config(project, draft.body())
    except REFUSED as error:
        return await _listed(page, project, new=True, draft=draft, wrong=told(error), is_untested=True)
    return await _listed(page, project, new=True, draft=draft, check=check)


@router.get("/p/{project_id}/llm-configs/{llm_config_id}")
async def llm_config(page: ProjectPage, project: Viewer, llm_config_id: Id) -> Response:
    """One of them."""
    return await _one(page, project, llm_config_id)


@router.post("/p/{project_id}/llm-configs/{llm_config_id}")
async def save(page: ProjectPage, project: Editor, llm_config_id: Id) -> Response:
    """Other settings."""
    draft = Draft.received(await page.form())
    before = await get_llm_config(project, llm_config_id)
    try:
        done = await update_llm_config(project, llm_config_id, draft.body(before))
    except REFUSED as error:
        return await _one(page, project, llm_config_id, draft=draft, wrong=told(error))
    text = page.say(N_("%(name)s is saved."), name=done.name)
    return page.go(f"/p/{project.id}/llm-configs/{llm_config_id}", Toast(text))


@router.post("/p/{project_id}/llm-configs/{llm_config_id}/test")
async def test(page: ProjectPage, project: Editor, llm_config_id: Id) -> Response:
    """Talk with the bot by the settings in the form, which are not stored."""
    draft = Draft.received(await page.form(), page.request.query_params)
    before = await get_llm_config(project, llm_config_id)
    try:
        check = await test_llm_config(project, llm_config_id, draft.body(before))
    except REFUSED as error:
        return await _one(page, project, llm_config_id, draft=draft, wrong=told(error), is_untested=True)
    return await _one(page, project, llm_config_id, draft=draft, check=check)


@router.post("/p/{project_id}/llm-configs/{llm_config_id}/delete")
async def delete(page: ProjectPage, project: Editor, llm_config_id: Id) -> Response:
    """For good: its key is not kept. The page has asked, by name."""
    name = (await get_llm_config(project, llm_config_id)).name
    try:
        await delete_llm_config(project, llm_config_id)
    except REFUSED as error:
        return await _one(page, project, llm_config_id, wrong=told(error))
    return page.go(f"/p/{project.id}/llm-configs", Toast(page.say(N_("%(name)s is deleted."), name=name)))


async def _one(
    page: Page, project: ProjectAccess, config_id: int, *, draft: Draft | None = None, **also: Any
) -> Response:
    config = await get_llm_config(project, config_id)
    return await _shown(page, "one_llm_config.html", config=config, draft=draft or Draft.of(config), **also)


async def _listed(page: Page, project: ProjectAccess, *, number: int = 1, **also: Any) -> Response:
    number = max(1, min(number, 10**6))
    listed = await list_llm_configs(project, Paging(number, PER_PAGE))
    shown: dict[str, Any] = {"listed": listed, "number": number, "per_page": PER_PAGE, "draft": Draft(), "new": False}
    return await _shown(page, "llm_configs.html", **shown | also)


async def _shown(
    page: Page,
    template: str,
    *,
    wrong: Problems | None = None,
    check: BotCheck | None = None,
    is_untested: bool = False,
    is_pasted: bool = False,
    **values: Any,
) -> Response:
    """The page; `is_untested`: a test was asked for, and what is `wrong` kept it from being made."""
    return await page.show(
        template,
        status=wrong.status if wrong else 200,
        problems=wrong or Problems(),
        check=check,
        is_untested=is_untested,
        is_pasted=is_pasted,
        found=FOUND,
        kinds=[(name, page.say(KINDS[name]) if name in KINDS else name) for name in kinds()],
        **values,
    )
