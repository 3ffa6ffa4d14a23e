"""The owner's pages of who talked with whom about what, private words among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from mudbot.store import search, talks
from mudbot.web.auth import owner_only
from mudbot.web.pages import bot_of, page, values_of
from mudbot.web.paging import marked, number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.web.bot import Bot

HITS = 50
"""Turns on a page of what was found."""


@owner_only
async def talkers(request: web.Request) -> web.StreamResponse:
    """``/dashboard/conversations``: who talked lately; with ``q`` what was said that has these words."""
    words, who, character = values_of(request.query, "q", "who", "character", longest=200)
    if search.question(words):
        return await _found(request, words, who, character)
    skip = min(number_of(request, "skip"), 1_000_000)

    def query(connection: Connection) -> tuple[list[talks.Talker], list[str]]:
        return talks.talkers(connection, character=character, who=who, skip=skip), talks.characters(connection)

    found, characters = await bot_of(request).store.browse(query)
    return page(
        request,
        "conversations.html",
        found=found[: talks.PAGE],
        older=skip + talks.PAGE if len(found) > talks.PAGE else 0,
        newer=skip > 0,
        most=talks.MOST,
        characters=characters,
        words=words,
        who=who,
        character=character,
        hits=None,
    )


async def _found(request: web.Request, words: str, who: str, character: str) -> web.StreamResponse:
    before, store = number_of(request, "before"), bot_of(request).store
    complete = await search.catch_up(store)

    def query(connection: Connection) -> tuple[Any, list[str]]:
        speakers = [each.speaker for each in talks.talkers(connection, character=character, who=who)] if who else []
        rows: Any = []
        if speakers or not who:
            rows = search.said(connection, words, character=character, speakers=speakers, before=before, limit=HITS + 1)
        return rows, talks.characters(connection)

    hits, characters = await store.browse(query)
    return page(
        request,
        "conversations.html",
        found=[],
        hits=[(row, marked(row.text, words)) for row in hits[:HITS]],
        older=hits[HITS - 1].id if len(hits) > HITS else 0,
        newer=before > 0,
        complete=complete,
        characters=characters,
        words=words,
        who=who,
        character=character,
    )


@owner_only
async def talk(request: web.Request) -> web.StreamResponse:
    """``/dashboard/conversations/talk``: what was said between a character and somebody, in its order.

    ``before=`` one turn, or around the ``turn=`` that was found.
    """
    character, speaker = values_of(request.query, "character", "speaker", longest=200)
    given, turn = number_of(request, "before"), number_of(request, "turn")

    def query(connection: Connection) -> tuple[Any, int]:
        before = talks.past(connection, character, speaker, turn) if turn else given
        return talks.talk(connection, character, speaker, before=before), before

    rows, before = await bot_of(request).store.browse(query)
    if not rows and not before:
        raise web.HTTPNotFound
    shown = rows[: talks.PAGE]
    names = [row.name for row in shown if not row.own]
    return page(
        request,
        "conversation.html",
        rows=shown[::-1],
        older=shown[-1].id if len(rows) > talks.PAGE else 0,
        newer=before > 0,
        character=character,
        speaker=speaker,
        name=names[0] if names else speaker,
    )


def routes(_bot: Bot) -> list[web.RouteDef]:
    """Both pages."""
    return [web.get("/dashboard/conversations", talkers), web.get("/dashboard/conversations/talk", talk)]
