"""Which conversations of an experiment a page is about: filters by the API's names, kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field, ValidationError

from personae.core.validity import Fault
from personae.errors import InputError
from personae.server.api.responses import filter_of
from personae.server.deps import MAX_ID
from personae.store.responses import Filter

WORST = "worst"
_Id = Annotated[int, Field(ge=1, le=MAX_ID)]
_Word = Annotated[str, Field(max_length=1000)]
_Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class _Values(BaseModel):
    persona_id: _Id | None = None
    template_variables_id: _Id | None = None
    epoch: _Id | None = None
    termination_reason: _Word | None = None
    goal_achieved: bool | None = None
    judged: bool | None = None
    criterion_id: _Id | None = None
    verdict: _Word | None = None
    has_error: bool | None = None
    validity: Literal["valid", "unsure", "invalid", "none", "counted"] | None = None
    fault: Fault | None = None
    text: _Word | None = None
    turns_min: _Number | None = None
    turns_max: _Number | None = None
    duration_seconds_min: _Number | None = None
    duration_seconds_max: _Number | None = None
    cost_usd_min: _Number | None = None
    cost_usd_max: _Number | None = None


FILTERS = tuple(_Values.model_fields)
"""Those that people choose by; `sort_by` says in which order."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is chosen. Blank values do not filter, and are left out."""

    address: str
    """Of the page that lists them."""
    experiment_id: int
    values: Mapping[str, str]

    @classmethod
    def of(cls, address: str, experiment_id: int, query: Mapping[str, str]) -> Filters:
        """From a page's query."""
        names = (*FILTERS, "sort_by")
        return cls(address, experiment_id, {name: query[name] for name in names if query.get(name)})

    @property
    def chosen(self) -> dict[str, str]:
        """Without the order."""
        return {name: value for name, value in self.values.items() if name != "sort_by"}

    @property
    def sort_by(self) -> str:
        return self.values.get("sort_by", WORST)

    def as_filter(self) -> Filter:
        """As the API reads it. Raises InputError for what no filter can be."""
        try:
            values = _Values.model_validate(self.chosen).model_dump(exclude_none=True)
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(first["msg"], field=str(first["loc"][0])) from None
        return filter_of(experiment_id=self.experiment_id, **values)

    def only(self, **values: object) -> str:
        """The list of what these filters alone choose."""
        return _address(self.address, {name: str(value) for name, value in values.items() if value is not None})

    def without(self, *names: str) -> str:
        """The list without these filters."""
        return _address(self.address, {name: value for name, value in self.values.items() if name not in names})

    def beside(self, **values: object) -> str:
        """The same list, with another part of the page turned over: a value is put behind it."""
        return f"?{urlencode({**self.values, **values})}&"

    def page(self) -> str:
        """The list's further pages: a number is put behind it."""
        return f"{self.address}?{urlencode({**self.values, 'page': ''})}"

    def conversation(self, base: str, response_id: int) -> str:
        """One conversation of the list; its page finds the ones before and behind it by the same filters."""
        chosen = urlencode({"experiment_id": self.experiment_id, **self.values, "sort_by": self.sort_by})
        return f"{base}/conversations/{response_id}?{chosen}"


def _address(address: str, values: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(values)}#conversations" if values else f"{address}#conversations"
