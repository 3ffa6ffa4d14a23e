"""The feed: valid Atom of the newest public pictures, with absolute addresses, read again only where it changed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from mudbot.web.feed import feed
from mudbot.web.shown import shown
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import HOSTILE, hang, png, unsafe

A = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def ask(guest: Client, path: str = "/feed.atom", **headers: str) -> tuple[int, Any, bytes]:
    async with guest.http.get(guest.url + path, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


def check(data: bytes) -> list[ET.Element]:
    """The entries of a feed that has all that RFC 4287 wants."""
    root = ET.fromstring(data)
    assert root.tag == f"{A}feed"
    entries = root.findall(f"{A}entry")
    for each in (root, *entries):
        for name in ("id", "title", "updated"):
            (found,) = each.findall(f"{A}{name}")
            assert (found.text or "").strip()
        assert RFC3339.fullmatch(each.findtext(f"{A}updated") or "")
        assert urlsplit(each.findtext(f"{A}id") or "").scheme
        assert len([link for link in each.findall(f"{A}link") if link.get("rel") == "alternate"]) == 1
    assert [link.get("rel") for link in root.findall(f"{A}link")] == ["self", "alternate"]
    assert root.findall(f"{A}author/{A}name")
    links = [link.get("href") or "" for link in root.iter(f"{A}link")]
    assert all(urlsplit(link).scheme in ("http", "https") and urlsplit(link).netloc for link in links)
    assert len({each.findtext(f"{A}id") for each in entries}) == len(entries)
    return entries


async def test_the_newest_pictures_are_in_it(bot: FakeBot, guest: Client) -> None:
    first = await hang(bot, place="The Inn")
    second = await hang(bot, png(1), caption="一只仙鹤", speaker="小红", session="other.example")
    status, headers, body = await ask(guest)
    assert (status, headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    newest, older = check(body)
    assert [each.findtext(f"{A}title") for each in (newest, older)] == ["一只仙鹤", "The Inn"]
    assert newest.findtext(f"{A}author/{A}name") == "小红"
    assert [link.get("href") for link in older.findall(f"{A}link")] == [first.link, f"{first.link}.png"]
    (enclosure,) = [link for link in newest.findall(f"{A}link") if link.get("rel") == "enclosure"]
    assert (enclosure.get("type"), enclosure.get("length")) == ("image/png", str(second.size))


async def test_an_empty_feed_is_valid(guest: Client) -> None:
    assert check((await ask(guest))[2]) == []


async def test_it_is_bounded(bot: FakeBot, guest: Client) -> None:
    for number in range(60):
        bot.store.write(
            "pictures", id=f"p{number}", session="", speaker="", prompt="", caption="", file="x.png", type="image/png",
            private=False,
        )  # fmt: skip
    assert len(check((await ask(guest))[2])) == 50


async def test_a_feed_of_what_was_chosen(bot: FakeBot, guest: Client) -> None:
    await hang(bot, speaker="Ann")
    await hang(bot, png(1), speaker="Bob & <Co>")
    _, _, body = await ask(guest, "/feed.atom?player=Bob+%26+%3CCo%3E")
    (entry,) = check(body)
    assert entry.findtext(f"{A}author/{A}name") == "Bob & <Co>"
    own = ET.fromstring(body).find(f"{A}link")
    assert own is not None
    assert own.get("href") == "http://bot.example/feed.atom?player=Bob+%26+%3CCo%3E"


async def test_who_has_it_is_told_so(bot: FakeBot, guest: Client) -> None:
    """By its tag, else by its date; and gets it again once there is one more."""
    await hang(bot)
    _, headers, _ = await ask(guest)
    tag, date = headers["ETag"], headers["Last-Modified"]
    assert headers["Cache-Control"] == "public, max-age=300"
    assert (await ask(guest, **{"If-None-Match": tag}))[::2] == (304, b"")
    assert (await ask(guest, **{"If-None-Match": f'"x", {tag}'}))[0] == 304
    assert (await ask(guest, **{"If-Modified-Since": date}))[0] == 304
    assert (await ask(guest, **{"If-None-Match": '"other"', "If-Modified-Since": date}))[0] == 200
    await hang(bot, png(1))
    assert (await ask(guest, **{"If-None-Match": tag}))[0] == 200


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_words_break_nothing(bot: FakeBot, guest: Client, hostile: str) -> None:
    """Not the XML, and not the HTML within it."""
    words = dict.fromkeys(("speaker", "place", "caption", "prompt", "words", "style", "session"), hostile)
    await hang(bot, **words)
    _, _, body = await ask(guest)
    (entry,) = check(body)
    assert unsafe(entry.findtext(f"{A}content") or "") == []
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", body.decode())


async def test_entries_keep_their_ids_when_the_site_moves(bot: FakeBot) -> None:
    """A reader would show everything as new."""
    picture = await hang(bot)
    found = []
    for home in ("http://a.example", "https://b.example/mud"):
        bot.pictures.public_url = home
        again = await bot.pictures.find(picture.id)
        assert again is not None
        (entry,) = check(feed([shown(again)], home=home, own=f"{home}/feed.atom", language="zh"))
        found.append(entry.findtext(f"{A}id"))
    assert found[0] == found[1]
    await bot.store.close()
