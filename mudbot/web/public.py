"""What everybody may see: the gallery, a page for each picture, the pictures themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from mudbot.store import gallery
from mudbot.store.gallery import Mark, Which
from mudbot.web.auth import action
from mudbot.web.pages import KEYS, bot_of, language_of, page, url
from mudbot.web.shown import SUFFIXES, plain, short, shown
from mudbot.web.words import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.store.pictures import Picture
    from mudbot.web.bot import Bot

PER_PAGE = 24
NAMES = ("sessions", "places", "speakers")
VARIATIONS = 12
LONGEST = 200
"""Characters of a name or a search that count."""
WEEK = "max-age=604800, immutable"
"""An id never gets another picture; but one that was deleted shall not be in caches for ever."""
# They fetch a link to show it in a chat, say that they take anything, and want the page: it has title and caption.
PREVIEWERS = ("facebookexternalhit", "twitterbot", "slackbot", "discordbot", "telegrambot", "whatsapp", "linkedinbot",
              "mastodon", "skypeuripreview", "mattermost", "iframely", "embedly")  # fmt: skip


# -- the gallery -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor chose, as it was written."""

    q: str = ""
    session: str = ""
    place: str = ""
    player: str = ""
    day: str = ""
    show: str = ""
    """For the owner: ``private`` or ``pinned``."""

    @classmethod
    def read(cls, query: Mapping[str, str], *, owner: bool = False) -> Filters:
        """Those of an address; a day that is none and what is not for this visitor do not count."""
        given = {name: plain(query.get(name, "")[:LONGEST]) for name in ("q", "session", "place", "player")}
        day = query.get("day", "")
        show = query.get("show", "") if owner else ""
        return cls(**given, day=day if _span(day) else "", show=show if show in ("private", "pinned") else "")

    @property
    def any(self) -> bool:
        """Whether anything was chosen."""
        return self != Filters()

    def which(self) -> Which:
        """The pictures to find."""
        since, until = _span(self.day) or (None, None)
        return Which(
            session=self.session, place=self.place, speaker=self.player, search=self.q, since=since, until=until,
            private=None if self.show == "pinned" else self.show == "private",
            pinned=True if self.show == "pinned" else None,
        )  # fmt: skip

    def query(self) -> dict[str, str]:
        """As they stand in an address."""
        named = {"q": self.q, "session": self.session, "place": self.place, "player": self.player}
        return {name: value for name, value in (named | {"day": self.day, "show": self.show}).items() if value}


def _span(day: str) -> tuple[float, float] | None:
    """From when to when a day (``2026-05-01``) goes in the bot's own zone, in seconds since 1970; None: it is none."""
    try:
        begin = datetime.combine(date.fromisoformat(day), time()).astimezone()
        end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time()).astimezone()
        return begin.timestamp(), end.timestamp()
    except (ValueError, OverflowError, OSError):
        return None


async def show_gallery(request: web.Request) -> web.StreamResponse:
    """All public pictures, the newest first, or those that were chosen."""
    bot, owner = bot_of(request), request.app[KEYS].is_owner(request)
    filters = Filters.read(request.query, owner=owner)
    before, after = (Mark.read(request.query.get(name, "")) for name in ("before", "after"))

    def query(connection: Connection) -> tuple[gallery.Leaf, gallery.Choices]:
        found = gallery.leaf(connection, filters.which(), before=before, after=after, limit=PER_PAGE)
        return found, gallery.choices(connection)

    leaf, choices = await bot.pictures.browse(query)
    pictures = [shown(bot.pictures.of(row), owner=owner) for row in leaf.rows]
    return page(
        request, "gallery.html", pictures=pictures, filters=filters,
        choices={name: [each for each in getattr(choices, name) if plain(each[0]) == each[0]] for name in NAMES},
        feed=feed_address(bot, filters),
        newer=url(bot, "/gallery", **filters.query(), after=leaf.newer) if leaf.newer else "",
        older=url(bot, "/gallery", **filters.query(), before=leaf.older) if leaf.older else "",
    )  # fmt: skip


def feed_address(bot: Bot, filters: Filters) -> str:
    """The absolute address of the feed of what *filters* choose."""
    query = urlencode(replace(filters, day="", show="").query())
    return f"{bot.pictures.public_url.rstrip('/')}/feed.atom{'?' if query else ''}{query}"


# -- a picture ---------------------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.StreamResponse:
    """``/i/ID``: a page for people and for those who make previews; for all others the picture itself."""
    picture = await _found(request)
    response = await _page_of(request, picture) if wants_page(request) else _file(picture)
    response.headers["Vary"] = "Accept, User-Agent, Accept-Language, Cookie"
    return response


