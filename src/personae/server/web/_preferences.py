"""How somebody likes the pages: language, light or dark, keys. In cookies, for they hold before anybody signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, cast

from starlette.requests import Request

from personae.server.web._texts import LANGUAGES, language_of

Theme = Literal["", "light", "dark"]
CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("", *LANGUAGES),
    "theme": ("", "light", "dark"),
    "keys": ("", "off"),
}
"""What can be chosen. Blank: what the browser says, and keys on."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What holds for one request."""

    language: str
    theme: Theme
    """Blank: as the system has it."""
    has_keys: bool
    """Whether single letters are shortcuts."""

    @classmethod
    def of(cls, request: Request) -> Self:
        """From its cookies and what its browser accepts."""
        chosen = {name: request.cookies.get(name, "") for name in CHOICES}
        return cls(
            language_of(chosen["language"], request.headers.get("accept-language", "")),
            cast("Theme", chosen["theme"] if chosen["theme"] in CHOICES["theme"] else ""),
            chosen["keys"] != "off",
        )
