"""What a server does at its first start: migrations, an organization, a project and one API key, shown once."""

from __future__ import annotations

from personae.server.keys import make_key
from personae.server.oidc import check_settings as check_oidc
from personae.server.services import Services
from personae.store import projects
from personae.store.migrate import migrate


async def prepare(services: Services) -> str | None:
    """The first API key, if this was the first start. Raises ConfigurationError where the database cannot be used."""
    check_oidc(services.settings)
    await migrate(services.database)
    now = services.now()
    async with services.database.writing() as connection:
        if await projects.has_any(connection):
            return None
        organization_id = await projects.create_organization(connection, "Default organization", now=now)
        project_id = await projects.create_project(connection, organization_id, "Default project", now=now)
        _, key = await make_key(
            connection, project_id, name="first key", role="admin", created_by="personae serve", now=now
        )
        return key
