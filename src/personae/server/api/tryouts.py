"""Trying by hand: talk with a persona as its bot, or with a bot as its user. Nothing of it is kept."""

from __future__ import annotations

from fastapi import APIRouter

from personae.core.persona import Persona as PersonaRecord
from personae.core.persona import Scenario
from personae.core.template import fill
from personae.errors import InputError, NotFound
from personae.server.api._personas import found
from personae.server.api.prompt_templates import template_of
from personae.server.deps import Editor, Id
from personae.server.experiments.single_turn import text_of
from personae.server.openapi import problems
from personae.server.prompt_rules import is_system_only
from personae.server.schemas.tryout import BotAnswer, BotTry, PersonaMove, PersonaTry
from personae.server.tryouts import bot_reply, kept, next_move, opened
from personae.store import llm_configs

router = APIRouter(prefix="/projects/{project_id}", tags=["trying by hand"])


@router.post("/personas/{persona_id}/try", responses=problems(502))
async def try_persona(project: Editor, persona_id: Id, body: PersonaTry) -> PersonaMove:
    """What the persona says next, played by the project's simulator. The first message where nothing was said."""
    async with project.reading() as connection:
        row = await found(connection, project.id, persona_id)
    persona = PersonaRecord.model_validate(row["record"])
    if body.turns and body.turns[-1].role == "user":
        raise InputError("must end with what the bot said: it is the persona's turn", field="turns")
    goal = body.goal.strip() or persona.goal
    if not goal.strip():
        raise InputError("is missing: say what the persona wants", field="goal")
    scenario = Scenario(goal=fill(goal, body.columns, where="goal"), fields=body.columns)
    move, simulator = await next_move(project, persona, scenario, body.said(), body.seed)
    return PersonaMove.of(move, simulator)


@router.post("/llm_configs/{llm_config_id}/try", responses=problems(502))
async def try_bot(project: Editor, llm_config_id: Id, body: BotTry) -> BotAnswer:
    """What the bot of an LLM config answers to the last message."""
    async with project.reading() as connection:
        row = await llm_configs.get(connection, project.id, llm_config_id)
        if row is None:
            raise NotFound(f"there is no LLM config {llm_config_id} in this project")
        template = None
        if body.prompt_template_id is not None:
            template = await template_of(connection, project.id, body.prompt_template_id)
    cipher = project.services.cipher
    session = opened(cipher, llm_config_id, body.session)
    session.columns = body.columns
    if template is not None:
        if not is_system_only(template["messages"]):
            raise InputError("must be one system message alone, as a bot is given it", field="prompt_template_id")
        session.system_prompt = fill(text_of(template["messages"][0]), body.columns, where="the prompt template")
    reply = await bot_reply(project.services, row["settings"], cipher.unseal(row["secrets"]), body.said(), session)
    return BotAnswer.of(reply, kept(cipher, llm_config_id, session))
