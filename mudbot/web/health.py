"""Whether the bot lives, and whether it is of use: for whoever keeps watch over processes.  No token, no names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy import text

from mudbot.errors import StoreError
from mudbot.web.pages import bot_of

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

STORE_WITHIN = 2.0
"""Seconds within which the store has to answer."""


async def alive(_request: web.Request) -> web.Response:
    """``/healthz``: the process is there and its loop turns.

    A MUD that is down is no reason to start the bot anew: that is what ``/readyz`` tells.
    """
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: web.Request) -> web.Response:
    """``/readyz``: 200 if a character is in its game and the store can be read, else 503 and what is missing."""
    bot, missing = bot_of(request), []
    if not any(session.state == "playing" for session in bot.sessions):
        missing.append("no session is in its game")
    if not await store_answers(bot):
        missing.append("the store cannot be read")
    told = "".join(f"{each}\n" for each in missing or ["ok"])
    return web.Response(text=told, status=503 if missing else 200, headers={"Cache-Control": "no-store"})


async def store_answers(bot: Bot) -> bool:
    """Whether what is kept can be read."""
    try:
        async with asyncio.timeout(STORE_WITHIN):
            await bot.store.browse(lambda connection: connection.execute(text("SELECT 1")))
    except (StoreError, TimeoutError):
        return False
    return True


def routes(_bot: Bot) -> list[web.RouteDef]:
    """Both."""
    return [web.get("/healthz", alive), web.get("/readyz", ready)]
