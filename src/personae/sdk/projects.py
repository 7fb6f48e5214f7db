"""Projects: where everything else is."""

from __future__ import annotations

from datetime import datetime

from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Call, Listing, Steps


class Organization(Received):
    """Owns projects."""

    id: int
    name: str


class Project(Received):
    """Holds everything else."""

    id: int
    name: str
    description: str
    organization: Organization
    created_at: datetime
    updated_at: datetime


class Projects(Noun[D]):
    """The projects that you can see; with an API key, its own alone."""

    @listing
    def list(self) -> Listing[Project]:
        """All of them."""
        return Listing(Call("GET", "projects", in_project=False), Project.model_validate)

    @method
    def current(self) -> Steps[Project]:
        """The project that the client works in."""
        return Project.model_validate((yield Call("GET", "")))

    @method
    def create(self, name: str, *, organization_id: int, description: str = "") -> Steps[Project]:
        """A new project. Not for API keys, which belong to one project."""
        body = {"name": name, "description": description, "organization_id": organization_id}
        return Project.model_validate((yield Call("POST", "projects", body=body, in_project=False)))
