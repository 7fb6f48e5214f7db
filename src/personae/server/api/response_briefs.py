"""Responses in brief: lists of many, without their transcripts."""

from __future__ import annotations

from fastapi import APIRouter

from personae.server.answers import Answer
from personae.server.api.responses import FilterDep, SortBy
from personae.server.deps import Viewer
from personae.server.experiments.briefs import briefs
from personae.server.paging import PagingDep
from personae.server.schemas.experiment_views import BriefPage
from personae.store import experiments, responses

router = APIRouter(prefix="/projects/{project_id}/responses/briefs", tags=["responses"])


@router.get("", response_model=BriefPage)
async def list_briefs(project: Viewer, paging: PagingDep, chosen: FilterDep, sort_by: SortBy = "") -> Answer:
    """Responses without transcripts, with the names of persona and row; filtered and sorted as `responses`."""
    async with project.reading() as connection:
        count = None
        if chosen.is_whole_experiment:
            assert chosen.experiment_id is not None
            counted = await experiments.progress(connection, project.id, chosen.experiment_id)
            count = 0 if counted is None else counted["finished"]
        found, total = await responses.page(
            connection,
            project.id,
            chosen,
            sort=sort_by,
            offset=paging.offset,
            limit=paging.limit,
            count=count,
            light=True,
        )
        return Answer({"items": await briefs(connection, found), "count": total})
