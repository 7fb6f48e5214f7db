"""Responses: one conversation each, with its result as a result file's row has it, and columns to filter by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store import response_words
from personae.store.columns import Record, as_records
from personae.store.engine import insert_new
from personae.store.response_order import JUDGED, badness, order
from personae.store.tables import experiments, ratings, responses

_LIGHT = tuple(column for column in responses.c if column.name != "result")
"""All but the transcript."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which responses. What is None does not filter."""

    experiment_id: int | None = None
    prompt_template_id: int | None = None
    collection_id: int | None = None
    llm_model_name: str | None = None
    row_id: int | None = None
    persona_id: int | None = None
    epoch: int | None = None
    ids: tuple[int, ...] | None = None
    termination: str | None = None
    has_error: bool | None = None
    goal_achieved: bool | None = None
    criterion_id: int | None = None
    verdict: str | None = None
    """YES or NO: of the criterion `criterion_id`, or of any where it is None. `none`: without an answer."""
    answers: tuple[tuple[int, str], ...] = ()
    """Criteria, each with the answer that it was given."""
    is_annotated: bool | None = None
    is_imperfect: bool | None = None
    is_judged: bool | None = None
    """Whether the goal, or any criterion, got an answer."""
    key_suffix: str = ""
    """How the key ends: of what one task made beside the plan."""
    validity: str | None = None
    """valid, unsure, invalid; `none`: not checked; `counted`: all but invalid, which are in no rate."""
    fault: str | None = None
    """Whose fault it is that it was no fair test, or may have been none: one of core.validity.FAULTS."""
    text: str = ""
    """Words of what was said and of an error, or of an annotation: all of them, whole or in part."""
    duration_s: tuple[float | None, float | None] = (None, None)
    input_tokens: tuple[float | None, float | None] = (None, None)
    output_tokens: tuple[float | None, float | None] = (None, None)
    turns: tuple[float | None, float | None] = (None, None)
    cost_usd: tuple[float | None, float | None] = (None, None)

    @property
    def is_whole_experiment(self) -> bool:
        """Nothing but the experiment is asked for, so that its own counter says how many there are."""
        return self.experiment_id is not None and self == Filter(experiment_id=self.experiment_id)

    @property
    def looks_inside(self) -> bool:
        """Transcripts or ratings are looked at, which takes long for each response."""
        return bool(self.text or self.answers) or self.verdict is not None or self.criterion_id is not None

    def conditions(self, project_id: int) -> list[ColumnElement[bool]]:
        """As SQL."""
        c, found = responses.c, [_in_project(project_id, self.experiment_id)]
        same: dict[Any, Any] = {
            c.row_id: self.row_id,
            c.persona_id: self.persona_id,
            c.epoch: self.epoch,
            c.termination: self.termination,
            c.goal_achieved: self.goal_achieved,
            c.validity_fault: self.fault,
            experiments.c.prompt_template_id: self.prompt_template_id,
            experiments.c.collection_id: self.collection_id,
            experiments.c.snapshot["llm_config"]["llm_model_name"].as_string(): self.llm_model_name,
        }
        found += [column == value for column, value in same.items() if value is not None]
        if self.ids is not None:
            found.append(c.id.in_(self.ids))
        for flag, is_so in (
            (self.has_error, c.error.is_not(None)),
            (self.is_annotated, c.annotation != ""),
            (self.is_imperfect, or_(c.not_passed > 0, c.unrated > 0, c.error.is_not(None))),
            (self.is_judged, or_(c.goal_achieved.is_not(None), c.passed > 0, c.not_passed > 0)),
        ):
            if flag is not None:
                found.append(is_so if flag else ~is_so)
        if self.key_suffix:
            found.append(c.key.endswith(self.key_suffix, autoescape=True))
        if self.validity is not None:
            found.append(_has_verdict(self.validity))
        if self.text.strip():
            found.append(response_words.has(self.text, self.experiment_id))
        if self.verdict is not None or self.criterion_id is not None:
            found.append(_rated(self.criterion_id, self.verdict))
        return [*found, *self._ranges(), *(_rated(criterion_id, answer) for criterion_id, answer in self.answers)]

    def _ranges(self) -> Iterator[ColumnElement[bool]]:
        for name in ("duration_s", "input_tokens", "output_tokens", "turns", "cost_usd"):
            least, most = getattr(self, name)
            if least is not None:
                yield responses.c[name] >= least
            if most is not None:
                yield responses.c[name] <= most

    @property
    def needs_experiment(self) -> bool:
        """Whether a condition is about the experiment's own columns."""
        return any(one is not None for one in (self.prompt_template_id, self.collection_id, self.llm_model_name))


def _in_project(project_id: int, experiment_id: int | None) -> ColumnElement[bool]:
    """Of one experiment, if it is the project's: asked so that an index alone can answer, however deep the page."""
    if experiment_id is None:
        return responses.c.project_id == project_id
    own = select(experiments.c.id).where(experiments.c.id == experiment_id, experiments.c.project_id == project_id)
    return responses.c.experiment_id == own.scalar_subquery()


