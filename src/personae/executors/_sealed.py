"""Sealed letters: what only the process can read that made the key, whoever carries it.

Source: RFC 7748 (X25519), RFC 5869 (HKDF), RFC 8439 (ChaCha20-Poly1305)
Idea:   the receiver makes a pair of keys and gives the public one away. The sender makes a pair for this one letter;
        the secret that both can compute, and nobody else, encrypts it. No key is ever stored.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE = bytes(12)
"""Each key encrypts one letter, so the nonce need not differ."""


class Mailbox:
    """Where sealed letters are opened."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()

    @property
    def address(self) -> bytes:
        """The public key."""
        return self._key.public_key().public_bytes_raw()

    def opened(self, letter: bytes) -> bytes:
        """What was sealed for this address. Raises cryptography's InvalidTag for any other letter."""
        theirs = letter[:_KEY_BYTES]
        shared = self._key.exchange(X25519PublicKey.from_public_bytes(theirs))
        return _cipher(shared, theirs, self.address).decrypt(_NONCE, letter[_KEY_BYTES:], None)


def sealed(content: bytes, address: bytes) -> bytes:
    """`content` for the mailbox at `address` alone."""
    key = X25519PrivateKey.generate()
    own = key.public_key().public_bytes_raw()
    shared = key.exchange(X25519PublicKey.from_public_bytes(address))
    return own + _cipher(shared, own, address).encrypt(_NONCE, content, None)


def _cipher(shared: bytes, sender: bytes, receiver: bytes) -> ChaCha20Poly1305:
    info = b"personae kit" + sender + receiver
    return ChaCha20Poly1305(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(shared))
