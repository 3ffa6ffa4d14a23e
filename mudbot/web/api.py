"""The owner's page of the API: what runs and waits, what limits leave, who is left alone, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.store import costs
from mudbot.web.auth import owner_only
from mudbot.web.pages import bot_of, page

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

FAILURES = 50
"""Of the newest that are shown."""


@owner_only
async def show(request: web.Request) -> web.StreamResponse:
    """``/dashboard/api``."""
    bot = bot_of(request)
    failed = await bot.store.browse(lambda connection: costs.failures(connection, FAILURES))
    rows = sorted(bot.totals.rows.items(), key=lambda row: -row[1].calls)
    ended = bot.totals.outcomes()
    return page(
        request,
        "api.html",
        accounts=bot.api.state(),
        rows=rows[:100],
        calls=sum(ended.values()),
        wrong=sum(count for outcome, count in ended.items() if outcome != "ok"),
        requests=sum(total.requests for _, total in rows),
        money_sum=sum(total.money for _, total in rows),
        failed=failed,
    )


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The page."""
    return [web.get("/dashboard/api", show)]
