"""Criteria into a set: a text that is there already is used again, never doubled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from personae.core.rating import Criterion as Written
from personae.errors import InputError, NotFound
from personae.server.deps import Change, ProjectAccess
from personae.server.schemas.criterion import MAX_CRITERIA, MAX_QUESTION, Criterion, CriterionIn, CriterionSet
from personae.server.schemas.prompt_template import PromptTemplate
from personae.store import criteria, criterion_sets, prompt_templates
from personae.store.columns import Record, storable
from personae.store.engine import Connection

_MOST_NAME = 200


async def set_of(connection: Connection, project_id: int, set_id: int, *, to_change: bool = False) -> Record:
    """The set. Raises NotFound."""
    found = await criterion_sets.get(connection, project_id, set_id, to_change=to_change)
    if found is None:
        raise NotFound(f"there is no criterion set {set_id} in this project")
    return found


def criterion_in(criterion: Written) -> CriterionIn:
    """A criterion from a file or a model. Raises InputError where it is too long."""
    if len(criterion.question) > MAX_QUESTION:
        raise InputError(f"a criterion is longer than {MAX_QUESTION:,} characters: {criterion.question[:60]!r}…")
    return CriterionIn(criterion_str=criterion.question, label=criterion.name.strip()[:_MOST_NAME] or None)


async def put(
    change: Change,
    project: ProjectAccess,
    set_id: int,
    given: Sequence[CriterionIn],
    *,
    template_id: int | None = None,
    delete_existing: bool = False,
) -> tuple[list[Record], int]:
    """The set's criteria for those given, one for each and in their order, and how many of them are new."""
    connection, now = change.connection, project.services.now()
    if delete_existing:
        gone = await criteria.delete_of_set(connection, set_id)
        change.log("clear", "criterion set", set_id, count=gone)
    there, count = await criteria.find(connection, project.id, set_id=set_id)
    by_text = {row["criterion_str"]: row for row in there}
    texts = [storable(one.criterion_str) for one in given]
    new = {
        text: {"criterion_str": text, "label": one.label or None}
        for text, one in reversed(list(zip(texts, given, strict=True)))
        if text not in by_text
    }
    ordered = [new[text] for text in dict.fromkeys(texts) if text in new]
    if count + len(ordered) > MAX_CRITERIA:
        raise InputError(f"a set holds at most {MAX_CRITERIA} criteria, not {count + len(ordered)}", field="criteria")
    ids = await criteria.add(connection, project.id, set_id, ordered, template_id=template_id, now=now)
    if ids:
        change.log("add", "criteria", set_id, count=len(ids))
    there, _ = await criteria.find(connection, project.id, set_id=set_id)
    by_text = {row["criterion_str"]: row for row in there}
    return [by_text[text] for text in texts], len(ids)


async def set_for_template(change: Change, project: ProjectAccess, template: Record) -> int:
    """The id of the set that rates the template's answers; one is made where it has none."""
    if template["criterion_set_id"] is not None:
        return int(template["criterion_set_id"])
    ending = f" v{template['version']} criteria"
    first = name = template["name"][: _MOST_NAME - len(ending) - 6] + ending
    number = 1
    while await criterion_sets.is_taken(change.connection, project.id, name):
        number += 1
        name = f"{first} {number}"
    set_id = await criterion_sets.create(change.connection, project.id, name, now=project.services.now())
    await criterion_sets.link(change.connection, set_id, template["id"])
    change.log("create", "criterion set", set_id, name=name)
    return set_id


async def shown(connection: Connection, project_id: int, rows: Sequence[Record]) -> list[Criterion]:
    """Criteria as they travel, with their templates."""
    ids = {row["prompt_template_id"] for row in rows if row["prompt_template_id"] is not None}
    templates = await prompt_templates.by_ids(connection, project_id, ids) if ids else {}
    return [Criterion.of(row, templates.get(row["prompt_template_id"])) for row in rows]


async def shown_sets(connection: Connection, project_id: int, sets: Iterable[Record]) -> list[CriterionSet]:
    """Sets as they travel, with their criteria and the templates that they are linked to."""
    sets = list(sets)
    ids = [row["id"] for row in sets]
    if not ids:
        return []
    by_set = await criteria.of_sets(connection, ids)
    every = await shown(connection, project_id, [row for id_ in ids for row in by_set.get(id_, [])])
    linked = await criterion_sets.linked_templates(connection, ids)
    wanted = {template_id for some in linked.values() for template_id in some}
    templates = await prompt_templates.by_ids(connection, project_id, wanted) if wanted else {}
    return [
        CriterionSet(
            **{name: row[name] for name in ("id", "name", "created_at", "updated_at")},
            linked_prompt_templates=[
                PromptTemplate.of(templates[id_]) for id_ in linked.get(row["id"], []) if id_ in templates
            ],
            criteria=[criterion for criterion in every if criterion.criterion_set_id == row["id"]],
        )
        for row in sets
    ]
