"""Prompt templates: versioned messages with placeholders."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query

from personae.errors import InputError, NotFound
from personae.server.deps import MAX_ID, Editor, Id, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.prompt_rules import content, is_system_only
from personae.server.row_intake import collection_of
from personae.server.schemas.prompt_template import PromptTemplate, PromptTemplateIn
from personae.store import criterion_sets, prompt_templates
from personae.store.columns import Record
from personae.store.engine import Connection

router = APIRouter(prefix="/projects/{project_id}/prompt_templates", tags=["prompt templates"])

_NUMBER = re.compile(r"[+-]?[0-9]+")
_MOST_VERSIONS = 2**31 - 1


@router.get("")
async def list_prompt_templates(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    version: Annotated[str | None, Query(description="A number; absent, `latest` or `None`: any.")] = None,
    search: Annotated[str, Query(description="Part of a name, in any case.")] = "",
    criterion_set_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    compatible_collection_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Those whose placeholders the collection's columns fill.")
    ] = None,
    newest_only: Annotated[bool, Query(description="One version of each name.")] = False,
    sort_options: Annotated[str | None, Query(description="For the SDK. Not read.")] = None,  # noqa: ARG001
) -> Page[PromptTemplate]:
    """All versions of all templates, the newest first."""
    number = _version(version)
    async with project.reading() as connection:
        is_fitting = compatible_collection_id is not None
        found, count = await prompt_templates.find(
            connection,
            project.id,
            name=name,
            version=number,
            search=search,
            criterion_set_id=criterion_set_id,
            newest_only=newest_only,
            offset=0 if is_fitting else paging.offset,
            limit=None if is_fitting else paging.limit,
        )
        if compatible_collection_id is not None:
            collection = await collection_of(connection, project.id, compatible_collection_id)
            fitting = [row for row in found if _fits(row, collection)]
            found, count = fitting[paging.offset :][: paging.limit], len(fitting)
    return Page(items=[PromptTemplate.of(row) for row in found], count=count)


@router.post("", status_code=201)
async def create_prompt_template(project: Editor, body: PromptTemplateIn) -> PromptTemplate:
    """A new template, or the next version of a known name. 409, with `prompt_template_id`, for what is there."""
    given = body.messages
    made = content(
        [{"role": "user", "content": given}] if isinstance(given, str) else given,
        body.response_format_json_schema,
        body.tools,
        body.tool_choice,
    )
    async with project.changing() as change:
        await prompt_templates.lock(change.connection, project.id)
        known = await prompt_templates.same(change.connection, project.id, body.name, made.hash)
        if known is not None:
            raise Taken(f"{body.name!r} has a version with this content already", prompt_template_id=known)
        parent = None
        if body.parent_prompt_template_id is not None:
            parent = await template_of(change.connection, project.id, body.parent_prompt_template_id)
        id_ = await prompt_templates.add_version(
            change.connection,
            project.id,
            body.name,
            {
                "messages": made.messages,
                "placeholders": made.placeholders,
                "response_format_json_schema": made.response_format_json_schema,
                "tools": made.tools,
                "tool_choice": made.tool_choice,
                "content_hash": made.hash,
            },
            parent_id=body.parent_prompt_template_id,
            now=project.services.now(),
        )
        if parent is not None and parent["criterion_set_id"] is not None:
            await criterion_sets.link(change.connection, parent["criterion_set_id"], id_)
        made_row = await template_of(change.connection, project.id, id_)
        change.log("create", "prompt template", id_, name=body.name, version=made_row["version"])
        return PromptTemplate.of(made_row)


@router.get("/{template_id}")
async def get_prompt_template(project: Viewer, template_id: Id) -> PromptTemplate:
    """One version of a template."""
    async with project.reading() as connection:
        return PromptTemplate.of(await template_of(connection, project.id, template_id))


@router.delete("/{template_id}", status_code=204)
async def delete_prompt_template(project: Editor, template_id: Id) -> None:
    """Delete one version. Experiments keep their own copies."""
    async with project.changing() as change:
        found = await template_of(change.connection, project.id, template_id)
        await prompt_templates.delete(change.connection, template_id)
        change.log("delete", "prompt template", template_id, name=found["name"], version=found["version"])


async def template_of(connection: Connection, project_id: int, template_id: int) -> Record:
    """The version with this id. Raises NotFound."""
    found = await prompt_templates.get(connection, project_id, template_id)
    if found is None:
        raise NotFound(f"there is no prompt template {template_id} in this project")
    return found


def _fits(template: Record, collection: Record) -> bool:
    """Whether its columns fill the placeholders, and for a PERSONA collection: whether it is a bot's system prompt."""
    columns = {column["name"] for column in collection["columns"]}
    is_for_bots = collection["collection_type"] == "PERSONA"
    return columns.issuperset(template["placeholders"]) and (not is_for_bots or is_system_only(template["messages"]))


def _version(text: str | None) -> int | None:
    """The number; None for the newest, which the SDK says in three ways. Raises InputError."""
    if text is None or text.strip() in ("", "None", "latest"):
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise InputError(f"must be a number or `latest`, not {text[:40]!r}", field="version")
    return max(0, min(int(text.strip()[:12]), _MOST_VERSIONS))
