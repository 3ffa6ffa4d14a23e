"""Fetch one file over HTTP(S), resuming where an earlier attempt ended (RFC 9110, section 14: range requests)."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from mudbot.errors import LocalError

_BLOCK = 1 << 18
_RESUMES = 5
"""Cut connections in a row, without a byte between them, before the source is given up."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a source."""

    connect: float = 5.0
    """For name, connection and TLS each: a firewall that drops packets must not delay the mirror for long."""
    read: float = 30.0
    """For the next bytes."""


def download(url: str, part: Path, size: int, report: Callable[[int], None], patience: Patience) -> None:
    """Fetch *url* into *part* until it has *size* bytes; what *part* already holds is not asked for again.

    Raises LocalError when the source fails; *part* then keeps what came.  OSError means that *part* cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise LocalError(f"{url} is not an http or https address: set MUDBOT_MODEL_URL to one, or unset it")
    idle = 0
    while (before := _length(part)) < size:
        try:
            _continue(url, part, size, report, patience)
        except _CutError as cut:
            idle = 0 if _length(part) > before else idle + 1
            if idle >= _RESUMES:
                raise LocalError(f"{url}: {cut}") from None


class _CutError(Exception):
    """The connection ended early: worth another attempt."""


def _length(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _continue(url: str, part: Path, size: int, report: Callable[[int], None], patience: Patience) -> None:
    start = _length(part)
    with contextlib.closing(_open(url, start, patience)) as answer:
        if answer.status == HTTPStatus.PARTIAL_CONTENT and _first_byte(answer) != start:
            part.unlink(missing_ok=True)
            raise _CutError("the server resumed at the wrong place")
        done = start if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
        with part.open("ab" if done else "wb") as file:
            while block := _read(answer):
                done += len(block)
                if done > size:
                    file.truncate(0)
                    raise LocalError(f"{url} sends more than the {size} bytes that the model has: it is another file")
                file.write(block)
                report(done)
    if done < size:
        raise _CutError(f"the connection ended after {done} of {size} bytes")


def _open(url: str, start: int, patience: Patience) -> http.client.HTTPResponse:
    _resolve(url, patience.connect)
    request = urllib.request.Request(url, headers={"User-Agent": "mudbot", "Accept-Encoding": "identity"})  # noqa: S310 -- scheme checked
    if start:
        request.add_header("Range", f"bytes={start}-")
    opener = urllib.request.build_opener(_Plain(patience), _Tls(patience))
    try:
        answer: http.client.HTTPResponse = opener.open(request, timeout=patience.connect)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                raise LocalError(f"{url} is shorter than the model: it is another file") from None
            raise LocalError(f"{url} answers {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise LocalError(f"{url}: {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise LocalError(f"{url}: {error or type(error).__name__}") from None
    return answer


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(f"the connection broke ({error or type(error).__name__})") from None


def _first_byte(answer: http.client.HTTPResponse) -> int | None:
    """The position that a 206 answer starts at: ``Content-Range: bytes 100-199/200``."""
    unit, _, span = (answer.headers.get("Content-Range") or "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() else None


def _resolve(url: str, seconds: float) -> None:
    """Fail soon where name resolution hangs: the system's resolver knows no deadline, so a thread waits for it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        return
    failure: list[str] = ["its name server does not answer"]

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, parts.port, type=socket.SOCK_STREAM)
            failure.clear()
        except (OSError, UnicodeError) as error:
            failure[:] = [str(error)]

    thread = threading.Thread(target=look_up, name="mudbot-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if reason := "".join(failure):
        raise LocalError(f"{host} cannot be reached: {reason}")


class _Plain(urllib.request.HTTPHandler):
    """HTTP with one time limit to connect and another one to read."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._read_seconds = patience.read

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        seconds = self._read_seconds

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                self.sock.settimeout(seconds)

        return self.do_open(Connection, req)


class _Tls(urllib.request.HTTPSHandler):
    """The same over TLS; the environment's SSL_CERT_FILE is honoured."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._read_seconds = patience.read

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        seconds = self._read_seconds

        class Connection(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                self.sock.settimeout(seconds)

        return self.do_open(Connection, req, context=ssl.create_default_context())
