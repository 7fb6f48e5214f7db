"""Secrets: what is encrypted at rest, and what is only ever kept as a hash."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from personae.errors import ConfigurationError

KEY_PREFIX = "pk_"
"""Of API keys, so that a leaked one is recognised for what it is."""


class Cipher:
    """Encrypts and decrypts with the deployment's secret."""

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))
        self.signing_key = hashlib.sha256(b"signing:" + secret.encode()).hexdigest()
        """For cookies."""

    @staticmethod
    def new_secret() -> str:
        return secrets.token_urlsafe(48)

    def seal(self, values: Mapping[str, Any]) -> str | None:
        """`values` as a text that says nothing without the secret; None for no values."""
        return self._fernet.encrypt(json.dumps(values).encode()).decode() if values else None

    def unseal(self, sealed: str | None) -> dict[str, Any]:
        """What was sealed. Raises ConfigurationError where it was sealed with another secret."""
        if not sealed:
            return {}
        try:
            values: dict[str, Any] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise ConfigurationError(
                "a stored key was encrypted with another PERSONAE_SECRET_KEY: set that one again, or enter the key anew"
            ) from None
        return values


def new_token(prefix: str = "") -> str:
    """A random token of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. It is random and long, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
