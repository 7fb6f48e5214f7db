"""Errors as answers: `{"detail": text}` with the status that fits, and never anything that belongs to us alone."""

from __future__ import annotations

import logging
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from personae.errors import (
    BotError,
    BudgetExceeded,
    ConfigurationError,
    Conflict,
    InputError,
    NotFound,
    PermissionDenied,
    PersonaeError,
    ProviderError,
)
from personae.server.answers import Answer
from personae.server.attempts import TooMany
from personae.server.services import Services
from personae.store.engine import is_duplicate, may_heal

log = logging.getLogger(__name__)


class Unauthenticated(PersonaeError):
    """No credentials, or wrong ones."""


class Taken(Conflict):
    """The name or content is there already."""

    def __init__(self, problem: str, **details: Any) -> None:
        super().__init__(problem)
        self.details = details


_STATUS: tuple[tuple[type[PersonaeError], int], ...] = (
    (Unauthenticated, 401),
    (PermissionDenied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (InputError, 400),
    (ConfigurationError, 400),
    (BudgetExceeded, 402),
    (ProviderError, 502),
    (BotError, 502),
)
RETRY_AFTER_S = 2


def add_failures(app: FastAPI) -> None:
    """Teach `app` what to answer for each error."""
    app.add_exception_handler(PersonaeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(OSError, _database)


def failure(status: int, detail: str, **also: Any) -> Answer:
    """The body of every error."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    if status == 401:
        headers = {"WWW-Authenticate": 'APIKey realm="personae"'}
    return Answer({"detail": detail, **also}, status, headers)


def status_of(error: Exception) -> int:
    """What an error of ours is answered with; 500 for what is a defect."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PersonaeError)
    status = status_of(error)
    if status == 500:
        return await defect(request, error)
    if status > 500:
        _count(request, error)
    answer = failure(status, str(error), **error.details)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(ceil(error.retry_after_s))
    return answer


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [(".".join(str(part) for part in one["loc"]), str(one["msg"])) for one in error.errors()]
    lines = [f"{place}: {message.removeprefix('Value error, ')}" for place, message in found]
    errors = [{"field": place, "problem": message} for place, message in found]
    return failure(422, "; ".join(lines[:20]), errors=errors[:100])


async def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return failure(error.status_code, str(error.detail))


async def _database(request: Request, error: Exception) -> Response:
    """The database is away: nothing was done, and the caller may try again. Anything else is a defect of ours."""
    if isinstance(error, IntegrityError) and is_duplicate(error):
        return failure(409, "somebody else made the same at this moment: look again")
    if may_heal(error):
        _count(request, error)
        log.warning("the database does not answer", extra={"problem": str(getattr(error, "orig", error))})
        return failure(503, "the database does not answer at the moment: try again")
    return await defect(request, error)


async def defect(request: Request, error: Exception) -> Response:
    """The answer where the fault is ours: all that is known goes into the log, and nothing of it to the caller."""
    _count(request, error)
    extra = {"method": request.method, "request_id": request.scope.get("state", {}).get("request_id", "")}
    log.error("request failed", exc_info=error, extra=extra)
    return failure(500, "something went wrong on the server; its log has the details")


def _count(request: Request, error: Exception) -> None:
    services: Services = request.app.state.services
    services.metrics.failed(error)
