"""The owner's page of what reviewers decided: a queue of what nobody has looked at, and who is muted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mudbot.store import decisions
from mudbot.web.auth import action, owner_only
from mudbot.web.bot import session_names
from mudbot.web.pages import bot_of, local_path, page, url, values_of
from mudbot.web.paging import choice, number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.web.bot import Bot

HOME = "/dashboard/moderation"
STATES: tuple[decisions.State, ...] = ("open", "reviewed", "all")
MUTES = {"10m": 600.0, "1h": 3600.0, "1d": 86_400.0, "7d": 7 * 86_400.0}
"""How long a speaker may be muted, in seconds."""


@owner_only
async def show(request: web.Request) -> web.StreamResponse:
    """``/dashboard/moderation``: the newest decisions, those first that wait for a word of the owner's."""
    state, session, speaker, words = values_of(request.query, "state", "session", "speaker", "q", longest=200)
    chosen = choice(state, STATES, "open")
    which = decisions.Which(chosen, session, speaker, words)
    before = number_of(request, "before")

    def query(connection: Connection) -> tuple[Any, int]:
        return decisions.page(connection, which, before=before), decisions.waiting(connection)

    bot = bot_of(request)
    rows, waiting = await bot.store.browse(query)
    muted = [(host.session, name, left) for host in bot.hosts for name, left in sorted(host.mutes.names().items())]
    return page(
        request,
        "moderation.html",
        rows=rows[: decisions.PAGE],
        older=rows[decisions.PAGE - 1].id if len(rows) > decisions.PAGE else 0,
        newer=before > 0,
        waiting=waiting,
        which=which,
        states=STATES,
        muted=muted,
        mutes=list(MUTES),
        sessions=session_names(bot),
        back=request.path_qs,
    )


@action
async def judge(request: web.Request) -> web.StreamResponse:
    """Take the owner's word on a decision: allow, block, mute, or nothing yet."""
    number, verdict, lasts, back = values_of(await request.post(), "id", "verdict", "lasts", "back")
    said = next((each for each in decisions.VERDICTS if each == verdict), None)
    if not re.fullmatch("[0-9]{1,18}", number) or (said is None and verdict != "reopen"):
        raise web.HTTPBadRequest
    seconds = MUTES.get(lasts, MUTES["1h"])
    if await bot_of(request).decisions.judge(int(number), said, seconds=seconds) is None:
        raise web.HTTPNotFound
    return _back(request, back)


@action
async def unmute(request: web.Request) -> web.StreamResponse:
    """Hear somebody again."""
    session, who, back = values_of(await request.post(), "session", "who", "back")
    for host in bot_of(request).hosts:
        if host.session == session:
            host.mutes.unmute(who)
    return _back(request, back)


def _back(request: web.Request, back: str) -> web.Response:
    """To the list where the form stood, with its filters."""
    inside = back if back.startswith(HOME) else HOME
    location = local_path(inside, HOME) if inside != HOME else url(bot_of(request), HOME)
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The page, and what can be done there."""
    return [web.get(HOME, show), web.post(f"{HOME}/judge", judge), web.post(f"{HOME}/unmute", unmute)]
