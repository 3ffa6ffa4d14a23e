"""The whole site: every area's pages together, behind the same guards."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.web import safety
from mudbot.web.auth import TRIES_KEY
from mudbot.web.events import WATCHERS
from mudbot.web.keys import Keys, Tries
from mudbot.web.pages import BOT, KEYS, base_path, bot_of, choose_language, url, version_of

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

# Each has ``routes(bot) -> list[web.RouteDef]``.
AREAS = (
    *("auth", "owner", "events"),
    *("public", "feed", "health", "metrics"),
    *("api", "money", "moderation", "conversations", "log", "personas"),
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".txt": "text/plain", ".svg": "image/svg+xml"}
_YEAR = "public, max-age=31536000, immutable"


def build(bot: Bot) -> web.Application:
    """The site of *bot*, which listens nowhere yet."""
    app = web.Application(client_max_size=safety.MAX_BODY, middlewares=[safety.errors, safety.guard(bot.config.web)])
    app.on_response_prepare.append(safety.harmless)
    token = bot.config.web.token
    app[BOT] = bot
    app[KEYS] = Keys(token.get_secret_value() if token else None, bot.clock, bot.store.folder)
    app[TRIES_KEY] = Tries(bot.clock)
    app[WATCHERS] = set()
    routes = [web.get("/", _home), web.get("/lang/{language}", choose_language), web.get("/static/{name}", _static)]
    for area in AREAS:
        routes += import_module(f"mudbot.web.{area}").routes(bot)
    for route in routes:
        app.router.add_route(route.method, route.path, route.handler)
        if prefix := base_path(bot):  # for a proxy that passes the folder on
            app.router.add_route(route.method, f"{prefix}{route.path}", route.handler)
    return app


async def _home(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(url(bot_of(request), "/gallery"))


async def _static(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    folder = files("mudbot.web").joinpath("static")
    if name not in {each.name for each in folder.iterdir()}:
        raise web.HTTPNotFound
    suffix = name[name.rfind(".") :]
    lasting = request.query.get("v") == version_of(name)
    return web.Response(
        body=folder.joinpath(name).read_bytes(),
        content_type=TYPES[suffix],
        charset="utf-8",
        headers={"Cache-Control": _YEAR if lasting else "no-cache"},
    )
