"""The newest public pictures as an Atom feed (RFC 4287), with thumbnails as feed readers know them (Media RSS)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from aiohttp import web
from markupsafe import Markup

from mudbot.store import gallery
from mudbot.web.pages import bot_of
from mudbot.web.public import Filters, feed_address
from mudbot.web.shown import Shown, plain, shown
from mudbot.web.words import Language, text

if TYPE_CHECKING:
    from mudbot.web.bot import Bot

ENTRIES = 50
FRESH = "public, max-age=300"
ATOM = "http://www.w3.org/2005/Atom"
MEDIA = "http://search.yahoo.com/mrss/"


async def send(request: web.Request) -> web.StreamResponse:
    """``/feed.atom``; the gallery's filters count here as well."""
    bot = bot_of(request)
    filters = Filters.read(request.query)
    leaf = await bot.pictures.browse(partial(gallery.leaf, which=filters.which(), limit=ENTRIES))
    sessions = bot.config.sessions
    language: Language = sessions[0].language if sessions else "en"
    entries = [shown(bot.pictures.of(row)) for row in leaf.rows]
    body = feed(entries, home=bot.pictures.public_url.rstrip("/"), own=feed_address(bot, filters), language=language)
    return _answer(request, body, entries[0].at if entries else 0.0)


def _answer(request: web.Request, body: bytes, at: float) -> web.StreamResponse:
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    changed = datetime.fromtimestamp(int(at), UTC)
    headers = {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True), "Cache-Control": FRESH}
    known = request.headers.get("If-None-Match")
    since = request.if_modified_since
    # RFC 9110, 13.2.2: the date counts only where there is no tag.
    same = tag in known or known.strip() == "*" if known is not None else since is not None and changed <= since
    if same:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers, content_type="application/atom+xml", charset="utf-8")


def feed(entries: Sequence[Shown], *, home: str, own: str, language: Language) -> bytes:
    """The feed of *entries*, the newest first.  *home* is the site's absolute address, *own* the feed's."""
    root = ET.Element("feed", {"xmlns": ATOM, "xmlns:media": MEDIA, "xml:lang": "zh-CN" if language == "zh" else "en"})
    _add(root, "id", own)
    _add(root, "title", text(language, "feed_title"))
    _add(root, "updated", _time(entries[0].at if entries else 0.0))
    _add(_add(root, "author"), "name", text(language, "site"))
    _add(root, "generator", "mudbot")
    _add(root, "link", rel="self", type="application/atom+xml", href=own)
    _add(root, "link", rel="alternate", type="text/html", href=f"{home}/gallery")
    for each in entries:
        _entry(root, each, language)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode()


def _entry(root: ET.Element, it: Shown, language: Language) -> None:
    entry = _add(root, "entry")
    title = it.title or text(language, "picture_untitled")
    # Not its link: that changes with web.public_url, and readers would take everything for new.
    _add(entry, "id", uuid.uuid5(uuid.NAMESPACE_URL, f"mudbot:picture:{it.id}").urn)
    _add(entry, "title", title)
    _add(entry, "published", _time(it.at))
    _add(entry, "updated", _time(it.at))
    if it.speaker:
        _add(_add(entry, "author"), "name", it.speaker)
    _add(entry, "link", rel="alternate", type="text/html", href=it.link)
    _add(entry, "link", rel="enclosure", type=it.type, href=it.file, length=str(it.size))
    if it.session:
        _add(entry, "category", term=it.session)
    _add(entry, "media:thumbnail", url=it.thumb)
    told = Markup('<p><a href="{}"><img src="{}" alt="{}"></a></p><p>{}</p>')
    _add(entry, "content", str(told.format(it.link, it.thumb, it.title, it.caption)), type="html")


def _add(parent: ET.Element, tag: str, told: str | None = None, /, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, {name: plain(value) for name, value in attributes.items()})
    if told is not None:
        made.text = plain(told)
    return made


def _time(at: float) -> str:
    """RFC 3339."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The feed."""
    return [web.get("/feed.atom", send), web.head("/feed.atom", send)]
