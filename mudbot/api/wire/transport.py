"""The edge to HTTP: one aiohttp session, requests out, replies in, every foreign exception mapped.

The only module that imports aiohttp; it is loaded when an Api is first opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp

from mudbot.api.wire.failures import Failed, Place, bad_answer, from_status, request_id
from mudbot.api.wire.retry import Signs
from mudbot.api.wire.safe import Redactor
from mudbot.api.wire.target import Target
from mudbot.errors import ApiConnectionError, ApiError, ApiTimeoutError, BadAnswerError, BadRequestError

LONGEST_BODY = 64 * 1024 * 1024
"""Bytes of one answer: ten pictures of 1024 x 1024 in base64 are about 25 MiB; embeddings of long lists come next.
More is no answer but an attempt on our memory."""

LONGEST_ERROR = 16 * 1024
"""Bytes of an error's body; 200 characters of it are shown."""

CONNECT = 10.0
"""Seconds for DNS, TCP and TLS: what takes longer will not come, and there is time for another attempt."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sending:
    """One request, serialised once for all its attempts."""

    place: Place
    body: bytes | None
    accept: str
    silence: float
    """Seconds without a byte after which the connection is given up: a backstop behind the call's own deadline."""


class Reply:
    """A good answer (2xx) whose body is still to be read."""

    def __init__(self, response: aiohttp.ClientResponse, place: Place, redact: Redactor) -> None:
        self._response, self.place, self.redact = response, place, redact
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.request_id = request_id(self.headers, redact)

    async def next(self) -> bytes:
        """The next piece of the body, of any size; empty at its end.  Raises Failed when the connection is cut."""
        # Not by lines: aiohttp refuses those over 512 KB.
        return await _mapped(self._response.content.readany(), self.place, self.redact)

    async def read(self) -> bytes:
        """The whole body.  Raises BadAnswerError when it is longer than LONGEST_BODY."""
        parts: list[bytes] = []
        size = 0
        while data := await self.next():
            size += len(data)
            if size > LONGEST_BODY:
                raise self.bad(f"the answer is longer than {LONGEST_BODY // 2**20} MiB")
            parts.append(data)
        return b"".join(parts)

    async def beginning(self, length: int) -> bytes:
        """Up to *length* bytes of the body, and none of its failures: for an error that is known already."""
        data = b""
        with suppress(Failed):
            while len(data) < length and (more := await self.next()):
                data += more
        return data[:length]

    def bad(self, what: str) -> ApiError:
        """The error for an answer that is not what the API promises; *what* must be safe text."""
        return bad_answer(what, self.status, self.request_id, self.place)


class Transport:
    """Sends requests to *target*.  Needs a running event loop; close it in the end."""

    def __init__(self, target: Target, redact: Redactor) -> None:
        self._target, self._redact = target, redact
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0
            ),  # the scheduler bounds the calls; a second queue would hide its waits
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
        )

    def __repr__(self) -> str:
        return f"<Transport {self._target.shown}{' closed' if self._session.closed else ''}>"

    async def close(self) -> None:
        """Close every connection; calls in flight fail."""
        await self._session.close()

    @asynccontextmanager
    async def open(self, sending: Sending) -> AsyncIterator[Reply]:
        """Send and wait for the head of a good answer.  Raises Failed for everything else."""
        place, context = sending.place, SimpleNamespace(reused=False)
        headers = self._target.headers() | {"Accept": sending.accept}
        if sending.body is not None:
            headers["Content-Type"] = "application/json"
        request = self._session.request(
            place.method,
            self._target.url(place.path),
            data=sending.body,
            headers=headers,
            allow_redirects=False,  # a redirected POST becomes a GET without its body, and the key must not travel on
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT, sock_read=sending.silence),
            trace_request_ctx=context,
        )
        async with (
            AsyncExitStack() as stack
        ):  # never a bare await: cancelled at the wrong moment, it leaks the connection
            response = await _mapped(stack.enter_async_context(request), place, self._redact, context)
            reply = Reply(response, place, self._redact)
            if not 200 <= reply.status < 300:
                body = await reply.beginning(LONGEST_ERROR)
                raise from_status(reply.status, reply.headers, body, place, self._redact)
            yield reply


async def _note_reuse(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.reused = True


async def _mapped(step: Awaitable[_T], place: Place, redact: Redactor, context: SimpleNamespace | None = None) -> _T:
    """Await *step*; what aiohttp raises becomes Failed.

    It is raised outside the handler, so that no foreign exception hangs on it as its context: some of those hold the
    request's headers, and with them the key.
    """
    try:
        return await step
    except (aiohttp.ClientError, OSError, ValueError) as error:
        failed = _failure(error, place, redact, reused=context is not None and context.reused)
    raise failed


def _failure(error: Exception, place: Place, redact: Redactor, *, reused: bool) -> Failed:
    """What happened, whether another attempt may help, and what to do; the first kind that fits decides."""
    server, check = place.server, "check that it runs, api.base_url and the network"
    kinds: list[tuple[Any, type[ApiError], Signs, str, str]] = [
        (
            aiohttp.ClientSSLError,
            ApiConnectionError,
            Signs(),
            f"no safe connection to {server}",
            "check its certificate",
        ),
        (aiohttp.ConnectionTimeoutError, ApiConnectionError, Signs(lost=True), f"{server} took no connection", check),
        (TimeoutError, ApiTimeoutError, Signs(), f"{server} fell silent", "give the call a longer deadline"),
        (aiohttp.ClientResponseError, BadAnswerError, Signs(), f"{server} answered no HTTP", "check api.base_url"),
        (aiohttp.ClientConnectorError, ApiConnectionError, Signs(lost=True), f"cannot reach {server}", check),
        (
            (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError),
            ApiConnectionError,
            Signs(lost=True, stale=reused),
            f"{server} hung up before its answer was complete",
            "look at its log, or try later",
        ),
        (Exception, BadRequestError, Signs(), f"cannot send this to {server}", "check api.base_url"),
    ]
    _, error_class, signs, what, remedy = next(row for row in kinds if isinstance(error, row[0]))
    detail = redact(str(error)) or type(error).__name__
    return Failed(error_class(f"{place}: {what}: {detail} -- {remedy}"), signs)
