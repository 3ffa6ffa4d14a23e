"""What changes on the owner's first pages, sent to them as it happens (server-sent events).

A page is told only of what looks otherwise than it did.  While nobody watches nothing is done here at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.web.auth import owner_only
from mudbot.web.owner import chosen_sessions, session_named
from mudbot.web.pages import KEYS, bot_of, language_of, render
from mudbot.web.views import last_lines, plugin_views, session_view, shown_lines

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

MOST_WATCHERS = 20
"""Pages that are watched at once: each is drawn anew every second."""
GATHER = 0.3
"""Seconds for which lines are gathered before they are sent: a page of a flood is drawn three times a second."""
DRAW = 1.0
"""Seconds between two drawings of states and figures."""
ALIVE = 15.0
"""Seconds after which something is sent, so that proxies keep the connection and a browser that left is noticed."""

Part = tuple[str, str, str]
"""An event's name, its HTML, and its id, to go on from after a break; empty without one."""

WATCHERS: web.AppKey[set[object]] = web.AppKey("watchers")


class Overview:
    """The first page: its sessions' cards and all plugins."""

    def __init__(self, request: web.Request) -> None:
        self._request, self._bot = request, bot_of(request)
        self.sessions, _, _ = chosen_sessions(self._bot, request)
        self._totals: dict[int, int] = {}

    def lines(self) -> Iterator[Part]:
        """The last lines of those who heard something."""
        for number in self.sessions:
            session = self._bot.sessions[number]
            total = self._bot.live.feed(session.name).total
            if self._totals.get(number) != total:
                self._totals[number] = total
                lines = last_lines(self._bot, number)
                yield f"l{number}", render(self._request, "part_lines.html", lines=lines), ""

    def states(self) -> Iterator[Part]:
        """How everything is."""
        for number in self.sessions:
            view = session_view(self._bot, number)
            yield f"s{number}", render(self._request, "part_session.html", view=view), ""
        for plugin in plugin_views(self._bot):
            for cell in ("state", "act"):
                html = render(self._request, "part_plugin.html", plugin=plugin, cell=cell)
                yield f"p-{plugin.name}-{cell}", html, ""
            for cell in ("busy", "failures", "dropped"):
                yield f"p-{plugin.name}-{cell}", str(getattr(plugin, cell)), ""


class OneSession:
    """The page of a session: every line, and its state."""

    def __init__(self, request: web.Request) -> None:
        self._request, self._bot = request, bot_of(request)
        self._number = session_named(self._bot, request.query["session"])
        self.sessions = [self._number]
        self._feed = self._bot.live.feed(self._bot.sessions[self._number].name)
        told, _, number = request.headers.get("Last-Event-ID", "").partition(".")
        goes_on = told == self._bot.live.epoch and number.isascii() and number.isdecimal()
        self._next = int(number) if goes_on and int(number) <= self._feed.total else -1

    def lines(self) -> Iterator[Part]:
        """What was heard since the last time; all that is kept, where there was none."""
        if self._next == self._feed.total:
            return
        fresh = self._feed.since(max(self._next, 0))
        name = "all" if self._next <= 0 or (fresh and fresh[0].number > self._next) else "lines"
        self._next = self._feed.total
        lines = shown_lines(self._bot, self._number, fresh)
        if lines or name == "all":  # what is gagged makes no event
            html = render(self._request, "part_lines.html", lines=lines)
            yield name, html, f"{self._bot.live.epoch}.{self._next}"

    def states(self) -> Iterator[Part]:
        """How it is."""
        view = session_view(self._bot, self._number)
        yield f"s{self._number}", render(self._request, "part_session.html", view=view), ""


@owner_only
async def events(request: web.Request) -> web.StreamResponse:
    """``/dashboard/events``: of the first page, or of ``?session=NAME``."""
    watchers = request.app[WATCHERS]
    if len(watchers) >= MOST_WATCHERS:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"})
    watched: Overview | OneSession = OneSession(request) if "session" in request.query else Overview(request)
    headers = {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "Content-Language": language_of(request),
        "X-Accel-Buffering": "no",  # nginx would keep it back until it has a few kilobytes
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    me = object()
    watchers.add(me)
    try:
        await _send(request, response, watched)
    except ConnectionError:
        pass  # whoever watched has gone
    finally:
        watchers.discard(me)
    return response


async def _send(request: web.Request, response: web.StreamResponse, watched: Overview | OneSession) -> None:
    bot, changed, loop = bot_of(request), asyncio.Event(), asyncio.get_running_loop()
    before: dict[str, str] = {}
    drawn = spoke = -ALIVE
    with ExitStack() as stack:
        for number in watched.sessions:
            stack.enter_context(bot.live.feed(bot.sessions[number].name).watched(changed))
        while request.app[KEYS].is_owner(request):  # who logs out elsewhere sees no more
            changed.clear()
            parts = list(watched.lines())
            if loop.time() - drawn >= DRAW:
                other = [part for part in watched.states() if before.get(part[0]) != part[1]]
                before.update({name: html for name, html, _ in other})
                parts += other
                drawn = loop.time()
            if parts or loop.time() - spoke >= ALIVE:
                await response.write("".join(map(written, parts)).encode() or b": alive\n\n")
                spoke = loop.time()
            await _wait(changed, DRAW)


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    """Until something came, and what came right behind it; *seconds* at most where nothing does."""
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return
    await asyncio.sleep(GATHER)


def written(part: Part) -> str:
    """An event as it is sent: https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.5."""
    name, html, mark = part
    lines = [f"event: {name}", *([f"id: {mark}"] if mark else [])]
    lines += [f"data: {line}" for line in html.replace("\r", "").split("\n")]
    return "\n".join(lines) + "\n\n"


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The events."""
    return [web.get("/dashboard/events", events)]
