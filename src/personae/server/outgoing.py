"""Where requests may go whose address a user chose: bots, models, webhooks. Never into the network behind the server.

`pool(settings)` carries such requests. It looks at the address to which a connection is really made, so that neither a
name that leads inside nor one that changes its answer gets through; redirects are followed by nobody. `check_url` tells
early, when an address is stored. What the deployment itself names in its settings needs neither.
"""

from __future__ import annotations

import logging
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from personae.errors import InputError
from personae.server.settings import ServerSettings
from personae.transport.pool import Pool, is_proxied

log = logging.getLogger(__name__)

_NOT_OURS = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # inside Azure: the machine's own agent
        "192.88.99.0/24",  # relays, to anywhere
        "2001::/32",  # Teredo, 6to4: an IPv4 address inside, to anywhere
        "2002::/16",
        "64:ff9b:1::/48",
        "fec0::/10",  # private, of old
        "::/96",
    )
)
"""Refused beside those that Python knows as private, reserved and so on."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""The IPv4 internet, seen from a network that has only IPv6."""


def pool(settings: ServerSettings) -> Pool:
    """What carries requests to addresses that users chose. Close it, or use it as a context manager."""
    if settings.allow_private_addresses:
        return Pool()
    if is_proxied():
        log.warning(
            "the proxy of the environment is not used for bots and models of users, since it would hide from us where "
            "requests go: set PERSONAE_ALLOW_PRIVATE_ADDRESSES to use it"
        )
    return Pool(allowed=partial(is_allowed, loopback=settings.is_loopback))


def is_allowed(address: str, *, loopback: bool = False) -> bool:
    """Whether a connection may be made to this IP address: a public one, or the own machine where `loopback`."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    ip = _inner(ip)
    if ip.is_loopback:
        return loopback
    is_special = ip.is_multicast or ip.is_unspecified or ip.is_link_local or any(ip in network for network in _NOT_OURS)
    return ip.is_global and not is_special


def check_url(url: str, settings: ServerSettings, *, field: str | None = None) -> None:
    """Raises InputError for an address to which no request of this server can go, as far as it can be told by reading.

    What a name leads to is not looked up: that is seen when the connection is made.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError as error:
        raise InputError(f"is no address: {error}", field=field) from None
    if parts.scheme not in ("http", "https") or not host:
        raise InputError("must be an http or https address", field=field)
    if parts.username is not None or parts.password is not None:
        raise InputError("must not hold a user or password: send them in a header", field=field)
    if settings.allow_private_addresses:
        return
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        is_refused = host == "localhost" and not settings.is_loopback
    else:
        is_refused = not is_allowed(host, loopback=settings.is_loopback)
    if is_refused:
        raise InputError(
            f"{host!r} is a private or reserved address, where this server does not connect "
            "(PERSONAE_ALLOW_PRIVATE_ADDRESSES)",
            field=field,
        )


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _TRANSLATED else ip
