"""A secret from the environment, sent in one header."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

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
        return _sendable(value, f"the environment variable {self.env}")

    def headers(self) -> dict[str, str]:
        """The one header, with the key."""
        return {self.header: self.prefix + self.secret()}


@dataclass(frozen=True)
class GivenAuth(Auth):
    """A key that is at hand, for bots that are described by a server's stored config and not by a file."""

    env: str = ""
    key: str = field(default="", repr=False, metadata={"secret": True})
    """The key itself."""

    def secret(self) -> str:
        """The key. Raises ConfigurationError where it can be no header."""
        return _sendable(self.key.strip(), "the bot's key")


def _sendable(value: str, what: str) -> str:
    if not value.isprintable():
        raise ConfigurationError(f"{what} holds line breaks or control characters")
    return value
