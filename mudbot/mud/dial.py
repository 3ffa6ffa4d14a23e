"""From an address to an open link: names, the better of several addresses, proxies, TLS, and signs of life.

Every wait is bounded, and no step blocks the event loop: the system's resolver runs in a thread.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mudbot.errors import ConnectError
from mudbot.mud.address import Address, Proxy

if TYPE_CHECKING:
    from python_socks.async_.asyncio import Proxy as SocksProxy

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 20.0
"""Seconds for everything: name, connection, proxy and TLS handshake."""
DNS_TIMEOUT = 5.0
"""Seconds for a name; the system's resolver would try for half a minute."""
HAPPY_DELAY = 0.25
"""Seconds before the next address is tried beside the one before (RFC 8305, section 5)."""
TLS_LIFETIME = 3600.0
"""Seconds that the system's certificates are kept: reading them takes 25 ms, and they change while a bot runs."""
_MAX_NAMES = 256
_MAX_HEAD = 16 * 1024

AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]


# -- signs of life ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """When the kernel takes a silent peer for gone.  Seconds; as they stand, after 105 s at the latest."""

    idle: int = 45
    """Of silence before the first probe."""
    interval: int = 15
    count: int = 4
    """Probes without an answer."""
    unacknowledged: int = 100
    """That what was sent may stay without an acknowledgement: probes are not sent then."""

    def options(
        self, names: Mapping[str, Any] = vars(socket), platform: str = sys.platform
    ) -> list[tuple[int, int, int]]:
        """What to set on a socket (level, option, value), as far as this system knows it."""
        tcp = int(names["IPPROTO_TCP"])
        wanted: list[tuple[str, int]] = [
            ("TCP_NODELAY", 1),
            ("TCP_KEEPIDLE" if "TCP_KEEPIDLE" in names else "TCP_KEEPALIVE", self.idle),  # so called on macOS
            ("TCP_KEEPINTVL", self.interval),
            ("TCP_KEEPCNT", self.count),
            ("TCP_USER_TIMEOUT", self.unacknowledged * 1000),  # Linux, in milliseconds
        ]
        found = [(int(names["SOL_SOCKET"]), int(names["SO_KEEPALIVE"]), 1)]
        found += [(tcp, int(names[name]), value) for name, value in wanted if name in names]
        if platform == "darwin":
            found.append((tcp, 0x80, self.unacknowledged))  # TCP_RXT_CONNDROPTIME, netinet/tcp.h
        elif platform == "win32":
            found.append((tcp, 5, self.unacknowledged))  # TCP_MAXRT, ws2ipdef.h
        return found

    def apply(self, sock: socket.socket) -> None:
        """Set them; a system that refuses one goes without it."""
        for level, option, value in self.options():
            with contextlib.suppress(OSError):
                sock.setsockopt(level, option, value)


KEEPALIVE = KeepAlive()


# -- names -----------------------------------------------------------------------------------------------------------


class Resolver:
    """Names to addresses.  The last good ones are kept, for the time when there is no answer.

    A name is asked for once at a time, however many wait for it: a resolver that hangs holds one thread, not one for
    every session.
    """

    def __init__(self) -> None:
        self._good: dict[tuple[str, int], list[AddrInfo]] = {}
        self._asking: dict[tuple[str, int], asyncio.Future[list[AddrInfo]]] = {}

    def __repr__(self) -> str:
        return f"<Resolver {len(self._good)} names known, {len(self._asking)} asked for>"

    async def resolve(self, host: str, port: int) -> list[AddrInfo]:
        """Addresses of *host*, at least one.  Raises OSError where there are none, within 5 seconds."""
        with contextlib.suppress(socket.gaierror):  # an address already: nobody needs to be asked
            return _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        key = (host, port)
        asked = self._ask(key)
        done, _ = await asyncio.wait({asked}, timeout=DNS_TIMEOUT)
        failure = asked.exception() if done else TimeoutError(f"no answer from DNS within {DNS_TIMEOUT:.0f} s")
        if failure is None:
            return asked.result()
        if (known := self._good.get(key)) is None:
            raise OSError(f"no address for this name: {failure}") from failure
        log.warning("%s: %s; using the addresses that it had the last time", host, failure)
        return known

    def _ask(self, key: tuple[str, int]) -> asyncio.Future[list[AddrInfo]]:
        loop = asyncio.get_running_loop()
        asked = self._asking.get(key)
        if asked is None or asked.done() or asked.get_loop() is not loop:
            asked = self._asking[key] = asyncio.ensure_future(self._look_up(key))
            asked.add_done_callback(lambda done: self._answered(key, done))
        return asked

    async def _look_up(self, key: tuple[str, int]) -> list[AddrInfo]:
        found = await asyncio.get_running_loop().getaddrinfo(*key, type=socket.SOCK_STREAM)
        if not found:
            raise OSError("DNS knows no address")
        return _addresses(found)

    def _answered(self, key: tuple[str, int], asked: asyncio.Future[list[AddrInfo]]) -> None:
        if self._asking.get(key) is asked:
            del self._asking[key]
        if asked.cancelled() or asked.exception() is not None:
            return
        self._good.pop(key, None)  # the newest stands last
        self._good[key] = asked.result()
        if len(self._good) > _MAX_NAMES:
            del self._good[next(iter(self._good))]


