"""Criteria and criterion sets on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from personae.server.schemas.persona import Name
from personae.server.schemas.prompt_template import PromptTemplate
from personae.store.columns import Record

MAX_CRITERIA = 500
MAX_QUESTION = 20_000
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Reference = Annotated[int, Field(ge=1, le=2**63 - 1)]


class CriterionIn(BaseModel):
    """A criterion to add."""

    criterion_str: Question
    """A yes/no question about the whole transcript. May hold `{{column}}` placeholders."""
    label: Label | None = None
    """A short name."""


class CriteriaIn(BaseModel):
    """Criteria to add to a set, or to the set of a template. Null has them written by a language model."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "criterion_set_id": 1,
                "criteria": [{"criterion_str": "Does the bot name the return period?", "label": "return period"}],
            }
        }
    )

    prompt_template_id: Reference | None = None
    criterion_set_id: Reference | None = None
    template_variables_id: int | None = None
    """Not supported: null."""
    criteria: list[CriterionIn] | None = Field(default=None, max_length=MAX_CRITERIA)
    """An empty list adds none; null has them written, for a template alone."""
    delete_existing: bool = False
    """Delete those that are there first."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.prompt_template_id is None) == (self.criterion_set_id is None):
            raise ValueError("give either `prompt_template_id` or `criterion_set_id`")
        if self.criteria is None and self.prompt_template_id is None:
            raise ValueError("give `criteria`; they can be written by a language model for a prompt template alone")
        if self.template_variables_id is not None:
            raise ValueError("criteria for one row alone are not supported: leave `template_variables_id` out")
        return self


class CriterionUpdate(BaseModel):
    """What to change."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"criterion_str": "Does the assistant state the refund window?", "label": "refund window"}
        }
    )

    criterion_str: Question | None = None
    label: Label | None = None


class Criterion(BaseModel):
    """A yes/no question."""

    id: int
    criterion_str: str
    label: str | None
    version: int
    """One more with every edit."""
    criterion_set_id: int | None
    prompt_template: PromptTemplate | None
    """The template that it was added for."""
    template_variables: None = None
    """Always null: the SDK knows the key."""
    created_at: datetime

    @classmethod
    def of(cls, row: Record, template: Record | None) -> Self:
        """From a row of `store.criteria` and one of `store.prompt_templates`."""
        known = {name: row[name] for name in cls.model_fields if name in row}
        return cls(**known, prompt_template=None if template is None else PromptTemplate.of(template))


class CriterionSetIn(BaseModel):
    """A set to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Refunds",
                "criteria": [{"criterion_str": "Is the assistant polite?", "label": "polite"}],
            }
        }
    )

    name: Name
    criteria: list[CriterionIn] | None = Field(default=None, max_length=MAX_CRITERIA)


class CriterionSetUpdate(BaseModel):
    """A set's new name."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Refunds"}})

    name: Name


class CriterionSet(BaseModel):
    """A named list of criteria."""

    id: int
    name: str
    linked_prompt_templates: list[PromptTemplate]
    """Those whose answers it rates where no other set is chosen."""
    criteria: list[Criterion]
    created_at: datetime
    updated_at: datetime


class CriteriaImported(BaseModel):
    """What a file of criteria brought."""

    created: int
    skipped: int
    """Criteria that the set had already."""
