"""The edge to the network of ``self.http``: one aiohttp session for the bot, made when it is first needed.

A name is resolved here, its addresses are checked, and the connection goes to the very address that was checked: what
DNS says a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mudbot.errors import HttpError
from mudbot.host.services.addresses import public
from mudbot.host.services.http import HttpAnswer, Request
from mudbot.mud.dial import RESOLVER

if TYPE_CHECKING:
    import aiohttp

Resolve = Callable[[str, int], Awaitable[list[Any]]]
"""A host and a port to what ``socket.getaddrinfo`` gives.  Raises OSError."""

CONNECTIONS = 64
"""At the same time, for all plugins."""
LOCALHOST = "localhost"
"""The one name that may lead into this machine; it says so, and the owner allowed it."""
USER_AGENT = "mudbot"


class Wire:
    """Carries requests over the network.  May be made without a running loop; close it in the end."""

    def __init__(self, resolve: Resolve = RESOLVER.resolve) -> None:
        self._resolve = resolve
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<Wire {'closed' if self._closed else 'open' if self._session else 'idle'}>"

    async def close(self) -> None:
        """Close every connection; requests on their way fail."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def carry(self, request: Request) -> HttpAnswer:
        """Send *request*, whose host the owner allowed; the answer.  Raises HttpError."""
        import aiohttp

        place = f"{request.url.scheme}://{request.url.raw_host}"
        session = self._opened()
        headers = {"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate", **request.headers}
        try:
            async with session.request(
                request.method, request.url, headers=headers, data=request.body, allow_redirects=False
            ) as response:
                body = b"" if request.method == "HEAD" else await _read(response, request.max_bytes, place)
                found = {name.casefold(): value for name, value in response.headers.items()}
                return HttpAnswer(response.status, body, found)
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as exc:
            if isinstance(exc, TimeoutError):
                raise  # the caller's: it says how long it waited
            why = _why(exc)
        # Outside the handler: aiohttp's errors hold the request, and with it keys, for whoever logs a traceback.
        raise HttpError(f"{place}: {why}")

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise HttpError("the bot is about to end: nothing is fetched any more")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, resolver=_checking(self._resolve), ttl_dns_cache=60),
                cookie_jar=aiohttp.DummyCookieJar(),  # plugins would share them
                timeout=aiohttp.ClientTimeout(total=None),  # the caller's bounds every step
                auto_decompress=False,  # bounded here: a thousand bytes may become a gigabyte
                trust_env=False,  # a proxy would resolve names itself, unchecked
            )
        return self._session


async def _read(response: aiohttp.ClientResponse, most: int, place: str) -> bytes:
    """The body, unpacked.  Raises HttpError as soon as it is known to be too long."""
    too_long = HttpError(
        f"{place}: the answer is longer than {most:,} bytes; give max_bytes= more", status=response.status
    )
    packing = response.headers.get("Content-Encoding", "").strip().casefold()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise HttpError(f"{place}: the answer is packed in a way that nobody asked for: {packing[:20]!r}")
    if (response.content_length or 0) > most:
        raise too_long
    unpack = _Unpack(gzip="gzip" in packing) if packing not in ("", "identity") else None
    body, raw = bytearray(), 0
    async for piece in response.content.iter_any():
        raw += len(piece)
        body += piece if unpack is None else unpack.take(piece, most + 1 - len(body))
        if len(body) > most or raw > most:
            raise too_long
    if unpack is not None and raw and not unpack.whole:
        raise HttpError(f"{place}: the answer ends too early", status=response.status)
    return bytes(body)


class _Unpack:
    """gzip or deflate, never more than is asked for."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if gzip else None

    @property
    def whole(self) -> bool:
        """Whether the end has come."""
        return self._unpacker is not None and self._unpacker.eof

    def take(self, piece: bytes, most: int) -> bytes:
        """At most *most* bytes of what *piece* holds; whoever gets so many asks no more."""
        if self._unpacker is None:  # "deflate" is zlib's format, and some servers' is that without its head
            head = piece[0] & 0x0F == 8 if piece else True
            self._unpacker = zlib.decompressobj(zlib.MAX_WBITS if head else -zlib.MAX_WBITS)
        out = b""
        while piece and len(out) < most:
            if self._unpacker.eof:
                if not self._gzip:
                    break  # what stands behind the end is none of it
                self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)  # gzip may have several members
            out += self._unpacker.decompress(piece, most - len(out))
            piece = self._unpacker.unused_data or self._unpacker.unconsumed_tail
        return out


def _checking(resolve: Resolve) -> Any:
    """A resolver for aiohttp that gives no address but those of the public internet."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checking(AbstractResolver):
        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # aiohttp's; it leaves the choice to us
        ) -> list[ResolveResult]:
            found = await resolve(host, port)
            good = []
            for kind, _, protocol, _, where in found:
                address = ipaddress.ip_address(where[0].partition("%")[0])
                if public(address) or (host == LOCALHOST and address.is_loopback):
                    good.append(
                        ResolveResult(
                            hostname=host,
                            host=where[0],
                            port=port,
                            family=socket.AddressFamily(kind),
                            proto=protocol,
                            flags=int(socket.AI_NUMERICHOST | socket.AI_NUMERICSERV),
                        )
                    )
            if not good:
                raise _InsideError(where[0] if found else None)
            return good

        async def close(self) -> None:
            pass

    return Checking()


class _InsideError(OSError):
    """A name leads to an address within the own network."""

    def __init__(self, address: str | None) -> None:
        super().__init__(None, "no address")
        self.address = address


def _why(exc: BaseException) -> str:
    """What went wrong, in words that hold nothing of the request."""
    import ssl

    import aiohttp

    for cause in _causes(exc):
        if isinstance(cause, _InsideError) and cause.address:
            return (
                f"this name leads to {cause.address}, into the bot's own network; if that is meant, the owner allows "
                f"the address itself: permissions.http: [{cause.address}]"
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {cause.verify_message}"
    if isinstance(exc, aiohttp.ClientConnectorError):
        said = exc.os_error.strerror or str(exc.os_error)
        return f"cannot be reached: {said}; is the name right, and the host up?"
    sayings = (
        (aiohttp.ClientPayloadError, "the answer ends too early, or is packed wrongly"),
        (aiohttp.ServerDisconnectedError, "the server hung up before it answered"),
        (zlib.error, "the answer is packed wrongly"),
        (object, f"no answer that HTTP allows ({type(exc).__name__})"),
    )
    return next(said for kind, said in sayings if isinstance(exc, kind))


def _causes(exc: BaseException) -> list[BaseException]:
    """*exc* and what it came of, the outermost first."""
    found: list[BaseException] = []
    cause: BaseException | None = exc
    while cause is not None and cause not in found:
        found.append(cause)
        cause = getattr(cause, "os_error", None) or cause.__cause__ or cause.__context__
    return found