def _addresses(found: list[Any]) -> list[AddrInfo]:
    return [(int(family), int(kind), proto, name, where) for family, kind, proto, name, where in found]


RESOLVER = Resolver()


async def _reach(host: str, port: int) -> socket.socket:
    """A connection to the first of *host*'s addresses that answers; IPv6 and IPv4 are tried side by side."""
    from aiohappyeyeballs import start_connection

    addresses = await RESOLVER.resolve(host.strip("[]"), port)
    return await start_connection(addresses, happy_eyeballs_delay=HAPPY_DELAY)


# -- proxies ---------------------------------------------------------------------------------------------------------


class _ProxyError(Exception):
    """The proxy is there and does not do it."""


class _Direct:
    """The way to the proxy itself, in the place where python-socks takes another proxy to go through."""

    async def connect(self, dest_host: str, dest_port: int, **_: object) -> socket.socket:
        return await _reach(dest_host, dest_port)


async def _through_socks(proxy: Proxy, address: Address) -> socket.socket:
    """SOCKS5 (RFC 1928, 1929); the MUD's name is resolved there."""
    from python_socks import ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy as Socks

    way = Socks(
        ProxyType.SOCKS5,
        proxy.host,
        proxy.port,
        username=proxy.user,
        password=proxy.password,
        rdns=True,
        forward=cast("SocksProxy", _Direct()),
    )
    try:
        return await way.connect(address.host.strip("[]"), address.port, timeout=CONNECT_TIMEOUT)
    except ProxyError as exc:
        raise _ProxyError(str(exc)) from exc


async def _through_http(proxy: Proxy, address: Address) -> socket.socket:
    """The CONNECT method (RFC 9110, section 9.3.6)."""
    # Not by python-socks: it drops what came in one packet with the proxy's answer, and MUDs speak first.
    sock = await _reach(proxy.host, proxy.port)
    try:
        target = str(address) if address.host.isascii() else str(address).encode("idna").decode()
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.user:
            credentials = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {credentials}")
        await asyncio.get_running_loop().sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
        _check_status(await _read_head(sock))
    except BaseException:
        sock.close()
        raise
    return sock


async def _read_head(sock: socket.socket) -> str:
    """The head of an HTTP answer, and not a byte more: what follows is the MUD's."""
    loop = asyncio.get_running_loop()
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = await loop.sock_recv(sock, 1)
        if not byte or len(head) > _MAX_HEAD:
            raise _ProxyError("it gave no answer that an HTTP proxy gives")
        head += byte
    return head.decode("latin-1")


def _check_status(head: str) -> None:
    version, _, status = head.partition("\r\n")[0].partition(" ")
    if not version.startswith("HTTP/1."):
        raise _ProxyError("it does not speak HTTP/1")
    if not status.startswith("2"):
        raise _ProxyError(status[:200])


async def _dial(address: Address) -> socket.socket:
    proxy = address.way
    if proxy is None:
        return await _reach(address.host, address.port)
    try:
        return await (_through_http if proxy.kind == "http" else _through_socks)(proxy, address)
    except (OSError, _ProxyError) as exc:
        why = str(exc) or type(exc).__name__
        raise ConnectError(f"{address}: the proxy {proxy} failed: {why}; check the setting proxy") from exc


# -- TLS -------------------------------------------------------------------------------------------------------------

_contexts: dict[tuple[bool, str, str], tuple[float, ssl.SSLContext]] = {}


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """How TLS is spoken: certificates are checked, by the system's own, unless *verify* is false."""
    # OpenSSL reads these variables; whoever changes them means the next connection.
    key = (verify, os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    made, context = _contexts.get(key, (0.0, None))
    now = time.monotonic()
    if context is None or now - made > TLS_LIFETIME:
        if verify:
            context = ssl.create_default_context()
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if len(_contexts) > 8:  # somebody changes the variables all the time
            _contexts.clear()
        _contexts[key] = (now, context)
    return context


# -- all together ----------------------------------------------------------------------------------------------------


async def connect(address: Address, factory: Callable[[], asyncio.BaseProtocol]) -> None:
    """Connect a protocol to *address*.  Raises ConnectError that names the address and what to look at.

    Takes 20 seconds at most.
    """
    host = address.host.strip("[]")
    context = tls_context(verify=address.tls != "insecure") if address.tls else None
    if address.tls == "insecure":
        log.warning(
            "%s: TLS WITHOUT VERIFICATION (tls: insecure): whoever stands between reads and changes everything, "
            "the password too; set tls: true once the MUD's certificate is right",
            address,
        )
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            sock = await _dial(address)
            KEEPALIVE.apply(sock)
            await asyncio.get_running_loop().create_connection(
                factory, sock=sock, ssl=context, server_hostname=host if context else None
            )
    except (OSError, EOFError, UnicodeError) as exc:
        raise ConnectError(f"{address}: {_explain(exc, address)}") from exc


def _explain(exc: Exception, address: Address) -> str:
    why = str(exc) or type(exc).__name__
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"{why}; have the certificate mended, or trust anybody with tls: insecure"
    if isinstance(exc, ssl.SSLError):
        return f"{why}; does this port speak TLS? Else set tls: false"
    if isinstance(exc, TimeoutError) and not str(exc):
        why = f"no connection within {CONNECT_TIMEOUT:.0f} s{f' by the proxy {address.way}' if address.proxy else ''}"
    return f"{why}; is the MUD up, and are host and port right?"