def _rated(criterion_id: int | None, verdict: str | None) -> ColumnElement[bool]:
    if criterion_id is None and verdict is not None:  # of any criterion: the response has them counted
        counts = {"YES": responses.c.passed, "NO": responses.c.not_passed, "NONE": responses.c.unrated}
        return counts[verdict.upper()] > 0 if verdict.upper() in counts else false()
    asked = [ratings.c.response_id == responses.c.id]
    if criterion_id is not None:
        asked.append(ratings.c.criterion_id == criterion_id)
    if verdict is not None:
        wanted = None if verdict.lower() == "none" else verdict.upper()
        asked.append(ratings.c.rating.is_(None) if wanted is None else ratings.c.rating == wanted)
    return exists().where(*asked)


def _has_verdict(verdict: str) -> ColumnElement[bool]:
    found = responses.c.validity_verdict
    if verdict == "counted":
        return or_(found.is_(None), found != "invalid")
    return found.is_(None) if verdict == "none" else found == verdict


def _apart(validity: Mapping[str, Any] | None) -> Record:
    """What is asked of many responses at once, in columns that an index holds."""
    known = validity or {}
    return {"validity_verdict": known.get("verdict"), "validity_fault": known.get("fault")}


async def insert(connection: AsyncConnection, rows: Sequence[Record]) -> dict[str, int]:
    """The new ids by key. One whose key is there already is left out."""
    whole = [{**row, "badness": badness(row), **_apart(row["validity"])} for row in rows]
    ids: dict[str, int] = await insert_new(connection, responses, whole, ("experiment_id", "key"), "key")
    await response_words.keep(connection, rows, ids)
    return ids


