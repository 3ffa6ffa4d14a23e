"""A picture behind a link, fetched with bounds: no answer may make this machine ask around in its network."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mudbot.errors import ApiConnectionError, ApiTimeoutError, BadAnswerError, MudbotError

if TYPE_CHECKING:
    import aiohttp

MAX_BYTES = 16 * 1024 * 1024
_SECONDS = 60.0
_REDIRECTS = 3
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address stands in the last 32 bits, and it may be one inside a network."""


async def fetch(url: str, api: str, deadline: float | None = None) -> bytes:
    """What is at *url*, within *deadline* seconds: at most 16 MiB, by http or https.

    An address that is not public is asked only where *api*, the API's base URL, is at the same host.  Raises
    BadAnswerError, ApiConnectionError, ApiTimeoutError.
    """
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=deadline or _SECONDS)
    connector = aiohttp.TCPConnector(resolver=_public_only(urlsplit(api).hostname), ttl_dns_cache=None)
    try:
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            return await _follow(session, url, urlsplit(api).hostname)
    except MudbotError:
        raise
    except TimeoutError:
        raise ApiTimeoutError(f"{_host(url)} did not send it in time: try again, or give more --deadline") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ApiConnectionError(f"{_host(url)} did not send it ({type(error).__name__}): open its link") from None


async def _follow(session: aiohttp.ClientSession, url: str, own: str | None) -> bytes:
    for _ in range(_REDIRECTS + 1):
        _check(url, own)
        async with session.get(url, allow_redirects=False) as response:
            if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                from yarl import URL

                url = str(response.url.join(URL(response.headers["Location"])))
                continue
            if response.status != 200:
                raise BadAnswerError(f"{_host(url)} answered with the status {response.status}: is the link too old?")
            data = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                data += chunk
                if len(data) > MAX_BYTES:
                    raise BadAnswerError(f"it is larger than {MAX_BYTES:,} bytes, which is the most that is fetched")
            return bytes(data)
    raise BadAnswerError(f"{_host(url)} leads on and on: open its link in a browser")


def _check(url: str, own: str | None) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise BadAnswerError("its link is no http(s) link")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return  # a name: its addresses are looked at when it is resolved
    if host != own and not _public(address):
        raise BadAnswerError(_PRIVATE.format(host))


_PRIVATE = "its link leads to {}, an address inside a network, which only an API at that host may name"


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast


def _public_only(own: str | None) -> Any:
    """A resolver that gives no address inside a network, but for the host *own*."""
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class PublicOnly(AbstractResolver):
        def __init__(self) -> None:
            self._inner = ThreadedResolver()

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await self._inner.resolve(host, port, family)
            if host != own and not all(_public(ipaddress.ip_address(one["host"].split("%")[0])) for one in found):
                raise BadAnswerError(_PRIVATE.format(host))
            return found

        async def close(self) -> None:
            await self._inner.close()

    return PublicOnly()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the server"
    except ValueError:
        return "the server"
