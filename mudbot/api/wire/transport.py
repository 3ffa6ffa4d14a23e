"""The edge to HTTP: one aiohttp session, requests out, replies in, every foreign exception mapped.

The only module that imports aiohttp; it is loaded when an Api is first opened.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp

from mudbot.api.calls import Progress
from mudbot.api.wire.failures import Failed, Place, bad_answer, from_status, request_id
from mudbot.api.wire.retry import Signs
from mudbot.api.wire.safe import Redactor
from mudbot.api.wire.sending import Form, Sending
from mudbot.errors import ApiConnectionError, ApiError, ApiTimeoutError, BadAnswerError, BadRequestError

LONGEST_BODY = 64 * 1024 * 1024
"""Bytes of one answer: ten pictures of 1024 x 1024 in base64 are about 25 MiB; embeddings of long lists come next.
More is no answer but an attempt on our memory."""

LONGEST_ERROR = 16 * 1024
"""Bytes of an error's body; 200 characters of it are shown."""

CONNECT = 10.0
"""Seconds for DNS, and for TCP with TLS: what takes longer will not come, and there is time for another attempt."""

_T = TypeVar("_T")


class Reply:
    """A good answer (2xx) whose body is still to be read."""

    def __init__(self, response: aiohttp.ClientResponse, place: Place, redact: Redactor) -> None:
        self._response, self.place, self.redact = response, place, redact
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        """Asked for in any case of letters."""

    @property
    def content_type(self) -> str:
        """Without its parameters, in lower case; empty where the server does not say."""
        found = self.headers.get("Content-Type", "")
        return found if found == "application/json" else found.partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        """The server's name for the call."""
        return request_id(self.headers, self.redact)

    async def next(self) -> bytes:
        """The next piece of the body, of any size; empty at its end.  Raises Failed when the connection is cut."""
        # Not by lines: aiohttp refuses those over 512 KB.
        return await _mapped(self._response.content.readany(), self.place, self.redact)

    async def read(self) -> bytes:
        """The whole body.  Raises BadAnswerError when it is longer than LONGEST_BODY, Failed when it is cut."""
        length = self._response.content_length
        if length is not None and length <= LONGEST_BODY and not self.headers.get("Content-Encoding"):
            try:
                return await self._response.read()
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failed = _failure(error, self.place, self.redact, reused=False)
            raise failed  # outside the handler: see Transport.send
        parts: list[bytes] = []
        size = 0
        while data := await self.next():
            size += len(data)
            if size > LONGEST_BODY:
                raise self.bad(f"the answer is longer than {LONGEST_BODY // 2**20} MiB")
            parts.append(data)
        return b"".join(parts)

    async def save(self, path: Path, progress: Progress | None) -> None:
        """Write the body to *path*, which is replaced when all has come.

        Raises Failed when the connection is cut, BadRequestError when the file cannot be written.
        """
        fresh = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
        total, size = self._response.content_length, 0
        try:
            with await _writing(asyncio.to_thread(fresh.open, "wb"), path, self.place) as file:
                while data := await self.next():
                    await _writing(asyncio.to_thread(file.write, data), path, self.place)
                    size += len(data)
                    if progress is not None:
                        progress(size, total)
            await _writing(asyncio.to_thread(os.replace, fresh, path), path, self.place)
        finally:
            await asyncio.shield(asyncio.to_thread(fresh.unlink, missing_ok=True))

    def close(self) -> None:
        """Give the connection back if all was read, else end it."""
        self._response.release() if self._response.content.is_eof() else self._response.close()

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
    """Sends requests, to whatever server.  Needs a running event loop; close it in the end."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self._made = 0  # connections so far
        self._session = aiohttp.ClientSession(
            # The scheduler bounds the calls; a second queue would hide its waits.
            connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket, resolver=_Resolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Silence after that ends at the call's own deadline, which bounds every step.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
        )

    def __repr__(self) -> str:
        return f"<Transport{' closed' if self._session.closed else ''}>"

    async def close(self) -> None:
        """Close every connection; calls in flight fail."""
        await self._session.close()

    @asynccontextmanager
    async def open(self, sending: Sending) -> AsyncIterator[Reply]:
        """Send and wait for the head of a good answer.  Raises Failed for everything else."""
        reply = await self.send(sending)
        try:
            yield reply
        finally:
            reply.close()

    async def send(self, sending: Sending) -> Reply:
        """Send and wait for the head of a good answer, which whoever gets it must close.

        Raises Failed for everything else.
        """
        place, made = sending.place, self._made
        try:
            # Cancelled here, aiohttp closes the connection; once this returns, nothing is awaited before it is kept.
            response = await self._session.request(
                place.method,
                sending.url,
                data=sending.body if not isinstance(sending.body, Form) else _multipart(sending.body),
                headers=sending.headers,
                allow_redirects=False,  # a redirected POST becomes a GET without its body, and the key stays here
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # No socket was made since: it went out on a connection that the server may have closed meanwhile.
            failed = _failure(error, place, self._redact, reused=made == self._made)
        else:
            reply = Reply(response, place, self._redact)
            if 200 <= reply.status < 300:
                return reply
            try:
                body = await reply.beginning(LONGEST_ERROR)
            finally:
                reply.close()
            failed = from_status(reply.status, reply.headers, body, place, self._redact)
        # Outside the handler, so that no foreign exception hangs on it as its context: some of those hold the
        # request's headers, and with them the key.
        raise failed

    def _socket(self, address: Any) -> socket.socket:
        self._made += 1
        family, kind, protocol, _, _ = address
        return socket.socket(family, kind, protocol)


class _Resolver(aiohttp.ThreadedResolver):
    """Names that nobody answers for are given up in time for another server."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        try:
            async with asyncio.timeout(CONNECT):
                return await super().resolve(host, port, family)
        except TimeoutError:
            raise OSError(None, f"no answer from DNS within {CONNECT:g} s") from None


