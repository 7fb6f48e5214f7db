"""The audit log: who changed what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from personae.server.deps import Access, Admin, OrganizationAdmin
from personae.server.paging import Page, PagingDep
from personae.server.schemas.audit import AuditEntry
from personae.store import audit

router = APIRouter(tags=["audit log"])


def _chosen(
    actor: Annotated[str | None, Query(description="What this one did.")] = None,
    noun: Annotated[str | None, Query(description="What was done to this kind: `persona`, `api_key` ...")] = None,
    noun_id: Annotated[str | None, Query(description="What was done to the one with this id.")] = None,
) -> dict[str, Any]:
    return {"actor": actor, "noun": noun, "noun_id": noun_id}


ChosenDep = Annotated[dict[str, Any], Depends(_chosen)]


@router.get("/projects/{project_id}/audit_log")
async def project_log(project: Admin, paging: PagingDep, chosen: ChosenDep) -> Page[AuditEntry]:
    """What was changed in the project, the latest first."""
    return await _page(project, paging, chosen)


@router.get("/organizations/{organization_id}/audit_log")
async def organization_log(organization: OrganizationAdmin, paging: PagingDep, chosen: ChosenDep) -> Page[AuditEntry]:
    """What was changed in the organization and all its projects, the latest first."""
    return await _page(organization, paging, chosen)


async def _page(access: Access, paging: PagingDep, chosen: dict[str, Any]) -> Page[AuditEntry]:
    async with access.reading() as connection:
        found, count = await audit.entries(
            connection,
            access.organization_id,
            access.project_id,
            **chosen,
            offset=paging.offset,
            limit=paging.limit,
        )
    shown = [AuditEntry(**{name: row[name] for name in AuditEntry.model_fields}) for row in found]
    return Page(items=shown, count=count)
