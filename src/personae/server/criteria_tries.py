"""Criteria tried on transcripts that are stored. As an experiment would ask them, but for the goal; nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from personae.core.conversation import CUT, ERRORS, Turn
from personae.core.persona import Scenario
from personae.core.rating import Criterion, Mode
from personae.core.result import SimulationResult
from personae.errors import InputError, NotFound
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.rating.judge import Judge, Ratings
from personae.server.models import GENERATOR_ATTEMPTS, GENERATOR_CALLS, outgoing
from personae.server.services import Services
from personae.store import responses
from personae.store.columns import Record
from personae.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Transcript:
    """One stored conversation."""

    response_id: int
    turns: tuple[Turn, ...]
    scenario: Scenario
    broke_off: str = ""
    """Why it cannot be rated."""


async def transcripts(connection: Connection, project_id: int, ids: Sequence[int]) -> list[Transcript]:
    """In the order of `ids`, each once. Raises NotFound."""
    wanted = list(dict.fromkeys(ids))
    chosen = responses.Filter(ids=tuple(wanted))
    found, _ = await responses.page(connection, project_id, chosen, offset=0, limit=len(wanted), count=len(wanted))
    by_id = {row["id"]: row for row in found}
    if missing := [id_ for id_ in wanted if id_ not in by_id]:
        raise NotFound(f"there is no response {missing[0]} in this project")
    return [_transcript(by_id[id_]) for id_ in wanted]


def _transcript(row: Record) -> Transcript:
    result = SimulationResult.from_row(row["result"])
    broke_off = row["termination"] in ERRORS | CUT
    return Transcript(
        row["id"],
        tuple(result.conversation.turns),
        result.scenario.model_copy(update={"expected_outcome": ""}),  # the goal is not what is tried
        "the conversation broke off: it is not rated" if broke_off else "",
    )


@asynccontextmanager
async def judging(services: Services, config: LLMConfig, asked: Sequence[Record], mode: Mode) -> AsyncIterator[Judge]:
    """A judge for these criteria. Raises ConfigurationError where it cannot be reached."""
    criteria = tuple(Criterion(question=one["criterion_str"], name=one["label"] or "") for one in asked)
    async with outgoing(services) as transport:
        wiring = Wiring(transport, Limits(GENERATOR_CALLS), attempts=GENERATOR_ATTEMPTS)
        yield Judge(connect(config, wiring), criteria, mode=mode)


def ratable(judge: Judge, found: Sequence[Transcript]) -> list[Transcript]:
    """Those that can be rated."""
    return [one for one in found if not _unratable(judge, one)]


async def rated(judge: Judge, found: Sequence[Transcript]) -> list[Ratings | str]:
    """The ratings of each, or why there are none. Raises ProviderError where no call can work."""

    async def one(transcript: Transcript) -> Ratings | str:
        if problem := _unratable(judge, transcript):
            return problem
        return await judge.rate(transcript.turns, transcript.scenario)

    done = await asyncio.gather(*map(one, found), return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]


def _unratable(judge: Judge, transcript: Transcript) -> str:
    """Why not: it broke off, or has no column for a placeholder. Blank where nothing is in the way."""
    if transcript.broke_off:
        return transcript.broke_off
    try:
        judge.questions(transcript.scenario)
    except InputError as error:
        return str(error)
    return ""
