"""The owner's page of what everything costs: by day, player, model and plugin, and what the budgets leave."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.errors import ApiError
from mudbot.host.services.means import Means, Share
from mudbot.store import costs
from mudbot.web import charts
from mudbot.web.auth import owner_only
from mudbot.web.pages import bot_of, language_of, money, page
from mudbot.web.paging import number_of
from mudbot.web.words import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.web.bot import Bot
    from mudbot.web.words import Language

log = logging.getLogger(__name__)

SPANS = (7, 30, 90)
"""Days that can be looked at."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the calls came to."""

    days: Sequence[costs.Day]
    players: Sequence[costs.Cost]
    models: Sequence[costs.Cost]
    plugins: Sequence[costs.Cost]


def read(connection: Connection, since: float, until: float) -> Read:
    """All of it from *since* to *until*, in seconds since 1970."""
    players, models, plugins = (costs.by(connection, what, since) for what in ("player", "model", "plugin"))
    return Read(costs.by_day(connection, since, until), players, models, plugins)


@owner_only
async def show(request: web.Request) -> web.StreamResponse:
    """``/dashboard/money?days=30``."""
    bot, days = bot_of(request), number_of(request, "days")
    days = days if days in SPANS else 30
    until = bot.clock.wall()
    since = (until // costs.DAY - days + 1) * costs.DAY
    found = await bot.store.browse(lambda connection: read(connection, since, until))
    language = language_of(request)
    return page(
        request,
        "money.html",
        days=days,
        spans=SPANS,
        found=found,
        kinds=costs.KINDS,
        by_day=_by_day(found.days),
        groups=[
            ("players", found.players, _bars(found.players, language)),
            ("models", found.models, _bars(found.models, language)),
            ("plugins", found.plugins, _bars(found.plugins, language)),
        ],
        total=sum(day.money for day in found.days),
        calls=sum(day.calls for day in found.days),
        tokens=sum(day.tokens for day in found.days),
        unknown=sum(model.unknown for model in found.models),
        shares=await budgets(bot),
    )


async def budgets(bot: Bot) -> Sequence[Share]:
    """The budgets of the day, the month and the plugins; none where the books cannot be read."""
    from mudbot.api import Budgets

    plugins = {name: each.permissions.budget for name, each in bot.config.plugins.items()}
    known = {name: budget for name, budget in plugins.items() if budget is not None}
    settings = Budgets(**bot.config.api.budgets.model_dump(), plugins=known)
    if not settings:
        return []
    try:
        return await Means(bot.api, lambda: settings, bot.store, bot.clock, "").shares()
    except ApiError as exc:
        log.warning("budgets are not shown: %s", exc)
        return []


def _by_day(days: Sequence[costs.Day]) -> charts.Columns:
    rows = [(day.name[5:], [day.of(kind) for kind in costs.KINDS]) for day in days]
    return charts.columns(rows, lambda name, usd: f"{name}: {money(usd)}")


def _bars(rows: Sequence[costs.Cost], language: Language) -> charts.Bars:
    nobody = text(language, "money_nobody")
    return charts.bars([(row.name or nobody, row.money) for row in rows if row.money], money)


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The page."""
    return [web.get("/dashboard/money", show)]