async def get(connection: AsyncConnection, project_id: int, response_id: int) -> Record | None:
    """One response."""
    found = await connection.execute(
        select(responses).where(responses.c.project_id == project_id, responses.c.id == response_id)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def page(
    connection: AsyncConnection,
    project_id: int,
    chosen: Filter,
    *,
    sort: str = "",
    offset: int,
    limit: int,
    count: int | None = None,
    light: bool = False,
) -> tuple[list[Record], int]:
    """Responses by id, or by `sort`, and how many there are. `count`: where it is known already; `light`: without
    their transcripts.

    The ids are looked up first, in an index alone: the transcripts of the pages before are never touched.
    """
    named: list[ColumnElement[Any]] = [responses.c.id]
    if chosen.looks_inside:  # once, and not once more to count them
        named.append(func.count().over())
    ids = _chosen(select(*named), project_id, chosen).order_by(*order(sort)).offset(offset).limit(limit)
    rows = (await connection.execute(ids)).all()
    wanted = [row[0] for row in rows]
    if rows and chosen.looks_inside:
        count = rows[0][1]
    elif count is None:
        count = await connection.scalar(_chosen(select(func.count(responses.c.id)), project_id, chosen)) or 0
    if not wanted:
        return [], count
    found = await connection.execute(select(*(_LIGHT if light else responses.c)).where(responses.c.id.in_(wanted)))
    by_id = {row["id"]: row for row in as_records(found)}
    return [by_id[id_] for id_ in wanted if id_ in by_id], count


async def beside(
    connection: AsyncConnection, project_id: int, chosen: Filter, response_id: int, *, sort: str = ""
) -> dict[str, Any]:
    """Its place in the list of the chosen ones, how many these are, and the ids before and behind it."""
    id_, listed = responses.c.id, order(sort)
    places = _chosen(
        select(
            id_,
            func.row_number().over(order_by=listed).label("place"),
            func.count().over().label("count"),
            func.lag(id_).over(order_by=listed).label("previous_id"),
            func.lead(id_).over(order_by=listed).label("next_id"),
        ),
        project_id,
        chosen,
    ).subquery()
    found = (await connection.execute(select(places).where(places.c.id == response_id))).mappings().first()
    names = ("place", "count", "previous_id", "next_id")
    return {name: found[name] for name in names} if found else dict.fromkeys(names) | {"count": 0}


async def light(connection: AsyncConnection, project_id: int, chosen: Filter, *, sort: str = "") -> list[Record]:
    """All chosen responses without their transcripts."""
    columns = [column for column in _LIGHT if column.name not in ("error", "annotation")]
    statement = _chosen(select(*columns, responses.c.error.is_not(None).label("has_error")), project_id, chosen)
    return as_records(await connection.execute(statement.order_by(*order(sort))))


async def cells(
    connection: AsyncConnection,
    experiment_id: int,
    row_ids: Collection[int] | None = None,
    persona_ids: Collection[int] | None = None,
    *,
    with_measures: bool = True,
) -> list[Record]:
    """What a map of the experiment shows of each response: no transcript, no texts.

    `with_measures`: with what it took, `turns`, `duration_s`, tokens and `cost_usd`; and `unrated`.
    """
    names = ["id", "row_id", "persona_id", "epoch", "passed", "not_passed", "termination", "goal_achieved"]
    if with_measures:
        names += ["unrated", "cost_usd", "turns", "duration_s", "input_tokens", "output_tokens", "reasoning_tokens"]
    flags = (
        responses.c.error.is_not(None).label("has_error"),
        func.coalesce(responses.c.validity_verdict == "invalid", false()).label("is_invalid"),
    )
    statement = select(*(responses.c[name] for name in names), *flags).where(responses.c.experiment_id == experiment_id)
    if row_ids is not None:
        statement = statement.where(responses.c.row_id.in_(row_ids))
    if persona_ids is not None:
        statement = statement.where(responses.c.persona_id.in_(persona_ids))
    found = as_records(await connection.execute(statement))
    return sorted(found, key=itemgetter("id"))  # asked for in order, SQLite would walk through all of the experiment


async def verdicts(
    connection: AsyncConnection, experiment_id: int, row_ids: Collection[int] | None = None
) -> list[Record]:
    """Of each response, whether it was a fair test (`verdict`, null: not checked), and whose `fault` it is if not."""
    c = responses.c
    statement = select(c.id, c.validity_verdict.label("verdict"), c.validity_fault.label("fault")).where(
        c.experiment_id == experiment_id
    )
    if row_ids is not None:
        statement = statement.where(c.row_id.in_(row_ids))
    return as_records(await connection.execute(statement))


async def keys(connection: AsyncConnection, experiment_id: int) -> list[Record]:
    """Key, id, termination and how many ratings failed, of each."""
    found = await connection.execute(
        select(responses.c.key, responses.c.id, responses.c.termination, responses.c.unrated).where(
            responses.c.experiment_id == experiment_id
        )
    )
    return as_records(found)


async def usages(connection: AsyncConnection, experiment_id: int) -> list[dict[str, Any]]:
    """What each took, by role."""
    found = await connection.execute(select(responses.c.usage).where(responses.c.experiment_id == experiment_id))
    return [usage or {} for usage in found.scalars()]


async def after(
    connection: AsyncConnection, experiment_id: int, last_id: int, *, limit: int, light: bool = False
) -> list[Record]:
    """Those with an id beyond `last_id`, oldest first: for streaming all of them, or only the news."""
    statement = (
        select(*(_LIGHT if light else responses.c))
        .where(responses.c.experiment_id == experiment_id, responses.c.id > last_id)
        .order_by(responses.c.id)
        .limit(limit)
    )
    return as_records(await connection.execute(statement))


async def results_after(
    connection: AsyncConnection, experiment_id: int, last_id: int, *, limit: int
) -> list[tuple[int, str, dict[str, Any]]]:
    """Id, key and result of those with an id beyond `last_id`, oldest first, and nothing else: there may be many."""
    c = responses.c
    found = await connection.execute(
        select(c.id, c.key, c.result)
        .where(c.experiment_id == experiment_id, c.id > last_id)
        .order_by(c.id)
        .limit(limit)
    )
    return [(id_, key, result) for id_, key, result in found]


async def last_id(connection: AsyncConnection, experiment_id: int) -> int:
    """Of the newest response; 0 where there is none."""
    chosen = select(func.max(responses.c.id)).where(responses.c.experiment_id == experiment_id)
    return int(await connection.scalar(chosen) or 0)


async def change(connection: AsyncConnection, response_id: int, **values: Any) -> None:
    """Set columns."""
    if not JUDGED.isdisjoint(values):
        before = select(*(responses.c[name] for name in JUDGED)).where(responses.c.id == response_id)
        row = (await connection.execute(before)).mappings().one()
        values["badness"] = badness({**row, **values})
    if "validity" in values:
        values |= _apart(values["validity"])
    await connection.execute(update(responses).where(responses.c.id == response_id).values(**values))


async def remove(connection: AsyncConnection, ids: Collection[int]) -> None:
    """With their ratings."""
    if ids:
        await connection.execute(delete(responses).where(responses.c.id.in_(ids)))


async def daily(connection: AsyncConnection, project_id: int, since: datetime) -> list[Record]:
    """Created at, tokens, duration and rating counts of each response since then."""
    c = responses.c
    found = await connection.execute(
        select(
            c.created_at,
            c.input_tokens,
            c.output_tokens,
            c.duration_s,
            c.passed,
            c.not_passed,
            experiments.c.llm_config_id,
        )
        .join(experiments, experiments.c.id == c.experiment_id)
        .where(c.project_id == project_id, c.created_at >= since)
    )
    return as_records(found)


def _chosen(statement: Select[Any], project_id: int, chosen: Filter) -> Select[Any]:
    if chosen.needs_experiment:
        statement = statement.join(experiments, experiments.c.id == responses.c.experiment_id)
    return statement.where(*chosen.conditions(project_id))
