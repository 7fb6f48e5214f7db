"""What all user-written records share: they are frozen, and whatever they do not know is an error, never dropped."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from personae.core.text import whole


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


Text = Annotated[StrictStr, AfterValidator(whole)]
"""Any text; a lone surrogate in it becomes U+FFFD."""
Filled = Annotated[Text, AfterValidator(_not_blank)]
"""Text with something in it; white space at its ends is cut."""


class Record(BaseModel):
    """A frozen record with strict fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=True)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, without the fields that were left at their default."""
        return self.model_dump(mode="json", exclude_defaults=True)


__all__ = ["Field", "Filled", "Record", "Text"]
