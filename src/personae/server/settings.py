"""Settings of a deployment: from a TOML file, over it the environment, over both the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from personae.errors import ConfigurationError, InputError

PREFIX = "PERSONAE_"
"""Of the environment variables: `PERSONAE_DATABASE` is the field `database`."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a deployment can choose. Each field is an environment variable `PERSONAE_...`, and a line of the file."""

    host: str = "127.0.0.1"
    """Address to listen on. On a loopback address nobody needs to sign in, unless `public_url` leads elsewhere."""
    port: int = 8300
    """Port to listen on; 0 takes any that is free."""
    database: str = ""
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`. Blank: a file in the data folder."""
    data_folder: str = ""
    """Where the database and the secret are kept. Blank: the user's own data folder."""
    public_url: str = ""
    """The address under which people reach the server, for links in invitations. Blank: host and port."""
    secret_key: str = field(default="", repr=False)
    """Encrypts stored keys and signs cookies. Blank: one is made, and kept in the data folder. Replicas share one."""
    allow_private_addresses: bool = False
    """Whether bots and models may be at private addresses. A server on loopback allows loopback in any case."""
    simulator_provider: str = "offline"
    """Who plays the personas: `anthropic`, `openai`, `ollama` ... `offline` is for trying, not for measuring."""
    simulator_model: str = ""
    """Blank: the provider's own default."""
    simulator_base_url: str = ""
    """Address of the simulator's endpoint. Blank: the provider's own."""
    simulator_api_key: str = field(default="", repr=False)
    """Blank: from the provider's own environment variable."""
    judge_provider: str = ""
    """Who rates. Blank: the simulator does, with all its settings."""
    judge_model: str = ""
    """Blank: the provider's own default."""
    judge_base_url: str = ""
    """Address of the judge's endpoint."""
    judge_api_key: str = field(default="", repr=False)
    """The judge's key."""
    max_turns: int = 16
    """Replies of the bot after which a conversation ends, where an experiment does not say otherwise."""
    max_conversations: int = 64
    """Conversations at once of one experiment, where its LLM config allows as many."""
    executor: str = "local"
    """Where conversations run: `local`, in the server's process, or `ray`, on the cluster at RAY_ADDRESS."""
    executor_workers: int = 0
    """Worker processes of one experiment, where the executor has any. 0: as many as are of use."""
    budget_usd: float = 10.0
    """Ceiling of an experiment that names none."""
    max_body_mib: int = 32
    """Largest request body."""
    max_rows: int = 100_000
    """Most rows of one collection."""
    session_days: int = 14
    """How long a sign-in lasts."""
    oidc_issuer: str = ""
    """Address of an OpenID Connect provider, with which people then can sign in. Blank: by password alone."""
    oidc_client_id: str = ""
    """What the provider calls this server."""
    oidc_client_secret: str = field(default="", repr=False)
    """From the provider. The address to enter there is PUBLIC_URL/api/v0/auth/oidc/callback."""
    log_format: str = "text"
    """`text` or `json`."""
    metrics_token: str = field(default="", repr=False)
    """Bearer token that `/metrics` wants. Blank: it is open on loopback, and closed elsewhere."""
    otel: bool = False
    """Send traces by OpenTelemetry, to where its own variables say. On by itself with OTEL_EXPORTER_OTLP_ENDPOINT."""

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach the server: it listens on loopback, and no public address leads to it."""
        return is_loopback(self.host) and (not self.public_url or is_loopback(urlsplit(self.public_url).hostname or ""))

    @property
    def folder(self) -> Path:
        """The data folder."""
        if self.data_folder:
            return Path(self.data_folder).expanduser()
        import platformdirs  # small, and only where nobody said where

        return platformdirs.user_data_path("personae")

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.folder / 'personae.db'}"

    @property
    def url(self) -> str:
        """Where people find the server."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    def with_(self, **changes: Any) -> Self:
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    @classmethod
    def load(cls, file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """From `file` (TOML), or the one that PERSONAE_CONFIG names, and over it the environment.

        Raises InputError for what cannot be taken, with its place.
        """
        if file is None and (named := environment.get(f"{PREFIX}CONFIG")):
            file = Path(named)
        given = _from_file(file) if file is not None else {}
        known = {one.name: one.type for one in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise InputError(f"is no setting; there is {', '.join(known)}", file=file, field=name)
            given[name] = _value(value, str(known[name]), where=f"{file}: {name}")
        for name, kind in known.items():
            if (text := environment.get(PREFIX + name.upper())) is not None:
                given[name] = _value(text, str(kind), where=PREFIX + name.upper())
        return cls(**given)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(error.strerror or str(error), file=file) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is no TOML: {error}", file=file) from error


def _value(value: Any, kind: str, *, where: str) -> Any:
    text = str(value).strip()
    try:
        if kind == "bool":
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[
                text.lower()
            ]
        return {"int": int, "float": float}.get(kind, str)(text)
    except (KeyError, ValueError):
        wanted = {"bool": "true or false", "int": "a whole number", "float": "a number"}[kind]
        raise ConfigurationError(f"{where} must be {wanted}, not {text!r}") from None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
