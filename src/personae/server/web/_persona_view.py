"""What is looked at on the personas' page, as its address says it: the library narrowed, a group beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import Depends, Query

from personae.server.api._persona_filters import PersonaFilter, persona_filter
from personae.server.deps import MAX_ID, Id
from personae.server.paging import LAST_PAGE

_Id = Annotated[int | None, Query(ge=1, le=MAX_ID)]
_Number = Annotated[int, Query(ge=1, le=LAST_PAGE)]
MOST_TAGS = 8
"""Shown in a row."""


@dataclass(frozen=True, slots=True)
class View:
    """One state of the page."""

    project_id: int
    search: str = ""
    trait: tuple[str, ...] = ()
    attribute: tuple[str, ...] = ()
    """`NAME=VALUE` each."""
    archived: bool = False
    number: int = 1
    """Page of the library."""
    group: int | None = None
    group_page: int = 1
    edit: int | None = None
    """The persona whose editor is open."""
    new: bool = False
    new_group: bool = False
    edit_group: bool = False

    @property
    def chosen(self) -> PersonaFilter:
        """The personas of the library that are looked at. Raises InputError."""
        return persona_filter(
            search=self.search, trait=list(self.trait), attribute=list(self.attribute), archived=self.archived
        )

    @property
    @lru_cache(maxsize=1000)  # noqa: B019 - small, and asked for anew by every row of a page
    def query(self) -> str:
        """Behind the `?`, without what is as usual."""
        said = {
            "search": self.search,
            "trait": self.trait,
            "attribute": self.attribute,
            "archived": self.archived and "1",
            "page": self.number if self.number > 1 else "",
            "group": self.group,
            "group_page": self.group_page if self.group_page > 1 else "",
            "edit": self.edit,
            "new": self.new and "1",
            "new_group": self.new_group and "1",
            "edit_group": self.edit_group and "1",
        }
        return urlencode({name: value for name, value in said.items() if value}, doseq=True)

    def to(self, **changes: Any) -> str:
        """The address of this view with something changed. What narrows the library begins at its first page."""
        if not changes.keys().isdisjoint(("search", "trait", "attribute", "archived")):
            changes = {"number": 1, "edit": None} | changes
        if "group" in changes:
            changes = {"group_page": 1, "new_group": False, "edit_group": False} | changes
        query = replace(self, **changes).query
        return f"/p/{self.project_id}/personas" + (f"?{query}" if query else "")

    def act(self, path: str) -> str:
        """The address of a form under the project, which comes back to this view."""
        return f"/p/{self.project_id}{path}" + (f"?{self.query}" if self.query else "")

    @property
    @lru_cache(maxsize=1000)  # noqa: B019 - as above
    def plain(self) -> Self:
        """With no editor open."""
        return replace(self, edit=None, new=False, new_group=False, edit_group=False)

    @lru_cache(maxsize=1000)  # noqa: B019 - as above
    def toggled(self, facet: str, value: str) -> str:
        """The address with a `trait` or an `attribute` asked for, or no longer."""
        chosen = getattr(self, facet)
        rest = tuple(one for one in chosen if one.casefold() != value.casefold())
        return self.to(**{facet: rest if len(rest) < len(chosen) else (*chosen, value)})

    def has(self, facet: str, value: str) -> bool:
        """Whether it is asked for."""
        return value.casefold() in {one.casefold() for one in getattr(self, facet)}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.trait or self.attribute)


def _view(
    project_id: Id,
    search: str = "",
    trait: Annotated[Sequence[str], Query()] = (),
    attribute: Annotated[Sequence[str], Query()] = (),
    archived: bool = False,
    page: _Number = 1,
    group: _Id = None,
    group_page: _Number = 1,
    edit: _Id = None,
    new: bool = False,
    new_group: bool = False,
    edit_group: bool = False,
) -> View:
    return View(
        project_id,
        search,
        tuple(trait),
        tuple(attribute),
        archived,
        page,
        group,
        group_page,
        edit,
        new,
        new_group,
        edit_group,
    )


ViewDep = Annotated[View, Depends(_view)]
