"""The application, from settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from personae.server import api, operations
from personae.server.bodies import BodyLimit
from personae.server.browsers import SafeHeaders, SameOrigin
from personae.server.docs_page import add_docs
from personae.server.experiments.launcher import Launcher
from personae.server.failures import add_failures
from personae.server.found import route_files, routes
from personae.server.openapi import Documented, tags
from personae.server.requests import Requests
from personae.server.services import Services
from personae.server.setup import prepare
from personae.server.web._app import add_pages, error_page

API = "/api/v0"


def create_app(services: Services) -> FastAPI:
    """The application on `services`, which it connects at start and closes at the end."""
    app = Documented(lifespan=_lifespan, openapi_tags=tags([*route_files(api), operations]))
    app.state.services = services
    add_failures(app)
    app.router.routes.extend(routes(api, API))
    app.include_router(operations.router)
    add_docs(app)
    add_pages(app)
    app.add_middleware(BodyLimit, max_body_mib=services.settings.max_body_mib)
    app.add_middleware(SameOrigin, settings=services.settings)
    app.add_middleware(Requests, metrics=services.metrics, prefix=API, shown=error_page)
    app.add_middleware(SafeHeaders)  # the last one added is the outermost
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    launcher = Launcher(services)
    services.wake = launcher.wake
    try:
        await prepare(services)
        launcher.start()
        yield
    finally:
        await launcher.close()
        await services.database.close()
