"""What a plugin fetches by HTTP (``self.http``), from the hosts that the owner allows and nowhere else.

``Http`` decides: what may be asked, where a redirect may lead.  A ``Carrier`` carries one request and one answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypedDict, Unpack

from mudbot.errors import HttpError
from mudbot.host.services.addresses import Allowed, literal

if TYPE_CHECKING:
    from yarl import URL

TIMEOUT = 10.0
"""Seconds from the call to the last byte, redirects included."""
MAX_BYTES = 1_000_000
"""Bytes of an answer's body, unpacked."""
MOST_SECONDS, MOST_BYTES = 100.0, 16 * 1024 * 1024
"""What a call may ask for instead: a handler has 120 seconds, and the bot its memory."""
REDIRECTS = 5
AT_ONCE = 8
"""Requests of one plugin in one session at the same time; more wait for their turn."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_CARRIED = {"accept", "accept-language", "user-agent", "content-type"}
"""Headers that go with a redirect to another host.  All else, keys above all, was meant for the first."""


class Options(TypedDict, total=False):
    """What a request may have besides its URL."""

    params: Mapping[str, str | int | float]
    """What stands behind the ``?``, quoted as it must be: put what players say here, not into the URL."""
    headers: Mapping[str, str]
    json: Any
    """The body, as JSON."""
    data: str | bytes | Mapping[str, str]
    """The body as it is, or the fields of a form."""
    timeout: float
    """Seconds for all of it; 10 without."""
    max_bytes: int
    """Bytes of the answer's body; 1,000,000 without."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, checked."""

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    bytes: bytes = b""
    """The body, unpacked."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""
    url: str = ""
    """Where it came from, after redirects."""

    def __repr__(self) -> str:
        return f"<HttpAnswer {self.status}, {len(self.bytes):,} bytes>"  # the URL may hold a key

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """The body as text, in the charset that the server names, else in UTF-8; what is broken becomes U+FFFD."""
        named = re.search(r"charset=[\"']?([\w.:-]{1,40})", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.bytes.decode(named[1] if named else "utf-8-sig", "replace")
        except (LookupError, ValueError):  # an encoding that Python has not, or one that is none of texts
            return self.bytes.decode("utf-8-sig", "replace")

    def json(self) -> Any:
        """The body as JSON.  Raises HttpError where it is none."""
        try:
            return json.loads(self.text())
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "nothing")[:60]
            raise HttpError(f"the answer is no JSON; its type is {kind!r}", status=self.status) from None

    def expect_ok(self) -> Self:
        """The answer itself.  Raises HttpError, with its ``status``, where that is not 2xx."""
        if not self.ok:
            raise HttpError(f"the server answered {self.status}", status=self.status)
        return self


class Carrier(Protocol):
    """Carries one request; follows no redirect.  Whoever tests has one that answers itself."""

    async def carry(self, request: Request) -> HttpAnswer:
        """Send *request* to its host, which is allowed; the answer.  Raises HttpError."""

    async def close(self) -> None:
        """Let go of all connections."""


class Http:
    """HTTP, from the hosts in ``plugins.NAME.permissions.http``: ``api.example.org``, ``*.example.org``, ``host:8080``.

    A host leads to the public internet only; one that is to lead into the own network is allowed by its address, or as
    ``localhost``.  Redirects are followed, five at most, and each must be allowed as well.  No cookies are kept.
    Every method raises HttpError for all that goes wrong but a status, which the answer has.
    """

    def __init__(self, plugin: str, hosts: Sequence[str], carrier: Carrier, *, setting: str = "") -> None:
        """*setting* is where the owner allows hosts, if it is not the plugin's permissions."""
        self._plugin, self._carrier = plugin, carrier
        self._setting = setting or f"plugins.{plugin}.permissions.http"
        self._allowed = [Allowed.of(host) for host in hosts]
        self._turns = asyncio.Semaphore(AT_ONCE)

    def __repr__(self) -> str:
        return f"<http of {self._plugin}: {', '.join(map(str, self._allowed)) or 'no host'}>"

    async def get(self, url: str, **options: Unpack[Options]) -> HttpAnswer:
        """GET *url*."""
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Unpack[Options]) -> HttpAnswer:
        """POST to *url*: ``json=`` or ``data=`` is the body."""
        return await self.request("POST", url, **options)

    async def request(self, method: str, url: str, **options: Unpack[Options]) -> HttpAnswer:
        """Any of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS."""
        limit = _within("timeout", options.get("timeout", TIMEOUT), MOST_SECONDS)
        request = _request(method, url, options)
        self._permit(request.url)
        try:
            async with asyncio.timeout(limit), self._turns:
                return await self._follow(request)
        except TimeoutError:
            raise HttpError(f"{_place(request.url)}: no whole answer within {limit:g} s; give timeout= more") from None

    async def _follow(self, request: Request) -> HttpAnswer:
        first = request.url
        for _ in range(REDIRECTS + 1):
            answer = await self._carrier.carry(request)
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return replace(answer, url=str(request.url))
            request = _redirected(request, answer.status, target)
            self._permit(request.url, led_by=first)
        raise HttpError(f"{_place(first)} redirects more than {REDIRECTS} times: look where it leads in a browser")

    def _permit(self, url: URL, led_by: URL | None = None) -> None:
        """Raise HttpError where the owner has not allowed the host, which a redirect of *led_by* may have named."""
        host, port = url.raw_host or "", url.port or 0
        if any(allowed.covers(url.scheme, host, port) for allowed in self._allowed):
            return
        missing = Allowed(host.casefold(), None if url.is_default_port() else port)
        wanted = ", ".join(dict.fromkeys([*map(str, self._allowed), str(missing)]))
        lead = f"{_place(led_by)} redirects to {_place(url)}, which" if led_by else f"{_place(url)}"
        raise HttpError(
            f"{lead} plugin {self._plugin} may not fetch from: to allow it, write in config.yaml "
            f"{self._setting}: [{wanted}]"
        )


