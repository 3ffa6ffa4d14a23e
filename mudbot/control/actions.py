"""What can be asked of a running bot, and what it answers: values that JSON has."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from mudbot.control.wire import ControlError
from mudbot.errors import nearest
from mudbot.host import outside
from mudbot.web import bot as web

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.host.host import Host
    from mudbot.refresh import Refreshed

log = logging.getLogger(__name__)

MOST_DAYS = 366
UNSAID: Mapping[outside.Unsaid, str] = {
    "away": "the character is not in its game: `mudbot ctl sessions` says why",
    "cannot": "this MUD has no way to speak like that",
    "empty": "something is missing: the words, or for whom they are",
    "refused": "it cannot be said in this MUD; the log tells why",
}


class Bot(web.Bot, Protocol):
    """A running bot, as far as its owner asks it something."""

    async def refresh(self) -> Refreshed:
        """Read the configuration again.  Raises MudbotError with all that is wrong."""

    def shutdown(self) -> None:
        """Begin to end, as on SIGTERM."""


class Actions:
    """Everything that can be asked of *bot*.  Each method raises MudbotError where it refuses."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._since = bot.clock.now()

    def __repr__(self) -> str:
        return f"<Actions on {self._bot!r}>"

    async def do(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the action *name* answers, with *given* as arguments.  Raises MudbotError."""
        if name not in ACTIONS:
            hint = nearest(name[:40], ACTIONS)
            raise ControlError(f"the bot does not know {name[:40]!r}{hint}; it knows {', '.join(ACTIONS)}")
        work: Callable[..., Awaitable[dict[str, Any]]] = getattr(self, name)
        _check(name, work, given)
        return await work(**given)

    # -- how it is -------------------------------------------------------------------------------------------------

    async def status(self) -> dict[str, Any]:
        """The bot as a whole."""
        from mudbot import __version__

        bot, sessions = self._bot, self._bot.sessions
        source = bot.config.source
        up = bot.clock.now() - self._since
        away = [each for each in sessions if each.state != "playing"]
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started": datetime.fromtimestamp(bot.clock.wall() - up, UTC).isoformat(timespec="seconds"),
            "uptime": round(up, 1),
            "config": str(source.absolute()) if source else None,
            "store": str(bot.store.folder.absolute()),
            "web": bot.pictures.public_url or None,
            "ready": self._ready,
            "sessions": len(bot.config.sessions),
            "playing": len(sessions) - len(away),
            "away": [{"name": each.name, "state": each.state, "why": each.why} for each in away],
            "plugins": self._plugin_states() if self._ready else [],
            "calls": bot.totals.outcomes(),
            "running_calls": bot.api.running if self._ready else 0,
            "waiting_calls": bot.api.waiting if self._ready else 0,
        }

    async def sessions(self) -> dict[str, Any]:
        """Every session that is open."""
        return {
            "sessions": [
                {
                    "name": each.name,
                    "state": each.state,
                    "why": "" if each.state == "playing" else each.why,
                    "character": each.character.name,
                    "address": str(each.address),
                    "dialect": each.dialect.name,
                    "encoding": each.voice.encoding,
                    "room": each.room.current.name,
                    "waiting": each.outbox.waiting,
                    "sent": each.outbox.sent,
                    "dropped": each.outbox.dropped,
                    "muted": len(host.mutes.names()),
                }
                for each, host in zip(self._bot.sessions, self._bot.hosts, strict=False)
            ]
        }

    async def spend(self, days: int = 1) -> dict[str, Any]:
        """What the calls of the last *days* came to, today included, and what budgets leave."""
        from mudbot import resolve
        from mudbot.host.services.means import Means
        from mudbot.store import costs

        bot = self._bot
        until = bot.clock.wall()
        since = (until // costs.DAY - min(max(days, 1), MOST_DAYS) + 1) * costs.DAY

        def query(connection: Connection) -> dict[str, Any]:
            by_day = costs.by_day(connection, since, until)
            return {
                "days": [
                    {"day": day.name, "calls": day.calls, "tokens": day.tokens, "usd": round(day.money, 6)}
                    for day in by_day
                ],
                **{f"{what}s": _costs(costs.by(connection, what, since)) for what in ("model", "player", "plugin")},
            }

        self._must_be_ready()
        means = Means(bot.api, lambda: resolve.budgets_of(bot.config), bot.store, bot.clock, "")
        found = await bot.store.browse(query)
        return {**found, "budgets": [{**asdict(share), "left": share.left} for share in await means.shares()]}

    # -- what it does ----------------------------------------------------------------------------------------------

    async def reload(self) -> dict[str, Any]:
        """Read the configuration again, as on SIGHUP."""
        self._must_be_ready()
        done = await self._bot.refresh()
        return {"loaded": list(done.loaded), "unloaded": list(done.unloaded), "restart": list(done.restart)}

    async def plugins(self, verb: str = "list", name: str = "") -> dict[str, Any]:
        """All plugins; or what was done with one."""
        self._must_be_ready()
        if verb == "list":
            return {"plugins": self._plugin_states()}
        known = next((each for each in outside.PLUGIN_VERBS if each == verb), None)
        if known is None:
            verbs = ("list", *outside.PLUGIN_VERBS)
            raise ControlError(f"plugins do not {verb[:40]!r}{nearest(verb[:40], verbs)}; there are {', '.join(verbs)}")
        if not name:
            raise ControlError(f"which plugin?  {verb} wants a name")
        log.info("plugin %s: %s, asked from outside", name[:100], verb)
        return {"changed": await outside.change_plugin(self._bot.roster, known, name)}

    async def say(self, words: str, session: str = "", verb: str = "say", target: str = "") -> dict[str, Any]:
        """Say something as the character."""
        number = self._number(session)
        chosen = self._bot.sessions[number]
        if len(words) > outside.LONGEST:
            raise ControlError(f"that is too long: {outside.LONGEST} letters at most")
        if (why := await outside.say(chosen, verb, words, target)) is not None:
            raise ControlError(f"{chosen.name}: {UNSAID[why]}")
        log.info("%s: the owner speaks (%s)", chosen.name, verb)
        return {"session": chosen.name, "waiting": chosen.outbox.waiting}

    async def mute(self, who: str = "", seconds: float = 600.0, session: str = "") -> dict[str, Any]:
        """Hear nothing of *who* for a while; without *who*, who is muted."""
        if not who:
            chosen = self._bot.hosts if not session else [self._host(session)]
            return {"muted": [entry for host in chosen for entry in _muted(host)]}
        if not seconds > 0 or len(who) > 100:  # not a number is not, either
            raise ControlError("mute wants a name and a time, such as 10m")
        host = self._host(session)
        lasts = outside.mute(host.mutes, who, seconds)
        log.info("%s: %s is muted for %.0f s, asked from outside", host.session, who, lasts)
        return {"session": host.session, "who": who, "seconds": lasts}

    async def unmute(self, who: str, session: str = "") -> dict[str, Any]:
        """Hear somebody again."""
        host = self._host(session)
        changed = host.mutes.unmute(who)
        if changed:
            log.info("%s: %s is heard again, asked from outside", host.session, who[:100])
        return {"session": host.session, "who": who, "changed": changed}

    async def shutdown(self) -> dict[str, Any]:
        """End, as on SIGTERM, once this is answered."""
        log.info("asked from outside to end")
        asyncio.get_running_loop().call_soon(self._bot.shutdown)
        return {"pid": os.getpid()}

    # -- which -----------------------------------------------------------------------------------------------------

    @property
    def _ready(self) -> bool:
        """Whether all sessions are open; before, nothing can be changed for all of them."""
        return len(self._bot.hosts) == len(self._bot.config.sessions)

    def _must_be_ready(self) -> None:
        if not self._ready:
            raise ControlError("the bot is still starting: ask again in a moment")

    def _number(self, name: str) -> int:
        self._must_be_ready()
        names = [session.name for session in self._bot.sessions]
        if not name and len(names) == 1:
            return 0
        if name in names:
            return names.index(name)
        listed = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
        if not name:
            raise ControlError(f"in which session?  Name one by --session: {listed}")
        raise ControlError(f"there is no session {name[:80]!r}{nearest(name[:80], names)}; there are: {listed}")

    def _host(self, session: str) -> Host:
        return self._bot.hosts[self._number(session)]

    def _plugin_states(self) -> list[dict[str, Any]]:
        from mudbot.web.views import plugin_views

        return [
            {
                "name": view.name,
                "state": view.state,
                "why": view.why,
                "sessions": view.sessions,
                "busy": view.busy,
                "failures": view.failures,
                "dropped": view.dropped,
            }
            for view in plugin_views(self._bot)
        ]


ACTIONS = ("status", "sessions", "plugins", "spend", "reload", "say", "mute", "unmute", "shutdown")

_TYPES: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float)}
_WORDS = {"str": "a text", "int": "a whole number", "float": "a number"}


def _check(name: str, work: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise ControlError where *given* are not the arguments of *work*."""
    wanted = inspect.signature(work).parameters
    for key, value in given.items():
        if key not in wanted:
            raise ControlError(f"{name} has no {key[:40]!r}{nearest(key[:40], wanted)}")
        kind = str(wanted[key].annotation)
        if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
            raise ControlError(f"{name}: {key} must be {_WORDS[kind]}")
    for key, parameter in wanted.items():
        if key not in given and parameter.default is inspect.Parameter.empty:
            raise ControlError(f"{name} wants {key!r}")


def _muted(host: Host) -> list[dict[str, Any]]:
    return [{"session": host.session, "who": who, "seconds": left} for who, left in sorted(host.mutes.names().items())]


def _costs(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "session": row.session,
            "calls": row.calls,
            "tokens": row.tokens,
            "usd": round(row.money, 6),
            "unpriced": row.unknown,
        }
        for row in rows
    ]
