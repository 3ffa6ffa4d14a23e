"""What guards every page: headers, who may be asked for, where a form may come from, and how errors look."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from mudbot.errors import MudbotError
from mudbot.web.pages import language_of, page
from mudbot.web.words import texts

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from mudbot.config import WebConfig

log = logging.getLogger(__name__)


MAX_BODY = 64 * 1024
"""Bytes of a request's body: the longest form is a persona to try out."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with that, browsers send "Origin: null" with a form, and nobody can tell whose form it is.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "mudbot",
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


async def harmless(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, those to unknown paths and methods among them."""
    response.headers.popall("Server", None)  # aiohttp's, with versions: what holes they have is known
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


class Hosts:
    """Under which names the site may be asked for.

    A page of somebody else's whose name is made to point here (DNS rebinding) would otherwise be a page of this site.
    """

    def __init__(self, settings: WebConfig) -> None:
        public = urlsplit(settings.public_url or "")
        self._names = {"localhost", settings.host.lower(), (public.hostname or "").lower()}
        self._names = (self._names | {name.lower() for name in settings.names}) - {""}
        self._open = _is_wildcard(settings.host)
        self._public = public.netloc.lower()

    def __repr__(self) -> str:
        return f"<Hosts {sorted(self._names)}>"

    def allow(self, host: str) -> bool:
        """Whether the header ``Host: host`` is one of ours."""
        name = _name_of(host)
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # An address is no name that somebody else can point here; which of its own the machine has, it knows best.
        return address.is_loopback or self._open

    def own_origin(self, origin: str, host: str) -> bool:
        """Whether a page of *origin* is one of this site, which was asked for as *host*."""
        try:
            netloc = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return bool(netloc) and netloc in (host.lower(), self._public)


def _is_wildcard(host: str) -> bool:
    return host in ("0.0.0.0", "::", "*", "")  # noqa: S104  # compared, not bound


def _name_of(host: str) -> str:
    """The name in a Host header, without port and brackets; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def from_elsewhere(request: web.Request, hosts: Hosts) -> bool:
    """Whether a page of another site sends this.  Who is no browser says nothing of it, and has no cookie to abuse."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and not hosts.own_origin(origin, request.headers.get("Host", ""))


def guard(settings: WebConfig) -> Middleware:
    """A middleware that refuses what is not meant for this site, or comes from a form of another one."""
    hosts = Hosts(settings)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not hosts.allow(host):
            raise web.HTTPMisdirectedRequest(
                text="This name is none of the bot's: its owner can add it in config.yaml, as web.public_url"
                " or among web.names.\n"
            )
        if request.method not in _SAFE_METHODS and from_elsewhere(request, hosts):
            raise web.HTTPForbidden(text="This form was sent by a page of another site.\n")
        return await handler(request)

    return guarded


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as pages for browsers and as a line for all others; what happened is told in the log alone."""
    try:
        return await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        return _told(request, exc.status, _reason(exc), exc)
    except MudbotError as exc:
        log.warning("%s %s: %s", request.method, request.path, exc)
        return _told(request, 503, "")
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _told(request, 500, "")


def _reason(exc: web.HTTPException) -> str:
    """What the page says besides its status; aiohttp's own words say nothing more."""
    told = (exc.text or "").strip()
    return "" if told == f"{exc.status}: {exc.reason}" else told


def _told(request: web.Request, status: int, why: str, exc: web.HTTPException | None = None) -> web.Response:
    own = texts()[language_of(request)]
    title = str(own.get(f"error_{status}", own["error_other"]))
    why = why or str(own.get(f"error_{status}_why", ""))
    if "text/html" in request.headers.get("Accept", ""):
        response = page(request, "error.html", status=status, code=status, headline=title, why=why)
    else:
        response = web.Response(status=status, text=f"{why or title}\n")
    response.headers["Cache-Control"] = "no-store"
    for name in ("Allow", "Retry-After"):
        if exc is not None and name in exc.headers:
            response.headers[name] = exc.headers[name]
    return response
