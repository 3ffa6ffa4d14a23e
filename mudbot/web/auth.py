"""What the owner alone may see and do: the login, and forms that only the owner's own pages can send."""

from __future__ import annotations

import asyncio
import hmac
import logging
from functools import wraps
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from mudbot.web.keys import COOKIE, LASTS, Tries
from mudbot.web.pages import KEYS, bot_of, language_of, local_path, page, path_of, url
from mudbot.web.words import text

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler
    from multidict import MultiDictProxy

    from mudbot.web.bot import Bot

log = logging.getLogger(__name__)

READ_WITHIN = 10.0
"""Seconds for a form to arrive; one that drips in keeps a connection."""


TRIES_KEY: web.AppKey[Tries] = web.AppKey("tries")


def owner_only(handler: Handler) -> Handler:
    """The owner's page: others are sent to the login; where no token is configured it does not exist, and says why."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        keys = request.app[KEYS]
        if not keys.on:
            raise web.HTTPNotFound(text=text(language_of(request), "owner_pages_off") + "\n")
        if not keys.is_owner(request):
            back = path_of(request, query=True) if request.method in ("GET", "HEAD") else "/dashboard"
            raise web.HTTPFound(url(bot_of(request), "/login") + f"?next={quote(back, safe='/')}")
        return await handler(request)

    return guarded


def action(handler: Handler) -> Handler:
    """What changes something: the owner's, sent by a form of the owner's pages (field ``csrf``, or header)."""

    @owner_only
    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        form = await read_form(request)
        given, right = str(form.get("csrf") or request.headers.get("X-CSRF-Token", "")), request.app[KEYS].csrf(request)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), right.encode()):
            raise web.HTTPForbidden(text=text(language_of(request), "form_expired") + "\n")
        return await handler(request)

    return guarded


async def read_form(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """The form that is sent.  Raises HTTPRequestTimeout where it does not arrive in time."""
    try:
        async with asyncio.timeout(READ_WITHIN):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def address_of(request: web.Request) -> str:
    """Who asks.  Behind a proxy on this machine, whom that names: the last in the header is the one it saw itself."""
    peer = request.remote or ""
    if bot_of(request).config.web.public_url and peer in ("127.0.0.1", "::1"):
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64] or peer
    return peer


async def ask(request: web.Request) -> web.StreamResponse:
    """The login form."""
    keys = request.app[KEYS]
    if not keys.on:
        raise web.HTTPNotFound(text=text(language_of(request), "owner_pages_off") + "\n")
    after = local_path(request.query.get("next", ""), "/dashboard")
    if keys.is_owner(request):
        raise web.HTTPFound(url(bot_of(request), after))
    return page(request, "login.html", after=after, wrong=False)


async def log_in(request: web.Request) -> web.StreamResponse:
    """Take the token, and give the cookie for it."""
    keys, tries, address = request.app[KEYS], request.app[TRIES_KEY], address_of(request)
    if not keys.on:
        raise web.HTTPNotFound(text=text(language_of(request), "owner_pages_off") + "\n")
    if wait := tries.wait(address):
        told = text(language_of(request), "login_wait", n=-int(-wait // 60))
        raise web.HTTPTooManyRequests(text=told + "\n", headers={"Retry-After": str(-int(-wait // 1))})
    form = await read_form(request)
    after = local_path(str(form.get("next", "")), "/dashboard")
    if not keys.is_token(str(form.get("token", "")).strip()):
        tries.failed(address)
        log.warning("somebody at %s gave a wrong token for the owner's pages", address)
        return page(request, "login.html", status=401, after=after, wrong=True)
    response = web.Response(status=303, headers={"Location": url(bot_of(request), after), "Cache-Control": "no-store"})
    secure = (bot_of(request).config.web.public_url or "").startswith("https:")
    response.set_cookie(COOKIE, keys.issue(), max_age=LASTS, httponly=True, samesite="Strict", secure=secure)
    log.info("the owner logged in, from %s", address)
    return response


@action
async def log_out(request: web.Request) -> web.StreamResponse:
    """Void the cookie."""
    request.app[KEYS].end(request.cookies[COOKIE])
    response = web.Response(status=303, headers={"Location": url(bot_of(request), "/"), "Cache-Control": "no-store"})
    response.del_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The login, and its end."""
    return [web.get("/login", ask), web.post("/login", log_in), web.post("/logout", log_out)]
