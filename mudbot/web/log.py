"""The owner's page of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.store import logbook
from mudbot.web.auth import owner_only
from mudbot.web.bot import session_names
from mudbot.web.pages import bot_of, page, values_of
from mudbot.web.paging import number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.web.bot import Bot

NAMES = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}


@owner_only
async def show(request: web.Request) -> web.StreamResponse:
    """``/dashboard/log``: the newest entries, by level, session, logger and words."""
    level, session, logger, words = values_of(request.query, "level", "session", "logger", "q", longest=200)
    wanted = logbook.Filter(level if level in logbook.LEVELS else "", session, logger, words)
    before = number_of(request, "before")

    def query(connection: Connection) -> logbook.Found:
        return logbook.page(connection, wanted, before=before)

    found = await bot_of(request).store.browse(query)
    return page(
        request,
        "log.html",
        found=found,
        wanted=wanted,
        before=before,
        levels=list(logbook.LEVELS),
        names=NAMES,
        sessions=session_names(bot_of(request)),
        looks=logbook.LOOKS,
    )


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The page."""
    return [web.get("/dashboard/log", show)]
