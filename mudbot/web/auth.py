"""The owner: a token, a signed cookie, and forms that only the owner's own pages can send.

The cookie is ``EXPIRES.NAME.SIGNATURE``.  It is signed by a key of the configured ``web.token`` and a random secret of
this installation: another token, or another store, and every cookie is void.  Logging out voids one for good.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from collections import deque
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from mudbot.web.pages import KEYS, bot_of, language_of, local_path, page, path_of, url
from mudbot.web.words import text

if TYPE_CHECKING:
    from multidict import MultiDictProxy

    from mudbot.clock import Clock
    from mudbot.web.bot import Bot
    from mudbot.web.safety import Handler

log = logging.getLogger(__name__)

COOKIE = "mudbot_owner"
LASTS = 14 * 24 * 3600
"""Seconds for which the owner need not log in again."""
WINDOW = 300.0
"""Seconds for which a wrong token counts."""
TRIES = 5
"""Wrong tokens of one address in that time; a person mistypes twice."""
ALL_TRIES = 50
"""Those of all together: who has many addresses must not have many times the tries."""
FILE = "web.json"
READ_WITHIN = 10.0
"""Seconds for a form to arrive; one that drips in keeps a connection."""


class Keys:
    """Who is the owner.  *token* is the configured one, or None where there are no pages for owners."""

    def __init__(self, token: str | None, clock: Clock, folder: Path) -> None:
        self._token, self._clock, self._path = token, clock, folder / FILE
        self._ended: dict[str, int] = {}
        self._key = b""
        self._install = ""

    def __repr__(self) -> str:
        return f"<Keys {'on' if self.on else 'off'}>"

    @property
    def on(self) -> bool:
        """Whether there are pages for owners."""
        return bool(self._token)

    def is_token(self, given: str) -> bool:
        """Whether *given* is the owner's token; how long that takes tells nothing of it."""
        own = hashlib.sha256((self._token or "").encode()).digest()
        return self.on & hmac.compare_digest(own, hashlib.sha256(given.encode("utf-8", "replace")).digest())

    def issue(self) -> str:
        """A cookie for whoever has shown the token."""
        told = f"{int(self._clock.wall()) + LASTS}.{secrets.token_urlsafe(12)}"
        return f"{told}.{self._sign('cookie', told)}"

    def is_owner(self, request: web.Request) -> bool:
        """Whether the owner asks."""
        return self.on and self._valid(request.cookies.get(COOKIE, ""))

    def csrf(self, request: web.Request) -> str:
        """What the owner's forms hold and no other page can know; empty for anybody else."""
        return self._sign("form", request.cookies[COOKIE]) if self.is_owner(request) else ""

    def end(self, cookie: str) -> None:
        """*cookie* is void from now on."""
        if self._valid(cookie):
            expires, name, _ = cookie.split(".")
            now = self._clock.wall()
            self._ended = {each: until for each, until in self._ended.items() if until > now} | {name: int(expires)}
            self._keep()

    def _valid(self, cookie: str) -> bool:
        told, _, signature = cookie.rpartition(".")
        if not told.isascii() or not hmac.compare_digest(self._sign("cookie", told).encode(), signature.encode()):
            return False
        expires, _, name = told.partition(".")
        return int(expires) > self._clock.wall() and name not in self._ended

    def _sign(self, purpose: str, what: str) -> str:
        return hmac.new(self._secret(), f"{purpose}:{what}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _secret(self) -> bytes:
        if not self._key:
            if not self._read():
                self._install, self._ended = secrets.token_hex(32), {}
                self._keep()
            self._key = hashlib.sha256(f"{self._install}:{self._token}".encode()).digest()
        return self._key

    def _read(self) -> bool:
        """Whether there is a file that can be read."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._install = bytes.fromhex(kept["secret"]).hex()
            self._ended = {str(name): int(until) for name, until in kept["ended"].items()}
        except FileNotFoundError:
            return False
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
            log.warning("%s cannot be read (%s): whoever was logged in has to log in again", self._path, exc)
            return False
        return len(self._install) == 64

    def _keep(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps({"secret": self._install, "ended": self._ended}), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as exc:
            log.warning("%s cannot be written (%s): logins last until the bot ends", self._path, exc)


class Tries:
    """Wrong tokens of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: deque[tuple[float, str]] = deque()

    def wait(self, address: str) -> float:
        """Seconds until *address* may try again; 0 if it may now."""
        now = self._clock.now()
        while self._failed and self._failed[0][0] <= now - WINDOW:
            self._failed.popleft()
        own = [at for at, whose in self._failed if whose == address]
        waits = [own[-TRIES] + WINDOW - now] if len(own) >= TRIES else []
        if len(self._failed) >= ALL_TRIES:
            waits.append(self._failed[-ALL_TRIES][0] + WINDOW - now)
        return max(waits, default=0.0)

    def failed(self, address: str) -> None:
        """*address* gave a wrong token."""
        self._failed.append((self._clock.now(), address))


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
