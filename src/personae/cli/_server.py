"""The server that a command talks to."""

from __future__ import annotations

from personae.errors import ConfigurationError

try:
    from personae.sdk import Client
except ModuleNotFoundError as error:
    raise ConfigurationError(
        f"talking with a server needs {error.name!r}, which is not installed: pip install 'personae[sdk]'"
    ) from error


def client_of(url: str | None, key: str | None, project: str | None) -> Client:
    """A client for the options of a command. Raises ConfigurationError."""
    return Client(url, api_key=key, project=project)
