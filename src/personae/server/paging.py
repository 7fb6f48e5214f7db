"""Pages of a list: `{"items": [...], "count": all there are}`, counted from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

T = TypeVar("T")
PAGE_SIZE, MOST_PER_PAGE = 100, 500
LAST_PAGE = 10**9


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    count: int
    """Of all pages together."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


def _paging(
    page: Annotated[int, Query(ge=1, le=LAST_PAGE, description="From 1.")] = 1,
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="Items per page.")] = PAGE_SIZE,
) -> Paging:
    return Paging(page, limit)


PagingDep = Annotated[Paging, Depends(_paging)]
