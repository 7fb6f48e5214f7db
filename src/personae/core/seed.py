"""Child seeds: every draw gets its own seed from its parent's by hash, so no draw depends on the order of another."""

from __future__ import annotations

from hashlib import blake2b


def derive(seed: int, *path: str | int) -> int:
    """The seed (0 to 2^63 - 1) of the child that `path` names below `seed`; the same on every machine."""
    digest = blake2b(digest_size=8)
    for part in (seed, *path):
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
        digest.update(b"\x1f")
    return int.from_bytes(digest.digest(), "big") >> 1


def digest(*parts: str) -> str:
    """A stable name for `parts`: 16 hexadecimal digits."""
    state = blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()
