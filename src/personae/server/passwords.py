"""Passwords: argon2id, away from the event loop, and few at once since each takes memory."""

from __future__ import annotations

import asyncio
import unicodedata
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 4
"""Each hash takes 64 MiB while it is made."""


class Passwords:
    """Makes and checks the hashes of one server."""

    def __init__(self) -> None:
        self._hasher = hasher = PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        salt, result = (b64encode(bytes(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len))
        self._nobody = (
            f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${result}"
        )

    async def hashed(self, password: str) -> str:
        """What is stored."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def fits(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. Takes as long where there is none, so that nobody learns who has an account."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, stored or self._nobody, _bytes(password)) and bool(stored)

    def _verify(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    """The same for the same characters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
