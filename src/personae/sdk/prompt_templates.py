"""Prompt templates: versioned messages with placeholders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from personae.errors import Conflict, NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Listing, Steps, delete, get, post

Message = Mapping[str, Any]


class PromptTemplate(Received):
    """One version of a template. Each version has an id of its own."""

    id: int
    name: str
    version: int
    messages: tuple[dict[str, Any], ...]
    placeholders: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


class PromptTemplates(Noun[D]):
    """The project's templates."""

    @listing
    def list(self, *, name: str | None = None) -> Listing[PromptTemplate]:
        """The newest version first."""
        return Listing(get("prompt_templates", name=name), PromptTemplate.model_validate)

    @method
    def get(self, template_id: int) -> Steps[PromptTemplate]:
        """One version. Raises NotFound."""
        return PromptTemplate.model_validate((yield get(f"prompt_templates/{template_id}")))

    @method
    def by_name(self, name: str, *, version: int | None = None) -> Steps[PromptTemplate]:
        """The newest version with exactly this name, or the named one. Raises NotFound."""
        found = (yield get("prompt_templates", name=name, version=version))["items"]
        if not found:
            which = "" if version is None else f" in version {version}"
            raise NotFound(f"there is no prompt template {name!r}{which}")
        return PromptTemplate.model_validate(found[0])

    @method
    def create(self, name: str, messages: str | Sequence[Message]) -> Steps[PromptTemplate]:
        """A new template; or, where the name is known, its next version. The same content again is the same version."""
        try:
            made = yield post("prompt_templates", {"name": name, "messages": _as_messages(messages)})
        except Conflict as error:
            if "prompt_template_id" not in error.details:
                raise
            made = yield get(f"prompt_templates/{error.details['prompt_template_id']}")
        return PromptTemplate.model_validate(made)

    @method
    def delete(self, template_id: int) -> Steps[None]:
        """This version. Experiments keep their own copies."""
        yield delete(f"prompt_templates/{template_id}")


def _as_messages(messages: str | Sequence[Message]) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "system", "content": messages}]
    return [dict(message) for message in messages]
