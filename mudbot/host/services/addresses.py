"""Which hosts a plugin may fetch from, and which addresses no name may lead to.  Pure.

A name that the owner allows may still lead anywhere: its owner decides that, from one answer of DNS to the next.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_V4_WITHIN = {
    # Ranges of IPv6 whose addresses end up at the IPv4 address within them, and its lowest bit there.
    ipaddress.IPv6Network("::/96"): 0,  # RFC 4291 2.5.5.1, deprecated
    ipaddress.IPv6Network("::ffff:0:0/96"): 0,  # RFC 4291 2.5.5.2
    ipaddress.IPv6Network("64:ff9b::/96"): 0,  # NAT64, RFC 6052
    ipaddress.IPv6Network("2002::/16"): 80,  # 6to4, RFC 3056
}
_BARRED = [
    # What Python's ``is_global`` lets through and what still is no place of the public internet.
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's host: hands out what runs on it, beside 169.254.169.254
    ipaddress.ip_network("192.0.0.0/24"),  # RFC 6890; 192.0.0.192 is Oracle's metadata
    ipaddress.ip_network("192.88.99.0/24"),  # RFC 7526
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64 of the own network, RFC 8215
    ipaddress.ip_network("2001::/23"),  # RFC 2928, Teredo among it
    ipaddress.ip_network("5f00::/16"),  # RFC 9602
    ipaddress.ip_network("fec0::/10"),  # RFC 3879
]
_PORTS = {"http": 80, "https": 443}


def public(address: Address) -> bool:
    """Whether *address* is a place of the public internet: not this machine, its network, or a cloud's metadata."""
    if isinstance(address, ipaddress.IPv6Address):
        for network, shift in _V4_WITHIN.items():
            if address in network:
                return public(ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF))
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address.version == network.version and address in network for network in _BARRED)


def literal(host: str) -> Address | None:
    """The address that *host* writes out; None for a name.  Brackets and a zone (``fe80::1%eth0``) may be there."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Allowed:
    """A host that a plugin may fetch from: a name, ``*.`` and a name for all below it, or an address."""

    host: str
    port: int | None = None
    """None is the scheme's own: 80 for http, 443 for https."""

    @classmethod
    def of(cls, text: str) -> Self:
        """From what the owner wrote, which has been checked: ``example.org``, ``*.example.org:8443``, ``[::1]:80``."""
        host, port = text, ""
        if text.startswith("["):
            host, _, port = text[1:].partition("]")
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        return cls(_plain(host), int(port.lstrip(":")) if port.strip(":") else None)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def covers(self, scheme: str, host: str, port: int) -> bool:
        """Whether *host*, in ASCII, at *port* is meant."""
        if port != (_PORTS[scheme] if self.port is None else self.port):
            return False
        host = _plain(host)
        if self.host.startswith("*."):
            return host.endswith(self.host[1:]) and literal(host) is None
        return host == self.host


def _plain(host: str) -> str:
    """*host* in the one form in which two are compared: lower case, ASCII, no dot behind it."""
    if address := literal(host):
        return str(address)
    host = host.rstrip(".").casefold()
    if host.isascii():
        return host
    wild = host.startswith("*.")
    try:
        ascii_form = host.removeprefix("*.").encode("idna").decode()
    except UnicodeError:
        return host  # matches nothing
    return f"*.{ascii_form}" if wild else ascii_form
