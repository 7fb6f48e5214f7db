"""One collection as its page shows it: the grid, what it lacks, and what was typed and not taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from personae.core.template import placeholders
from personae.server.api.collections import get_collection
from personae.server.api.persona_groups import get_persona_group, list_persona_groups
from personae.server.api.prompt_templates import list_prompt_templates
from personae.server.api.rows import list_rows
from personae.server.column_rules import OUTCOME
from personae.server.deps import ProjectAccess
from personae.server.paging import Paging
from personae.server.pasted import cell
from personae.server.scenario_files import OWN
from personae.server.schemas.collection import CollectionWithRows
from personae.server.web._data import data
from personae.server.web._forms import Problems
from personae.server.web._page import Page

PER_PAGE = 50
MOST = 200
LONGEST = 20_000
"""Characters of a cell that is written in the grid; longer ones are only shown, cut, and stay as they are."""


@dataclass(slots=True)
class Typed:
    """What was typed and not taken, and what is wrong with it."""

    problems: Problems = field(default_factory=Problems)
    place: str = ""
    """Where: `row-12`, `row-new`, `column-3`, `column-new`, `paste`, `file`, `about`."""
    values: dict[str, str] = field(default_factory=dict)


async def collection_named(project: ProjectAccess, collection_id: int) -> CollectionWithRows:
    """The collection, without its rows. Raises NotFound."""
    answer = await get_collection(project, collection_id, with_rows=False)
    return CollectionWithRows.model_validate(data(answer))


def address(page: Page, collection_id: int) -> str:
    """Of its page, as it was looked at."""
    query = page.request.url.query
    project_id = page.project.id if page.project else 0
    return f"/p/{project_id}/collections/{collection_id}" + (f"?{query}" if query else "")


async def show_collection(
    page: Page, project: ProjectAccess, collection_id: int, typed: Typed | None = None
) -> Response:
    """The page of one collection."""
    typed = typed or Typed()
    collection = await collection_named(project, collection_id)
    number = _number(page, "number") or 1
    found = data(await list_rows(project, collection_id, Paging(number, PER_PAGE)))
    rows = [
        {"id": row["id"], "cells": [cell(row["input_values"].get(column.name)) for column in collection.columns]}
        for row in found["items"]
    ]
    return await page.show(
        "one_collection.html",
        status=typed.problems.status if typed.problems else 200,
        collection=collection,
        rows=rows,
        count=found["count"],
        number=number,
        per_page=PER_PAGE,
        longest=LONGEST,
        query=f"?{page.request.url.query}" if page.request.url.query else "",
        typed=typed,
        is_open=page.may("editor") and not collection.read_only,
        **await _lint(page, project, collection, (text for row in rows for text in row["cells"])),
    )


async def _lint(
    page: Page, project: ProjectAccess, collection: CollectionWithRows, texts: Iterable[str]
) -> dict[str, Any]:
    """Which placeholders of a group, a template and the rows themselves no column fills, and which columns are unused.

    Of the rows, those that are shown count: their `texts`.
    """
    groups = (await list_persona_groups(project, Paging(1, MOST))).items
    templates = (await list_prompt_templates(project, Paging(1, MOST), newest_only=True)).items
    asked: dict[str, None] = {}
    group_id = _number(page, "group_id") or (groups[0].id if groups else None)
    if group_id:
        for persona in (await get_persona_group(project, group_id)).members:
            asked |= dict.fromkeys(persona.placeholders)
    template_id = _number(page, "template_id")
    for template in templates:
        if template.id == template_id:
            asked |= dict.fromkeys(template.placeholders)
    names = [column.name for column in collection.columns]
    used_in_rows = {name for text in texts for name in placeholders(text)}
    used = set(used_in_rows)
    if collection.is_scenario_set or collection.goal_column:
        used |= {collection.goal_column or "", *OWN, OUTCOME}
    return {
        "groups": [(group.id, group.name) for group in groups],
        "templates": [(template.id, template.name) for template in templates],
        "group_id": group_id,
        "template_id": template_id,
        "unfilled": [name for name in {**asked, **dict.fromkeys(sorted(used_in_rows))} if name not in names],
        "unused": [name for name in names if name not in asked and name not in used],
    }


def _number(page: Page, name: str) -> int | None:
    given = page.request.query_params.get(name, "")
    return int(given[:12]) if given.isascii() and given.isdecimal() else None
