"""Whether a client's version fits."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

router = APIRouter(prefix="/version", tags=["version"])


class ClientVersion(BaseModel):
    """Who asks."""

    model_config = ConfigDict(json_schema_extra={"example": {"current_sdk_version": "1.5.2"}})

    current_sdk_version: str = ""


class Compatible(BaseModel):
    """The answer."""

    is_compatible: bool


@router.post("/compatible")
async def compatible(body: ClientVersion) -> Compatible:  # noqa: ARG001 - every version that asks is one that fits
    """Clients ask this at their start."""
    return Compatible(is_compatible=True)
