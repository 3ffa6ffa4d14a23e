"""Who is the owner: a token, and the signed cookie that stands for it.

The cookie is ``EXPIRES.NAME.SIGNATURE``.  It is signed by a key of the configured ``web.token`` and a random secret of
this installation: another token, or another store, and every cookie is void.  Logging out voids one for good.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from mudbot.clock import Clock

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
