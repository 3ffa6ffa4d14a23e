"""The owner's first page: every session with its last lines, every plugin; and what can be done about them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.errors import MudbotError
from mudbot.host import outside
from mudbot.logs import masked
from mudbot.web.auth import action, owner_only
from mudbot.web.live import KEPT
from mudbot.web.pages import bot_of, language_of, page, url, values_of
from mudbot.web.views import SessionView, last_lines, plugin_views, session_view
from mudbot.web.words import text

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

log = logging.getLogger(__name__)

PER_PAGE = 20
"""Sessions on a page."""
CHANGES: tuple[outside.PluginVerb, ...] = ("pause", "resume", "reload", "load")
"""What the pages offer to do with a plugin."""
DID = ("said", *CHANGES)
"""What a page can tell that was done."""


def chosen_sessions(bot: Bot, request: web.Request) -> tuple[list[int], int, int]:
    """The numbers of the sessions on the page that is asked for, which page that is, and how many there are."""
    numbers = list(range(len(bot.sessions)))
    if request.query.get("show") == "away":
        numbers = [number for number in numbers if bot.sessions[number].state != "playing"]
    pages = max(-(-len(numbers) // PER_PAGE), 1)
    given = request.query.get("page", "1")
    leaf = min(max(int(given), 1), pages) if given.isascii() and given.isdecimal() and len(given) < 6 else 1
    return numbers[(leaf - 1) * PER_PAGE : leaf * PER_PAGE], leaf, pages


def session_named(bot: Bot, name: str) -> int:
    """The number of the session *name*.  Raises HTTPNotFound where there is none."""
    for number, session in enumerate(bot.sessions):
        if session.name == name:
            return number
    raise web.HTTPNotFound


def _did(request: web.Request) -> str:
    """What was done just before, to be told."""
    did = request.query.get("did", "")
    if did not in DID:
        return ""
    return text(language_of(request), f"did_{did}", name=request.query.get("name", "")[:100])


@owner_only
async def dashboard(request: web.Request) -> web.StreamResponse:
    """Sessions and plugins."""
    return _dashboard(request, told=_did(request))


def _dashboard(request: web.Request, *, told: str = "", failed: str = "", status: int = 200) -> web.Response:
    bot = bot_of(request)
    numbers, leaf, leaves = chosen_sessions(bot, request)
    playing = sum(session.state == "playing" for session in bot.sessions)
    show = "away" if request.query.get("show") == "away" else ""
    return page(
        request,
        "dashboard.html",
        status=status,
        cards=[(session_view(bot, number), last_lines(bot, number)) for number in numbers],
        plugins=plugin_views(bot),
        playing=playing,
        away=len(bot.sessions) - playing,
        leaf=leaf,
        leaves=leaves,
        show=show,
        events=url(bot, "/dashboard/events", page=leaf, show=show),
        told=told,
        failed=failed,
    )


@owner_only
async def session(request: web.Request) -> web.StreamResponse:
    """One session: its last lines as they come, and words to say as its character."""
    bot = bot_of(request)
    return _session(request, session_named(bot, request.query.get("name", "")), told=_did(request))


def _session(
    request: web.Request, number: int, *, told: str = "", failed: str = "", status: int = 200, **said: str
) -> web.Response:
    bot = bot_of(request)
    name = bot.sessions[number].name
    view: SessionView = session_view(bot, number)
    return page(
        request,
        "session.html",
        status=status,
        view=view,
        lines=last_lines(bot, number, KEPT),
        events=url(bot, "/dashboard/events", session=name),
        told=told,
        failed=failed,
        said={"verb": "say", "target": "", "words": ""} | said,
    )


@action
async def say(request: web.Request) -> web.StreamResponse:
    """Say something as the character: through the gate and at the MUD's pace, as any other words."""
    bot, form = bot_of(request), await request.post()
    name, verb, target, words = values_of(form, "session", "verb", "target", "words", longest=outside.LONGEST)
    number = session_named(bot, name)
    wrong = await outside.say(bot.sessions[number], verb, words, target)
    if wrong is not None:
        told = text(language_of(request), f"say_{wrong}")
        return _session(request, number, failed=told, status=409, verb=verb, target=target, words=words)
    log.info("%s: the owner speaks (%s)", name, verb)
    where = url(bot, "/dashboard/session", name=name, did="said")
    return web.Response(status=303, headers={"Location": f"{where}#say"})


@action
async def change_plugin(request: web.Request) -> web.StreamResponse:
    """Switch a plugin off or on in all sessions, or run its newest code."""
    bot, form = bot_of(request), await request.post()
    verb, name = values_of(form, "verb", "name", longest=100)
    known = next((each for each in CHANGES if each == verb), None)
    if known is None:
        raise web.HTTPBadRequest
    try:
        await outside.change_plugin(bot.roster, known, name)
    except MudbotError as exc:
        log.warning("plugin %s: %s by the web: %s", name, verb, exc)
        failed = f"{text(language_of(request), 'plugin_failed')}\n{masked(str(exc))}"
        return _dashboard(request, failed=failed, status=409)
    where = url(bot, "/dashboard", did=verb, name=name)
    return web.Response(status=303, headers={"Location": f"{where}#plugins"})


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The owner's first page, a page for each session, and what is done there."""
    return [
        web.get("/dashboard", dashboard),
        web.get("/dashboard/session", session),
        web.post("/dashboard/say", say),
        web.post("/dashboard/plugin", change_plugin),
    ]
