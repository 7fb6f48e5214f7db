"""Try a persona: talk with it as its bot, or be it against a bot. Nothing is kept; the page carries what was said."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from personae.errors import BotError, ConfigurationError, NotFound, PersonaeError, ProviderError
from personae.server.api.llm_configs import list_llm_configs
from personae.server.api.personas import get_persona
from personae.server.api.prompt_templates import list_prompt_templates
from personae.server.api.tryouts import try_bot, try_persona
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.persona import Persona
from personae.server.schemas.tryout import BotTry, PersonaTry
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage

router = APIRouter()

Seat = Literal["bot", "persona"]
FAILED = (*REFUSED, BotError, ProviderError, ConfigurationError, NotFound)
_MOST = 200


@dataclass(slots=True)
class Talk:
    """What the page carries from one message to the next."""

    goal: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    turns: list[dict[str, str]] = field(default_factory=list)
    ended: dict[str, Any] | None = None
    """The move that ended it."""
    seed: int = 0
    session: str = ""
    llm_config: str = ""
    template: str = ""
    message: str = ""
    """What was typed and not yet taken."""

    @classmethod
    def typed(cls, form: FormData) -> Self:
        """From the form. What cannot be read as turns is none."""
        try:
            turns = json.loads(str(form.get("turns", "[]")))
        except ValueError:
            turns = []
        names = [str(name) for name in form.getlist("column_name")]
        values = [str(value) for value in form.getlist("column_value")]
        seed = str(form.get("seed", ""))
        return cls(
            goal=str(form.get("goal", "")).strip(),
            columns={name: value for name, value in zip(names, values, strict=False) if value.strip()},
            turns=turns if isinstance(turns, list) else [],
            seed=int(seed) if seed.isdecimal() else 0,
            session=str(form.get("session", "")),
            llm_config=str(form.get("llm_config", "")),
            template=str(form.get("template", "")),
            message=str(form.get("message", "")).replace("\r\n", "\n").strip(),
        )

    @property
    def carried(self) -> str:
        """The turns, for a hidden field."""
        return json.dumps(self.turns, ensure_ascii=False)

    def say(self, role: str, content: str) -> None:
        self.turns.append({"role": role, "content": content})


@router.get("/p/{project_id}/personas/{persona_id}/try")
async def try_out(page: ProjectPage, project: Viewer, persona_id: Id, seat: Seat = "bot") -> Response:
    """Before the first message."""
    persona = await get_persona(project, persona_id)
    talk = Talk(goal=persona.goal, columns=dict.fromkeys(persona.placeholders, ""), seed=secrets.randbelow(2**31))
    return await _shown(page, project, persona, seat, talk)


@router.post("/p/{project_id}/personas/{persona_id}/try")
async def go_on(page: ProjectPage, project: Editor, persona_id: Id, seat: Seat = "bot") -> Response:
    """One message of each side. What fails is said beside what was typed, and nothing is lost."""
    persona = await get_persona(project, persona_id)
    form = await page.form()
    talk = Talk.typed(form)
    if form.get("take_back"):
        mine = "assistant" if seat == "bot" else "user"
        while talk.turns and talk.turns.pop().get("role") != mine:
            pass
        return await _shown(page, project, persona, seat, talk)
    said = list(talk.turns)
    try:
        if seat == "bot":
            await _as_bot(project, persona, talk)
        else:
            await _as_persona(project, talk)
    except FAILED as error:
        talk.turns = said
        return await _shown(page, project, persona, seat, talk, _problems(error))
    return await _shown(page, project, persona, seat, talk)


async def _as_bot(project: ProjectAccess, persona: Persona, talk: Talk) -> None:
    if talk.turns:
        talk.say("assistant", talk.message)
    body = {"turns": talk.turns, "columns": talk.columns, "goal": talk.goal, "seed": talk.seed}
    move = await try_persona(project, persona.id, PersonaTry.model_validate(body))
    talk.message = ""
    if move.text:
        talk.say("user", move.text)
    if move.kind == "end":
        talk.ended = move.model_dump()


async def _as_persona(project: ProjectAccess, talk: Talk) -> None:
    talk.say("user", talk.message)
    body = {
        "turns": talk.turns,
        "columns": talk.columns,
        "prompt_template_id": talk.template or None,
        "session": talk.session,
    }
    given = BotTry.model_validate(body)
    config = int(talk.llm_config) if talk.llm_config.isdecimal() else 0
    answer = await try_bot(project, config, given)
    talk.message, talk.session = "", answer.session
    talk.say("assistant", answer.text)


async def _shown(
    page: Page, project: ProjectAccess, persona: Persona, seat: Seat, talk: Talk, wrong: Problems | None = None
) -> Response:
    configs, templates, columns = [], [], _columns(persona.placeholders)
    if seat == "persona":
        configs = (await list_llm_configs(project, Paging(1, _MOST))).items
        known = await list_prompt_templates(project, Paging(1, _MOST), newest_only=True)
        templates = [one for one in known.items if one.is_system_only]
        chosen = next((one.placeholders for one in templates if str(one.id) == talk.template), [])
        columns = list(dict.fromkeys([*columns, *_columns(chosen)]))
    return await page.show(
        "persona_try.html",
        status=wrong.status if wrong else 200,
        persona=persona,
        seat=seat,
        talk=talk,
        columns=columns,
        configs=configs,
        templates=templates,
        problems=wrong or Problems(),
    )


def _problems(error: ValidationError | PersonaeError) -> Problems:
    """By the fields that are on the page; the rest above them, with its place."""
    found = problems(error)
    shown = Problems({name: text for name, text in found.items() if name in ("goal", "llm_config", "template")})
    shown.status = found.status
    rest = [text for name, text in found.items() if name not in shown]
    if rest:
        shown[""] = "; ".join(rest) if isinstance(error, ValidationError) else str(error)
    return shown


def _columns(asked: Iterable[str]) -> list[str]:
    """What is to be filled in, beside the goal."""
    return [name for name in asked if name not in ("goal", "name")]
