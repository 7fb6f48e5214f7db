"""The audit log on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class AuditEntry(BaseModel):
    """Somebody changed something."""

    id: int
    project_id: int | None
    at: datetime
    actor: str
    """`local`, `key NAME (PREFIX)`, or a person's e-mail address."""
    action: str
    noun: str
    noun_id: str
    detail: dict[str, Any]
