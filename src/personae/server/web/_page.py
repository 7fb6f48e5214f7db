"""What a page's function takes and gives: who asks in which project, and the ways to answer."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from personae.server.api.auth import me
from personae.server.deps import PrincipalDep, ProjectAccess, ServicesDep, Viewer
from personae.server.security import Principal, includes
from personae.server.services import Services
from personae.server.web import _toasts
from personae.server.web._environment import environment
from personae.server.web._navigation import sections
from personae.server.web._preferences import Preferences
from personae.server.web._texts import catalogue
from personae.server.web._toasts import Toast

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
"""No inline script, style or style attribute; nothing from elsewhere."""
_WORTH_PACKING = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One request for a page."""

    request: Request
    services: Services
    preferences: Preferences
    principal: Principal | None = None
    """None where nobody is signed in: the sign-in page, and pages that tell of an error."""
    project: ProjectAccess | None = None

    @property
    def is_part(self) -> bool:
        """Whether htmx wants a part of a page that stands already: `part` answers, and no more than that is made."""
        return self.request.headers.get("hx-request-type") == "partial"

    @property
    def here(self) -> str:
        """This page's own address, with its query."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def may(self, role: str) -> bool:
        """Whether who asks has this role in the project."""
        return self.project is not None and includes(self.project.role, role)  # type: ignore[arg-type]  # by its name

    def say(self, text: str, **values: Any) -> str:
        """A text in the reader's language, for a toast. Mark it with N_."""
        said: str = catalogue(self.preferences.language).gettext(text)
        return said % values if values else said

    async def form(self) -> FormData:
        """What was typed."""
        return await self.request.form()

    async def show(self, template: str, *, status: int = 200, toast: Toast | None = None, **values: Any) -> Response:
        """A whole page, from a template that extends `_layout.html`."""
        left = _toasts.kept(self.request, self.services)
        shell = {
            "me": None if self.principal is None else await me(self.services, self.principal),
            "navigation": sections(self.request.app.state.pages),
            "toasts": [one for one in (left, toast) if one],
        }
        response = self._html(template, status, shell | values)
        if left:
            _toasts.forget(response, self.services)
        return response

    def part(self, template: str, *, status: int = 200, toast: Toast | None = None, **values: Any) -> Response:
        """Parts of a page for htmx, from a template that is only these."""
        return self._html(template, status, {"toasts": [toast] if toast else []} | values)

    def go(self, to: str, toast: Toast | None = None) -> Response:
        """After a form was taken: on to this address, with a word on what was done."""
        response = RedirectResponse(to, 303)
        if toast:
            _toasts.keep(response, self.services, toast)
        return response

    def _html(self, template: str, status: int, values: Mapping[str, Any]) -> Response:
        project = None if self.project is None else self.project.project
        text = (
            environment(self.preferences.language)
            .get_template(template)
            .render(
                page=self,
                project=project,
                base="" if project is None else f"/p/{project['id']}",
                may_edit=self.may("editor"),
                may_administer=self.may("admin"),
                now=self.services.now(),
                **values,
            )
        )
        return html(self.request, text, status)


def html(request: Request, text: str, status: int = 200) -> Response:
    """A page as an answer, small where the browser can unpack it."""
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding, Accept-Language, Cookie, HX-Request, HX-Request-Type",
    }
    body = text.encode()
    if len(body) > _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HTMLResponse(body, status, headers)


async def _project_page(request: Request, services: ServicesDep, project: Viewer) -> AsyncIterator[Page]:
    yield Page(
        request=request,
        services=services,
        preferences=Preferences.of(request),
        principal=project.principal,
        project=project,
    )
    await request.close()  # the files of its form


async def _plain_page(request: Request, services: ServicesDep, principal: PrincipalDep) -> Page:
    return Page(request=request, services=services, preferences=Preferences.of(request), principal=principal)


async def _open_page(request: Request, services: ServicesDep) -> Page:
    return Page(request=request, services=services, preferences=Preferences.of(request))


ProjectPage = Annotated[Page, Depends(_project_page)]
"""A page of a project, for whoever may see it. What changes something takes `project: Editor` or `Admin` as well."""
PlainPage = Annotated[Page, Depends(_plain_page)]
"""A page of no project, for whoever is signed in."""
OpenPage = Annotated[Page, Depends(_open_page)]
"""A page for everybody."""
