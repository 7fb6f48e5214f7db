"""Compare: did a change help? Two experiments pair by pair, and two transcripts side by side."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.core.result import SimulationResult
from personae.errors import InputError
from personae.experiments.comparison import OUTCOMES, NotComparable
from personae.reports._view import ConversationView, view
from personae.server.answers import Answer
from personae.server.api.experiments import get_experiment, list_summaries
from personae.server.api.responses import get_result
from personae.server.deps import MAX_ID, ProjectAccess, Viewer
from personae.server.experiments.decisions import UnderWay, compared
from personae.server.paging import Paging
from personae.server.web._data import data
from personae.server.web._page import ProjectPage

router = APIRouter()

PER_PAGE = 10
PATIENCE_S = 0.06
"""For how long a page waits for a comparison: small ones are there by then, and it looks again for large ones."""
NEWEST = 50
"""Experiments to choose from. One that is older is chosen by its address."""
Chosen = Annotated[int, Query(ge=0, le=MAX_ID)]


@router.get("/p/{project_id}/compare")
async def compare(
    page: ProjectPage,
    project: Viewer,
    before: Chosen = 0,
    after: Chosen = 0,
    show: Literal["", "worse", "better", "same", "unpaired"] = "",
    question: Annotated[str, Query(max_length=1_000)] = "",
    pair: Chosen = 0,
    number: Annotated[int, Query(ge=1, le=5_000)] = 1,
    force: bool = False,
) -> Response:
    """The numbers, the pairs of one outcome, and of one pair both conversations. `pair` is the later response's id.

    `question` is the id of one of them: then the pairs whose answer to it got better or worse.
    """
    known = await _known(project, before, after)
    shown: dict[str, Any] = {"known": known, "found": None, "incomparable": (), "trouble": "", "is_under_way": False}
    if not (before and after):
        newest = [one["id"] for one in known[:2]]
        after, before = (after or newest[0], before or newest[1]) if len(newest) == 2 else (0, 0)
        return await page.show("compare.html", **shown, before=before, after=after)
    shown |= {"before": before, "after": after}
    try:
        made = await compared(project, before, after, force=force, patience_s=PATIENCE_S)
    except UnderWay:
        return await page.show("compare.html", **shown | {"is_under_way": True})
    except NotComparable as error:
        return await page.show("compare.html", **shown | {"incomparable": error.incomparable})
    except InputError as error:
        return await page.show("compare.html", **shown | {"trouble": str(error)})
    found = data(Answer(made.as_dict(number * PER_PAGE)))
    show = show or next((one for one in OUTCOMES if found[one]), "worse")
    place = slice((number - 1) * PER_PAGE, number * PER_PAGE)
    count = found[show]
    if question and show in ("worse", "better"):
        moved = made.found.moved(question, is_better=show == "better")
        count, listed = len(moved), [data(Answer(made.with_ids(one))) for one in moved[place]]
    else:
        question, listed = "", _of(found, show)[place]
    opened = None
    if show != "unpaired":
        opened = next((one for one in listed if one["after_response_id"] == pair), next(iter(listed), None))
    chosen = {"before": before, "after": after} | ({"force": "true"} if force else {})
    shown |= {
        "found": found,
        "goal": next((one for one in found["differences"] if one["id"] == "goal"), None),
        "show": show,
        "question": question,
        "count": count,
        "listed": listed,
        "number": number,
        "limit": PER_PAGE,
        "address": f"?{urlencode(chosen)}",
        "opened": opened,
        "both": None if opened is None else await _both(project, opened),
    }
    return await page.show("compare.html", **shown)


async def _known(project: ProjectAccess, *chosen: int) -> list[dict[str, Any]]:
    """The newest experiments, and those that are chosen. Raises NotFound."""
    known: list[dict[str, Any]] = data(await list_summaries(project, Paging(1, NEWEST)))["items"]
    for id_ in dict.fromkeys(chosen):
        if id_ and all(one["id"] != id_ for one in known):
            known.append(data(await get_experiment(project, id_, with_results=False, with_lists=False)))
    return known


def _of(found: dict[str, Any], show: str) -> list[dict[str, Any]]:
    if show == "unpaired":
        return list(found["unpaired_conversations"])
    return [one for one in found["paired_conversations"] if one["outcome"] == show]


async def _both(project: ProjectAccess, opened: dict[str, Any]) -> list[tuple[str, int, ConversationView]]:
    """Both conversations of a pair, each with the side's name and the response's id."""
    both = []
    for side in ("before", "after"):
        id_ = opened[f"{side}_response_id"]
        both.append((side, id_, view(SimulationResult.from_row(await get_result(project, id_)))))
    return both
