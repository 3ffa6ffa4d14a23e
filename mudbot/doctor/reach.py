"""Whether MUDs and servers of the API can be reached, and whether the clock is right.  Nothing costs money."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Collection, Iterable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mudbot import probing, resolve
from mudbot.doctor.finding import Finding, error, ok, warning
from mudbot.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    MudError,
    NotFoundError,
    QuotaError,
    RateLimitError,
    nearest,
)

if TYPE_CHECKING:
    from mudbot.config import Config, ServerConfig, SessionConfig

LOOK = 3.0
"""Seconds for which a MUD is looked at."""
AT_ONCE = 8
"""MUDs that are looked at together."""
ANSWER = 10.0
"""Seconds for a server of the API to answer."""
OFF, FAR_OFF = 5.0, 300.0
"""Seconds that the clock may differ: a day's budget begins a little late; certificates and signatures fail."""
RELEASED = 1_767_225_600
"""2026-01-01 in seconds since 1970: this mudbot is younger."""
_PURPOSES = ("dialogue", "image", "moderation", "embedding")


async def muds(config: Config, playing: Collection[str] = ()) -> list[Finding]:
    """Whether something speaks where each MUD is; the sessions in *playing* are in their games as it is.

    One connection each, and no login: a MUD would throw the bot out for it.
    """
    wanted: dict[object, list[SessionConfig]] = {}
    for session in config.sessions:
        if not session.embedded and session.name not in playing:
            key = (session.host, session.port, session.tls, session.proxy)
            wanted.setdefault(key, []).append(session)
    found = [ok("mud", f"{name}: the running bot is in the game") for name in sorted(playing)]
    if all(session.embedded for session in config.sessions):
        found.append(ok("mud", "the embedded world needs no network"))
    room = asyncio.Semaphore(AT_ONCE)
    return found + await asyncio.gather(*(_mud(sessions, room) for sessions in wanted.values()))


async def _mud(sessions: list[SessionConfig], room: asyncio.Semaphore) -> Finding:
    session, names = sessions[0], ", ".join(each.name for each in sessions[:5])
    more = f"`mudbot probe {session.host} {session.port}` shows more"
    try:
        address = resolve.address(session)
    except MudError as exc:
        return error("mud", f"{names}: {exc}", "mend the proxy's address")
    async with room:
        report = await probing.look(address, LOOK)
    if report.error:
        return error(
            "mud", f"{names}: {report.error}", f"see whether the MUD is up and host and port are right; {more}"
        )
    if report.first_text is None:
        return warning(
            "mud",
            f"{names}: {address} is open, and says nothing for {LOOK:g} s",
            f"is it a MUD's port, with TLS?  {more}",
        )
    return ok("mud", f"{names}: {address} speaks, after {report.first_text:.2f} s")


async def apis(config: Config) -> list[Finding]:
    """Whether each server of the API answers, takes its key, and has the models that are to be asked."""
    accounts = [account for account in config.api.accounts if not account.embedded]
    found = await asyncio.gather(*(_api(config, account) for account in accounts))
    if len(accounts) < len(config.api.accounts):
        found.append([ok("api", "the embedded server comes with the bot")])
    return [finding for each in found for finding in each]


async def _api(config: Config, account: ServerConfig) -> list[Finding]:
    from mudbot.api import Api

    key = account.api_key.get_secret_value() if account.api_key else None
    where = urlsplit(account.base_url).netloc
    try:
        async with Api(
            account.base_url, api_key=key, organization=account.organization, project=account.project
        ) as api:  # fmt: skip
            offered = (await api.models(deadline=ANSWER)).ids
    except ConfigError as exc:
        return [error("api", str(exc), "mend this setting of api")]
    except ApiError as exc:
        return [_unreached(where, exc)]
    return [ok("api", f"{where} answers, with {len(offered)} models"), *_missing(config, account, offered)]


def _unreached(where: str, exc: ApiError) -> Finding:
    match exc:
        case AuthenticationError():
            return error(
                "keys", f"{where} refuses the key: {exc}", "put the right api_key in, or have its rights changed"
            )
        case NotFoundError():
            return warning(
                "api",
                f"{where} answers, and lists no models: {exc}",
                "see that base_url ends as the server wants, in /v1",
            )
        case QuotaError():
            return error("api", f"{where}: {exc}", "the account has no credit left: pay in, or name another server")
        case RateLimitError():
            return warning("api", f"{where} answers, and is asked too much: {exc}", "lower api.limits, or wait")
    return error("api", f"{where}: {exc}", "see whether the server is up, and api.base_url and the network are right")


def _missing(config: Config, account: ServerConfig, offered: Iterable[str]) -> list[Finding]:
    known, found = set(offered), []
    for purpose in _PURPOSES:
        choice = getattr(config.api.models, purpose)
        name = account.models.get(choice.name, choice.name) if choice else ""
        if name and name not in known:
            found.append(
                warning(
                    "api",
                    f"{urlsplit(account.base_url).netloc} does not list api.models.{purpose}, {name!r}",
                    f"name a model that it has{nearest(name, known)}",
                )
            )
    return found


async def clock(config: Config) -> list[Finding]:
    """Whether the system's clock is right, by the servers of the API and by what was written before."""
    found = []
    if time.time() < RELEASED:
        found.append(error("clock", f"it shows {time.strftime('%Y-%m-%d')}, before this mudbot was made", _SET))
    urls = dict.fromkeys(account.base_url for account in config.api.accounts if not account.embedded)
    for url in urls:
        off = await asyncio.to_thread(differs, url)
        if off is not None:
            found.append(_clock(urlsplit(url).netloc, off))
            break  # one that answers is enough
    newest = await asyncio.to_thread(_newest, config.path(config.store))
    if newest is not None and newest > time.time() + 60:
        late = newest - time.time()
        found.append(
            warning("clock", f"something in the store was written {late:.0f} s from now: the clock went back", _SET)
        )
    return found or [ok("clock", f"it shows {time.strftime('%Y-%m-%d %H:%M:%S %Z')}; no server was there to ask")]


_SET = "set it by NTP: `timedatectl set-ntp true`, or your system's own way"


def _clock(server: str, off: float) -> Finding:
    if abs(off) <= OFF:
        return ok("clock", f"it agrees with {server}")
    what = f"it is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} {server}"
    return error("clock", what, _SET) if abs(off) > FAR_OFF else warning("clock", what, _SET)


def differs(url: str) -> float | None:
    """Seconds by which this clock is ahead of the server at *url*, by the Date of its answer (RFC 9110, 6.6.1).

    None where there is no answer.  No key is sent.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        link = kind(parts.hostname or "", parts.port, timeout=ANSWER / 2)
        try:
            before = time.time()
            link.request("HEAD", parts.path or "/")
            told = link.getresponse().getheader("Date")
            now = (before + time.time()) / 2
        finally:
            link.close()
        # It tells whole seconds, cut off: half of one is the best guess at the rest.
        return now - parsedate_to_datetime(told).timestamp() - 0.5 if told else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _newest(folder: Path) -> float | None:
    try:
        return max((each.stat().st_mtime for each in folder.iterdir()), default=None)
    except OSError:
        return None
