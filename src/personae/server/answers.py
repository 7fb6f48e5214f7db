"""Answers as JSON, made at once from plain data: no second pass of validation over what the store gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from personae.store.engine import dumped


class Answer(Response):
    """A JSON answer."""

    media_type = "application/json"

    def __init__(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(dumped(data).encode(), status, headers)