def wants_page(request: web.Request) -> bool:
    """Whether a page is to be sent, not the picture."""
    for part in request.headers.get("Accept", "").lower().split(","):
        kind, _, weight = part.strip().partition(";")
        if kind.strip() in ("text/html", "application/xhtml+xml"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    agent = request.headers.get("User-Agent", "").lower()
    return any(name in agent for name in PREVIEWERS)


async def _page_of(request: web.Request, picture: Picture) -> web.StreamResponse:
    bot, owner = bot_of(request), request.app[KEYS].is_owner(request)

    def query(connection: Connection) -> dict[str, Any]:
        public = Which(private=False)
        newer, older = (None, None) if picture.private else gallery.neighbours(connection, picture, public)
        parent = gallery.one(connection, picture.parent) if picture.parent else None
        made = gallery.leaf(connection, replace(public, parent=picture.id), limit=VARIATIONS).rows
        return {"newer": newer, "older": older, "parent": parent, "variations": made}

    found = await bot.pictures.browse(query)
    around = {name: bot.pictures.of(found[name]) if found[name] is not None else None for name in ("newer", "older")}
    parent = bot.pictures.of(found["parent"]) if found["parent"] is not None else None
    it, language = shown(picture, owner=owner), language_of(request)
    response = page(
        request, "picture.html", it=it, newer=around["newer"], older=around["older"],
        # The address of a private picture is its key: no other page tells it.
        parent=parent if parent is not None and (owner or not (parent.private or picture.private)) else None,
        variations=[shown(bot.pictures.of(row)) for row in found["variations"]] if owner or not picture.private else [],
        title=it.title or text(language, "picture_untitled"),
        about=short(it.caption or text(language, "picture_private_about"), 200),
        published=datetime.fromtimestamp(it.at, UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    if picture.private:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


async def send(request: web.Request) -> web.StreamResponse:
    """``/i/ID.png``: the picture itself, under the suffix that it has."""
    picture = await _found(request)
    if SUFFIXES[picture.type] != f".{request.match_info['suffix']}":
        raise web.HTTPMovedPermanently(url(bot_of(request), f"/i/{picture.id}{SUFFIXES[picture.type]}"))
    return _file(picture)


async def send_thumb(request: web.Request) -> web.StreamResponse:
    """``/i/ID/thumb.webp``: made now where it is missing; the picture itself where it cannot be made."""
    picture = await _found(request)
    path = await bot_of(request).pictures.thumb(picture)
    if path is None:
        return _file(picture)
    return web.FileResponse(path, headers={"Content-Type": "image/webp", "Cache-Control": _lasts(picture)})


def _file(picture: Picture) -> web.StreamResponse:
    name = f'inline; filename="{picture.id}{SUFFIXES[picture.type]}"'
    headers = {"Content-Type": picture.type, "Cache-Control": _lasts(picture), "Content-Disposition": name}
    return web.FileResponse(picture.path, headers=headers)


def _lasts(picture: Picture) -> str:
    return f"private, {WEEK}" if picture.private else f"public, {WEEK}"


async def _found(request: web.Request) -> Picture:
    pictures, name = bot_of(request).pictures, request.match_info["id"]
    picture = await pictures.find(name)
    if picture is not None and await asyncio.to_thread(picture.path.is_file):
        return picture
    if picture is not None or await pictures.is_gone(name):
        raise web.HTTPGone(text=text(language_of(request), "error_410_why") + "\n")
    raise web.HTTPNotFound(text=text(language_of(request), "picture_unknown") + "\n")


# -- the owner's -------------------------------------------------------------------------------------------------------


@action
async def pin(request: web.Request) -> web.StreamResponse:
    """Keep it whatever its age, or no longer."""
    picture, form = await _found(request), await request.post()
    await bot_of(request).pictures.pin(picture.id, pinned=form.get("pinned") == "1")
    raise web.HTTPSeeOther(url(bot_of(request), f"/i/{picture.id}"))


@action
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete it."""
    picture = await _found(request)
    await bot_of(request).pictures.delete([picture.id])
    raise web.HTTPSeeOther(url(bot_of(request), "/gallery"))


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The gallery and the pictures."""
    pages = (
        ("/gallery", show_gallery),
        ("/i/{id:[a-z2-9]{7}}.{suffix:png|jpg|webp}", send),
        ("/i/{id}/thumb.webp", send_thumb),
        ("/i/{id}", show),
    )
    return [
        *(made(path, handler) for path, handler in pages for made in (web.get, web.head)),
        web.post("/i/{id}/pin", pin),
        web.post("/i/{id}/delete", delete),
    ]