def _multipart(form: Form) -> aiohttp.FormData:
    data = aiohttp.FormData(quote_fields=False)  # names of files in UTF-8, as browsers and OpenAI's client send them
    for name, value in form.fields:
        data.add_field(name, value)
    for name, upload in form.files:
        # Not the bytes themselves: aiohttp would write them in one go.
        content = io.BytesIO(upload.content) if form.progress is None else _Counted(upload.content, form.progress)
        data.add_field(name, content, filename=upload.name, content_type=upload.type)
    return data


class _Counted(io.BytesIO):
    """Bytes that tell how many of them were read."""

    def __init__(self, content: bytes, progress: Progress) -> None:
        super().__init__(content)
        self._total, self._tell = len(content), progress

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data:
            self._tell(self.tell(), self._total)
        return data


async def _writing(step: Awaitable[_T], path: Path, place: Place) -> _T:
    try:
        return await step
    except OSError as error:
        reason = error.strerror
    raise BadRequestError(f"{place}: cannot write {path}: {reason} -- choose another file, or make room")


async def _mapped(step: Awaitable[_T], place: Place, redact: Redactor) -> _T:
    """Await *step*; what aiohttp raises becomes Failed, raised outside the handler as in ``send``."""
    try:
        return await step
    except (aiohttp.ClientError, OSError, ValueError) as error:
        failed = _failure(error, place, redact, reused=False)
    raise failed


def _failure(error: Exception, place: Place, redact: Redactor, *, reused: bool) -> Failed:
    """What happened, whether another attempt may help, and what to do; the first kind that fits decides."""
    server, check = place.server, "check that it runs, api.base_url and the network"
    unsent = Signs(lost=True, unsent=True)
    kinds: list[tuple[Any, type[ApiError], Signs, str, str]] = [
        (
            aiohttp.ClientSSLError,
            ApiConnectionError,
            Signs(unsent=True),
            f"no safe connection to {server}",
            "check its certificate",
        ),
        (aiohttp.ConnectionTimeoutError, ApiConnectionError, unsent, f"{server} took no connection", check),
        (TimeoutError, ApiTimeoutError, Signs(), f"{server} fell silent", "give the call a longer deadline"),
        (aiohttp.ClientResponseError, BadAnswerError, Signs(), f"{server} answered no HTTP", "check api.base_url"),
        (aiohttp.ClientConnectorError, ApiConnectionError, unsent, f"cannot reach {server}", check),
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
