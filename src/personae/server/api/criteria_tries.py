"""Criterion sets, tried on stored transcripts before an experiment is rated by them."""

from __future__ import annotations

from fastapi import APIRouter

from personae.core.usage import NO_USAGE
from personae.errors import InputError
from personae.experiments.estimate import of_ratings
from personae.llm.config import LLMConfig
from personae.rating.judge import Ratings
from personae.server.criteria_tries import Transcript, judging, ratable, rated, transcripts
from personae.server.criterion_intake import set_of
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.models import chosen_judge
from personae.server.schemas.criteria_try import (
    CriteriaTried,
    CriteriaTry,
    CriteriaTryCost,
    TriedQuote,
    TriedRating,
    TriedResponse,
)
from personae.store import criteria
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/criterion_sets/{criterion_set_id}/try", tags=["criterion sets"])


@router.post("/cost")
async def cost_of_criteria_try(project: Viewer, criterion_set_id: Id, body: CriteriaTry) -> CriteriaTryCost:
    """What a try would take, before it is made."""
    asked, found, config = await _given(project, criterion_set_id, body)
    async with judging(project.services, config, asked, body.rating_mode) as judge:
        these = ratable(judge, found)
        calls = [call for one in these for call in judge.calls(one.turns, one.scenario)]
        estimate = of_ratings(judge.model, len(these), calls)
        return CriteriaTryCost(
            judge=judge.name,
            responses=len(these),
            calls=estimate.calls[1],
            tokens=estimate.tokens,
            cost_usd=estimate.usd,
        )


@router.post("")
async def try_criteria(project: Editor, criterion_set_id: Id, body: CriteriaTry) -> CriteriaTried:
    """Rate stored transcripts by the set's criteria, as an experiment would. The answers are shown, and not kept."""
    asked, found, config = await _given(project, criterion_set_id, body)
    async with judging(project.services, config, asked, body.rating_mode) as judge:
        done = await rated(judge, found)
    usage = sum((one.usage for one in done if isinstance(one, Ratings)), NO_USAGE)
    project.services.metrics.model_calls("judge", config.provider, usage)
    return CriteriaTried(
        judge=judge.name,
        items=[_tried(asked, one, ratings) for one, ratings in zip(found, done, strict=True)],
        usage=usage.as_dict(),
        cost_usd=usage.cost_usd,
    )


async def _given(
    project: ProjectAccess, set_id: int, body: CriteriaTry
) -> tuple[list[Record], list[Transcript], LLMConfig]:
    choice = project.chosen.get("judge") if body.judge is None else body.judge.model_dump(exclude_none=True)
    async with project.reading() as connection:
        await set_of(connection, project.id, set_id)
        asked, _ = await criteria.find(connection, project.id, set_id=set_id)
        if not asked:
            raise InputError("the set has no criteria: write one first")
        found = await transcripts(connection, project.id, body.response_ids)
        config = await chosen_judge(connection, project.services, project.id, choice)
    return asked, found, config


def _tried(asked: list[Record], transcript: Transcript, done: Ratings | str) -> TriedResponse:
    if isinstance(done, str):
        return TriedResponse(response_id=transcript.response_id, ratings=[], error=done)
    ratings = [
        TriedRating(
            criterion_id=criterion["id"],
            criterion_str=criterion["criterion_str"],
            label=criterion["label"],
            rating=None if one.verdict is None else "YES" if one.verdict else "NO",
            reasoning=one.reasoning,
            quotes=[TriedQuote(turn=quote.turn, text=quote.text, found=quote.found) for quote in one.quotes],
            error=one.error,
        )
        for criterion, one in zip(asked, done.criteria, strict=True)
    ]
    return TriedResponse(response_id=transcript.response_id, ratings=ratings, error="")
