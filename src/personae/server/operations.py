"""For those who run the server: does it live, is it ready, and what does it count?"""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Header
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from personae.errors import PermissionDenied
from personae.server.deps import ServicesDep
from personae.server.failures import failure
from personae.server.services import Services
from personae.store import counts
from personae.store.engine import may_heal
from personae.store.migrate import head, revision

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """The server can take requests."""

    status: str = "ready"


@router.get("/healthz")
async def healthz() -> Alive:
    """Whether the process lives. Asks nothing of the database."""
    return Alive()


@router.get(
    "/readyz",
    response_model=Ready,
    responses={503: {"description": "Not ready; `problems` says what is wrong, by part."}},
)
async def readyz(services: ServicesDep) -> Any:
    """Whether requests can be served: the database answers, is at this version's schema, and takes what is written."""
    problems = await problems_of(services)
    if problems:
        return failure(503, "; ".join(f"{part}: {problem}" for part, problem in problems.items()), problems=problems)
    return Ready()


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}},
        },
        403: {"description": "The bearer token is missing or wrong."},
    },
)
async def metrics(
    services: ServicesDep, authorization: Annotated[str, Header(include_in_schema=False)] = ""
) -> Response:
    """Counts for Prometheus. A server that others can reach wants the bearer token `metrics_token`."""
    _check_token(services, authorization)
    database = services.database
    by_status, pending = None, 0
    try:
        async with database.reading() as connection:
            by_status = await counts.experiments_by_status(connection)
            pending = await counts.waiting_tasks(connection)
    except Exception as error:
        if not may_heal(error):
            raise
    text = services.metrics.exposition(by_status, pending, database.connections())
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def problems_of(services: Services) -> dict[str, str]:
    """What keeps the server from its work, by part. What comes from elsewhere stays in the log: anybody may ask."""
    problems = dict.fromkeys(services.troubles.now, "does not take records at the moment; the log has the reason")
    try:
        at = await revision(services.database)
    except Exception as error:
        if not may_heal(error):
            raise
        problems["database"] = "does not answer"
    else:
        if at != head():
            problems["database"] = f"is at revision {at}, and this version needs {head()}: restart the server"
    return problems


def _check_token(services: Services, authorization: str) -> None:
    wanted = services.settings.metrics_token
    if not wanted and services.settings.is_loopback:
        return
    if not wanted:
        raise PermissionDenied("metrics are closed: set PERSONAE_METRICS_TOKEN, and send it as a bearer token")
    given = authorization.removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise PermissionDenied("metrics need the bearer token that PERSONAE_METRICS_TOKEN holds")
