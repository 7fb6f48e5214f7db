"""LLM configs: how a project's models and bots are reached, and whether they can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, InputError, NotFound
from personae.server import config_secrets
from personae.server.bot_checks import check_bot, check_settings
from personae.server.deps import Editor, Id, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.schemas.bot_check import BotCheck
from personae.server.schemas.llm_config import EXAMPLE, LLMConfig, LLMConfigIn
from personae.store import llm_configs, projects
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/llm_configs", tags=["LLM configs"])


@router.get("")
async def list_llm_configs(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
) -> Page[LLMConfig]:
    """The project's LLM configs, the oldest first. Keys are never shown."""
    async with project.reading() as connection:
        found, count = await llm_configs.find(
            connection, project.id, name=name, offset=paging.offset, limit=paging.limit
        )
    return Page(items=[LLMConfig.of(row) for row in found], count=count)


@router.post("", status_code=201)
async def create_llm_config(project: Editor, body: LLMConfigIn) -> LLMConfig:
    """A new LLM config. 409 where the name is taken."""
    settings, secrets = _split(body.settings())
    await check_settings(project.services.settings, settings, secrets)
    async with project.changing() as change:
        await _check_name(change.connection, project.id, body.name)
        id_ = await llm_configs.create(
            change.connection,
            project.id,
            body.name,
            settings,
            project.services.cipher.seal(secrets),
            now=project.services.now(),
        )
        if body.is_default:
            await llm_configs.make_default(change.connection, project.id, id_)
        change.log("create", "llm_config", id_, name=body.name)
        return LLMConfig.of(await _found(change.connection, project.id, id_))


@router.post("/test")
async def test_new_llm_config(project: Editor, body: LLMConfigIn) -> BotCheck:
    """Talk with the bot of a config that is not stored: two turns, and the question again in a fresh session."""
    settings, secrets = _split(body.settings())
    return await check_bot(project.services, settings, secrets)


@router.get("/{llm_config_id}")
async def get_llm_config(project: Viewer, llm_config_id: Id) -> LLMConfig:
    """One LLM config, without its key."""
    async with project.reading() as connection:
        return LLMConfig.of(await _found(connection, project.id, llm_config_id))


@router.put("/{llm_config_id}")
async def update_llm_config(project: Editor, llm_config_id: Id, body: LLMConfigIn) -> LLMConfig:
    """Replace it whole. Its key stays where `api_key` is null, as do secrets for which `***` is sent.

    Experiments that ran before keep what they used. A new address needs its key anew: a stored key is not sent to
    where it was not given for.
    """
    async with project.reading() as connection:
        before = await _found(connection, project.id, llm_config_id)
    settings, secrets = _changed(body, before, project.services.cipher.unseal(before["secrets"]))
    await check_settings(project.services.settings, settings, secrets)
    async with project.changing() as change:
        current = await _found(change.connection, project.id, llm_config_id)
        if (current["settings"], current["secrets"]) != (before["settings"], before["secrets"]):
            raise Conflict("somebody else changed the LLM config at this moment: look again")
        await _check_name(change.connection, project.id, body.name, but=llm_config_id)
        await llm_configs.change(
            change.connection,
            project.id,
            llm_config_id,
            body.name,
            settings,
            project.services.cipher.seal(secrets),
            now=project.services.now(),
        )
        if body.is_default is not None and body.is_default != current["is_default"]:
            default = llm_config_id if body.is_default else None
            await llm_configs.make_default(change.connection, project.id, default)
        change.log("update", "llm_config", llm_config_id, name=body.name)
        return LLMConfig.of(await _found(change.connection, project.id, llm_config_id))


@router.post("/{llm_config_id}/test")
async def test_llm_config(
    project: Editor,
    llm_config_id: Id,
    body: Annotated[LLMConfigIn | None, Body(examples=[EXAMPLE])] = None,  # noqa: PT028 - a route, not a test
) -> BotCheck:
    """Talk with the config's bot: two turns, and the question again in a fresh session. Secrets are not shown.

    With a body: as it would be if it were replaced by that, which is not stored. The stored key is used as an update
    would keep it.
    """
    async with project.reading() as connection:
        row = await _found(connection, project.id, llm_config_id)
    settings, secrets = row["settings"], project.services.cipher.unseal(row["secrets"])
    if body is not None:
        settings, secrets = _changed(body, row, secrets)
    return await check_bot(project.services, settings, secrets)


@router.delete("/{llm_config_id}", status_code=204)
async def delete_llm_config(project: Editor, llm_config_id: Id) -> None:
    """Delete it. Finished experiments keep what they used.

    409 while an experiment is under way with it, and where it is the simulator or the judge of the project.
    """
    async with project.changing() as change:
        row = await _found(change.connection, project.id, llm_config_id)
        running = await llm_configs.unfinished_experiment(change.connection, project.id, llm_config_id)
        if running is not None:
            raise Conflict(f"the experiment {running!r} is under way with this LLM config: cancel it first")
        await _check_not_chosen(change.connection, project.id, llm_config_id)
        await llm_configs.delete(change.connection, project.id, llm_config_id)
        change.log("delete", "llm_config", llm_config_id, name=row["name"])


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings as they are stored, and their secrets. Raises InputError for a mask that stands for nothing."""
    if masked := config_secrets.masks(settings):
        place = masked[0].lstrip("/").replace("/", ".")
        raise InputError(f"{config_secrets.MASK} stands for a stored secret, and none is stored here", field=place)
    return config_secrets.hidden(settings)


def _changed(body: LLMConfigIn, before: Record, secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The updated settings and secrets, where null and masks keep what is stored. Raises InputError."""
    given = body.settings()
    is_kept = bool(config_secrets.masks(given))
    if body.api_key is None and "/api_key" in secrets:
        given["api_key"], is_kept = secrets["/api_key"], True
    if is_kept and config_secrets.destination(given) != config_secrets.destination(before["settings"]):
        raise InputError(
            "the address changes, and the stored key was given for another one: give the key again, or a blank text "
            "to go without",
            field="api_key",
        )
    return _split(config_secrets.kept(given, secrets))


async def _check_name(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> None:
    if await llm_configs.is_taken(connection, project_id, name, but=but):
        raise Taken(f"an LLM config is called {name!r} already")


async def _check_not_chosen(connection: AsyncConnection, project_id: int, llm_config_id: int) -> None:
    chosen = await projects.settings(connection, project_id)
    if roles := [role for role in ("simulator", "judge") if chosen.get(role) == {"llm_config_id": llm_config_id}]:
        raise Conflict("; ".join(f"it is the project's {role}: choose another in the settings first" for role in roles))


async def _found(connection: AsyncConnection, project_id: int, llm_config_id: int) -> Record:
    found = await llm_configs.get(connection, project_id, llm_config_id)
    if found is None:
        raise NotFound(f"there is no LLM config {llm_config_id} in this project")
    return found
