"""Organizations to make or change, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from personae.server.schemas.session import example

_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class OrganizationIn(BaseModel):
    """An organization."""

    model_config = example({"name": "Customer care", "domain": "example.com"})

    name: Annotated[_Line, StringConstraints(min_length=1)]
    domain: _Line = ""
    """For people; nothing follows from it."""
