"""What a language model writes for a prompt template: criteria for its answers, and test cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personae.core.text import shown

MOST_TEXT = 40_000
"""Characters of a prompt that the model is shown."""


def as_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Chat messages as one text, each under its role."""
    parts = []
    for message in messages:
        content = message.get("content")
        pieces = content if isinstance(content, list) else [{"text": content}]
        said = "\n".join(text for piece in pieces if isinstance(text := piece.get("text"), str))
        parts.append(f"[{message.get('role')}]\n{said}")
    return shown("\n\n".join(parts), MOST_TEXT)
