"""Whether a client's version fits."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/version", tags=["version"])


class ClientVersion(BaseModel):
    """Who asks."""

    current_sdk_version: str = ""


class Compatible(BaseModel):
    """The answer."""

    is_compatible: bool


@router.post("/compatible")
async def compatible(body: ClientVersion) -> Compatible:  # noqa: ARG001 - every version that asks is one that fits
    """Clients ask this at their start."""
    return Compatible(is_compatible=True)
