"""Who asks, and what they may do.

Three ways in: an API key (`X-API-Key`), which belongs to one project; a session cookie or a bearer token, which belongs
to a person; and a server on loopback, which takes everybody for its one user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")
"""Each may do what the ones before it may: look; author and run; keys, members, deletion of projects."""


def includes(role: str, wanted: Role) -> bool:
    """Whether `role` may do what `wanted` may."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(wanted)


def lesser(role: str, other: str) -> str:
    """The role that may do less; blank where one is no role."""
    if role not in ROLES or other not in ROLES:
        return ""
    return ROLES[min(ROLES.index(role), ROLES.index(other))]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    actor: str
    """For the audit log: `local`, `key NAME (PREFIX)`, or a person's e-mail address."""
    user_id: int | None = None
    """Who it is; of a key, the person behind it, if there is one."""
    is_local: bool = False
    """The one user of a server on loopback, who may do all."""
    key_project: int | None = None
    """The only project of an API key."""
    key_role: str = ""
    roles: Mapping[int, str] = field(default_factory=dict)
    """A person's role, by organization."""

    @property
    def is_person(self) -> bool:
        return self.user_id is not None and self.key_project is None

    def role_in(self, organization_id: int, project_id: int | None = None) -> str:
        """What it is there; blank for a stranger."""
        if self.is_local:
            return "admin"
        if self.key_project is not None:
            return self.key_role if project_id == self.key_project else ""
        return self.roles.get(organization_id, "")
