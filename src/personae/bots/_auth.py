"""A secret from the environment, sent in one header."""

from __future__ import annotations

import os
from dataclasses import dataclass

from personae.errors import ConfigurationError


@dataclass(frozen=True)
class Auth:
    """Where a bot's key comes from and how it is sent. The key itself is no part of it."""

    env: str
    """Name of the environment variable that holds the key."""
    header: str = "Authorization"
    """Name of the header that carries it."""
    prefix: str = "Bearer "
    """What stands before the key in the header."""

    def secret(self) -> str:
        """The key. Raises ConfigurationError where the variable is missing, blank, or can be no header."""
        value = os.environ.get(self.env, "").strip()
        if not value:
            raise ConfigurationError(
                f"the environment variable {self.env} is not set: it holds the bot's key (auth.env)"
            )
        if not value.isprintable():
            raise ConfigurationError(f"the environment variable {self.env} holds line breaks or control characters")
        return value

    def headers(self) -> dict[str, str]:
        """The one header, with the key."""
        return {self.header: self.prefix + self.secret()}
