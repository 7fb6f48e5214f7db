"""Child seeds: every draw gets its own seed from its parent's by hash, so no draw depends on the order of another."""

from __future__ import annotations

from hashlib import blake2b


def derive(seed: int, *path: str | int) -> int:
    """The seed (0 to 2^63 - 1) of the child that `path` names below `seed`; the same on every machine."""
    named = "".join([f"{part!r}\x1f" for part in (seed, *path)])
    digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def digest(*parts: str) -> str:
    """A stable name for `parts`: 16 hexadecimal digits."""
    data = [part.encode("utf-8", "surrogatepass") for part in parts]
    return blake2b(b"".join([len(one).to_bytes(8, "big") + one for one in data]), digest_size=8).hexdigest()
