"""Failed sign-ins, counted by e-mail and by network address. In memory: each process of a deployment counts its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from personae.errors import PersonaeError

WINDOW = timedelta(minutes=10)
PER_EMAIL, PER_ADDRESS = 10, 50
"""Failures within the window; many people may share an address."""
_MOST_KEPT = 10_000


class TooMany(PersonaeError):
    """Tried too often."""

    def __init__(self, problem: str, *, retry_after_s: float) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


class Attempts:
    """The failed attempts of the last minutes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failed: dict[str, deque[datetime]] = {}

    def begin(self, email: str, address: str) -> None:
        """Count an attempt, before it is known how it ends: so many at once are not more than one by one.

        Raises TooMany.
        """
        now = self._now()
        limits = {email: PER_EMAIL, network(address): PER_ADDRESS}
        for name, limit in limits.items():
            failed = self._failed.get(name, deque())
            while failed and failed[0] <= now - WINDOW:
                failed.popleft()
            if len(failed) >= limit:
                wait_s = (failed[0] + WINDOW - now).total_seconds()
                raise TooMany("too many failed attempts to sign in: wait some minutes", retry_after_s=wait_s)
        for name in limits:
            self._failed.setdefault(name, deque()).append(now)
        self._forget_old(now)

    def succeeded(self, email: str, address: str) -> None:
        """It was the right one: it does not count, and neither do earlier failures for this e-mail."""
        self._failed.pop(email, None)
        with suppress(IndexError, KeyError):
            self._failed[network(address)].pop()

    def _forget_old(self, now: datetime) -> None:
        """Whoever tries with ever new addresses does not fill the memory."""
        if len(self._failed) <= _MOST_KEPT:
            return
        self._failed = {name: when for name, when in self._failed.items() if when and when[-1] > now - WINDOW}
        while len(self._failed) > _MOST_KEPT:
            del self._failed[next(iter(self._failed))]


def network(address: str) -> str:
    """What one attacker can hardly change: an IPv4 address, the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
