"""The pages in the application: found by their place, and with errors that a reader can do something with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from personae.errors import PersonaeError
from personae.server import web
from personae.server.accounts import principal
from personae.server.browsers import is_own_path
from personae.server.web import _static
from personae.server.web._complaints import said
from personae.server.web._page import Page
from personae.server.web._preferences import Preferences
from personae.server.web._toasts import Toast

Handler = Callable[[Request, Exception], Awaitable[Response]]

_FOR_PROGRAMS = ("/api/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")


def add_pages(app: FastAPI) -> None:
    """Every page of this package. After `add_failures`, whose answers it shows to people as pages."""
    names = [module.name for module in iter_modules(web.__path__) if not module.name.startswith("_")]
    app.state.pages = names
    for router in (_static.router, *(import_module(f"{web.__name__}.{name}").router for name in names)):
        app.include_router(router, include_in_schema=False)
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _shown(handler))


def _shown(handler: Any) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        return await error_page(request, await handler(request, error))

    return answer


async def error_page(request: Request, answer: Response) -> Response:
    """The answer to an error as a page, where a person looks at it; as it is, where a program does."""
    if request.url.path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
        return answer
    if answer.status_code == 401:
        return _to_sign_in(request)
    page = Page(
        request=request,
        services=request.app.state.services,
        preferences=Preferences.of(request),
        principal=None if answer.status_code >= 500 else await _known(request),  # nothing that may fail as well
    )
    detail = orjson.loads(bytes(answer.body)).get("detail", "")
    if "hx-request" in request.headers:  # the page stands: only a word on what did not work is added to it
        shown = page.part(
            "_toasts.html", status=answer.status_code, toast=Toast(said(detail, page.preferences.language), tone="bad")
        )
        shown.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend", "HX-Reselect": ".toast"})
    else:
        shown = await page.show("_error.html", status=answer.status_code, status_code=answer.status_code, detail=detail)
    if wait := answer.headers.get("retry-after"):
        shown.headers["Retry-After"] = wait
    return shown


async def _known(request: Request) -> Any:
    """Who asks, if anybody who is known does."""
    try:
        return await principal(request)
    except PersonaeError:
        return None


def _to_sign_in(request: Request) -> Response:
    here = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or "hx-request" in request.headers:
        from_page = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
        here = from_page.path or "/"
    address = f"/sign-in?next={quote(here if is_own_path(here) else '/', safe='/')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