def _request(method: str, url: str, options: Options) -> Request:
    """What was asked for.  Raises HttpError for what cannot be."""
    if unknown := options.keys() - Options.__annotations__.keys():
        raise HttpError(f"there is no {min(unknown)}=; there are {', '.join(Options.__annotations__)}")
    if method.upper() not in METHODS:
        raise HttpError(f"no method {method[:20]!r}: choose one of {', '.join(METHODS)}")
    target = _url(url).update_query({k: str(v) for k, v in options.get("params", {}).items()})
    headers = {str(name).casefold(): str(value) for name, value in options.get("headers", {}).items()}
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise HttpError(f"header {name[:40]!r} cannot be sent: its name or value has characters that headers lack")
    body, kind = _body(options)
    if kind:
        headers.setdefault("content-type", kind)
    longest = int(_within("max_bytes", options.get("max_bytes", MAX_BYTES), MOST_BYTES))
    return Request(method.upper(), target, headers, body, longest)


def _body(options: Options) -> tuple[bytes | None, str]:
    """The body and its type."""
    from urllib.parse import urlencode

    data = options.get("data")
    if "json" in options:
        if data is not None:
            raise HttpError("a request has json= or data=, not both")
        try:
            return json.dumps(options["json"], allow_nan=False).encode(), "application/json"
        except (TypeError, ValueError) as exc:
            raise HttpError(f"json= cannot be written as JSON: {exc}") from None
    if isinstance(data, Mapping):
        return urlencode(data).encode(), "application/x-www-form-urlencoded"
    if isinstance(data, str):
        return data.encode("utf-8", "replace"), "text/plain; charset=utf-8"
    return data, ""


def _url(text: str) -> URL:
    """*text* as the address of a host.  Raises HttpError."""
    from yarl import URL

    try:
        url = URL(text)
        good = url.scheme in ("http", "https") and bool(url.raw_host) and bool(url.port)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise HttpError("this is no URL that can be fetched: it begins with https:// or http:// and a host's name")
    return url.with_fragment(None)


def _redirected(request: Request, status: int, target: str) -> Request:
    """What a browser would ask next.  Raises HttpError for a target that is none."""
    from yarl import URL

    try:
        url = _url(str(request.url.join(URL(target))))
    except (ValueError, HttpError):
        raise HttpError(f"{_place(request.url)} redirects to something that is no URL", status=status) from None
    if request.url.scheme == "https" and url.scheme == "http":
        message = f"{_place(request.url)} redirects to {_place(url)}, where everybody on the way can read and change it"
        raise HttpError(message, status=status)
    method, body, headers = request.method, request.body, dict(request.headers)
    if url.origin() != request.url.origin():
        headers = {name: value for name, value in headers.items() if name in _CARRIED}
    if status == 303 or (status in (301, 302) and method == "POST"):  # RFC 9110 15.4: what browsers do
        method, body = "HEAD" if method == "HEAD" else "GET", None
        headers.pop("content-type", None)
    return replace(request, method=method, url=url, body=body, headers=headers)


def _within(name: str, value: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise HttpError(f"{name}= is a number above 0, at most {most:g}, not {value!r}")
    return value


def _place(url: URL) -> str:
    """What a message calls *url*: its host alone."""
    host = url.raw_host or ""
    host = f"[{host}]" if ":" in host and literal(host) else host
    return f"{url.scheme}://{host}" + ("" if url.is_default_port() else f":{url.port}")
