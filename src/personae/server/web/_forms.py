"""Forms: what is wrong with what was typed, field by field."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import UploadFile
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as Sent

from personae.errors import Conflict, InputError, PersonaeError
from personae.server.attempts import TooMany
from personae.server.failures import Taken, Unauthenticated, status_of

REFUSED = (ValidationError, InputError, Conflict, Unauthenticated, TooMany)
"""What a form shows beside its fields: `except REFUSED as error: ... problems(error)`. All else is a page itself."""


class Problems(dict[str, str]):
    """By the field's name; under a blank name what belongs to none. For `ui.field(..., problems=problems)`."""

    status: int = 422

    def under(self, name: str) -> str:
        """What is wrong with a field, or anything in it."""
        return "; ".join(text for place, text in self.items() if place == name or place.startswith(f"{name}."))


def problems(error: ValidationError | PersonaeError, fields: Mapping[str, str] | None = None) -> Problems:
    """What `error` says of each field. `fields` renames: from the body's names to the form's."""
    renamed = fields or {}
    found = Problems()
    if isinstance(error, ValidationError):
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            name = _named(".".join(map(str, one["loc"])), renamed)
            found.setdefault(name, one["msg"].removeprefix("Value error, "))
        return found
    found.status = status_of(error)
    name = "name" if isinstance(error, Taken) else (getattr(error, "field", None) or "")
    found[_named(name, renamed)] = error.problem if isinstance(error, InputError) else str(error)
    return found


def _named(place: str, renamed: Mapping[str, str]) -> str:
    """A place in the body, such as `judge.llm_config_id`, under the name of its field in the form."""
    if place in renamed:
        return renamed[place]
    head, dot, rest = place.partition(".")
    return renamed.get(head, head) + dot + rest


def uploaded(form: FormData, name: str = "file") -> UploadFile | None:
    """The file that was chosen; None where there is none."""
    sent = form.get(name)
    if not isinstance(sent, Sent) or not sent.filename:
        return None
    return UploadFile(sent.file, size=sent.size, filename=sent.filename, headers=sent.headers)
