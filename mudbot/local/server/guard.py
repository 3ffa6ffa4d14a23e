"""Who may ask: the key where one is set; else only this machine's own programs, not the web pages open on it."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from mudbot.local.server.problems import RequestError


def guard(api_key: str | None, host: str, open_path: str) -> Middleware:
    """The middleware; GETs below *open_path* need no key.

    Without a key a server on the loopback refuses requests that name another host (DNS rebinding) or come from
    another site's page (``Origin``): a browser on this machine would carry them here.
    """
    expected = f"Bearer {api_key}".encode() if api_key else None

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if expected is None:
            if is_loopback(host):
                _refuse_strangers(request, host)
        elif not (request.method in ("GET", "HEAD") and request.path.startswith(open_path + "/")):
            given = request.headers.get("Authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, expected):
                raise RequestError(
                    "The API key is missing or wrong: send Authorization: Bearer KEY (api.api_key in config.yaml)",
                    status=401,
                    code="invalid_api_key",
                )
        return await handler(request)

    return check


def _refuse_strangers(request: web.Request, host: str) -> None:
    for header, url in (("Host", f"http://{request.host}"), ("Origin", request.headers.get("Origin"))):
        if url is not None and not _own(url, host):
            raise RequestError(
                f"{header} names another site: ask this server as http://{host}", status=403, code="host_not_allowed"
            )


def _own(url: str, host: str) -> bool:
    try:
        name = URL(url).host or ""
    except ValueError:
        return False
    return name == host or is_loopback(name)


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, as it is reached from itself only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
