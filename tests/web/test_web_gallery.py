"""The gallery: everybody finds every public picture in it, and nothing that was private."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from mudbot.store.store import StoreError
from mudbot.testing import FakeClock
from tests.web.web_fakes import Client, FakeBot, Serve, config_of, make_bot
from tests.web.web_html import HOSTILE, ZH, Html, hang, png, unsafe


def ids(page: str) -> list[str]:
    """The pictures of a page, in its order."""
    links = (each.get("href", "") for each in Html(page).all("a"))
    return [link.removeprefix("/i/") for link in links if link.startswith("/i/")]


async def test_the_address_of_the_site_leads_to_the_gallery(guest: Client) -> None:
    await guest.get("/", status=302)
    assert guest.headers["Location"] == "/gallery"


async def test_pictures_are_listed_with_caption_and_name(bot: FakeBot, guest: Client) -> None:
    """The newest first, each a link with its thumbnail."""
    first = await hang(bot)
    second = await hang(bot, png(1), caption="一只仙鹤", speaker="小红")
    page = await guest.get("/gallery")
    html = Html(page)
    assert ids(page) == [second.id, first.id]
    assert {"A white crane", "一只仙鹤"} <= {line.strip() for line in html.text.split("\n")}
    assert "小红" in html.text
    assert html.all("img", src=f"/i/{first.id}/thumb.webp")
    assert unsafe(page) == []


async def test_an_empty_gallery_says_how_to_begin(guest: Client) -> None:
    assert "In the game, !scene draws one." in await guest.get("/gallery")
    assert "在游戏里说 !画" in await guest.get("/gallery", **ZH)
    assert "No picture fits that." in await guest.get("/gallery?q=crane")


async def test_private_pictures_are_in_no_list(bot: FakeBot, guest: Client) -> None:
    """Nor the names and places that they alone have."""
    words = {"caption": "my gold", "prompt": "under the oak", "words": "hide it", "speaker": "Eve", "place": "Cellar"}
    picture = await hang(bot, private=True, session="secret.example", player="eve7", **words)
    for path in ("/gallery", "/gallery?q=old", "/gallery?player=EVE", "/gallery?show=private", "/feed.atom"):
        text = await guest.get(path)
        assert not [word for word in ("gold", "oak", "hide it", "Eve", "Cellar", "secret.example") if word in text]
        assert picture.id not in text


async def test_keys_of_players_are_on_no_public_page(bot: FakeBot, guest: Client) -> None:
    """A login id is half of what opens an account."""
    picture = await hang(bot, player="login-of-ann", model="painter-9", subject="hash-of-it", character="Chen")
    for path in ("/gallery", f"/i/{picture.id}", "/feed.atom"):
        text = await guest.get(path)
        assert not [word for word in ("login-of-ann", "painter-9", "hash-of-it") if word in text]


async def test_pictures_are_chosen(bot: FakeBot, guest: Client) -> None:
    one = await hang(bot, place="The Inn", speaker="Ann")
    two = await hang(bot, png(1), place="客栈", speaker="Bob", session="other.example", caption="仙鹤")
    for query, expected in (
        ("player=Bob", [two.id]), ("place=The+Inn", [one.id]), ("place=%E5%AE%A2%E6%A0%88", [two.id]),
        ("session=other.example", [two.id]), ("q=crane", [two.id, one.id]), ("q=%E4%BB%99%E9%B9%A4", [two.id]),
        ("q=crane&player=Ann", [one.id]), ("q=nothing", []), ("day=x&before=y&after=z", [two.id, one.id]),
    ):  # fmt: skip
        assert ids(await guest.get(f"/gallery?{query}")) == expected, query
    html = Html(await guest.get("/gallery?session=other.example&q=a&player=Bob"))
    assert html.all("input", id="player", value="Bob")
    assert html.all("option", value="other.example", selected="")


async def test_pictures_of_a_day_are_those_of_the_bots_own_day(tmp_path: Path, serve: Serve) -> None:
    """From midnight to midnight."""
    clock = FakeClock()
    bot = make_bot(config_of(tmp_path), clock)
    guest = await serve(bot)
    midnight = datetime(2024, 6, 5).astimezone().timestamp()
    await clock.advance(midnight - 1 - clock.wall())
    made = [await hang(bot, png(0))]
    for colour, later in ((1, 1), (2, 86_399), (3, 1)):
        await clock.advance(later)
        made.append(await hang(bot, png(colour)))
    assert ids(await guest.get("/gallery?day=2024-06-05")) == [made[2].id, made[1].id]
    assert ids(await guest.get("/gallery?day=2024-06-06")) == [made[3].id]
    assert ids(await guest.get("/gallery?day=9999-12-31")) in ([], [each.id for each in reversed(made)])


async def test_pages_lead_to_older_and_newer_ones_with_what_was_chosen(bot: FakeBot, guest: Client) -> None:
    for number in range(30):
        await bot.store.write(
            "pictures", id=f"aaaaa{chr(97 + number // 26)}{chr(97 + number % 26)}", session="s", speaker="Ann",
            prompt="", caption=f"crane {number}", file="x.png", type="image/png", private=False,
        )  # fmt: skip
    first = await guest.get("/gallery?player=Ann")
    (older,) = Html(first).all("a", rel="next")
    assert not Html(first).all("a", rel="prev")
    second = await guest.get(older["href"])
    assert (len(ids(first)), len(ids(second))) == (24, 6)
    assert not set(ids(first)) & set(ids(second))
    assert "player=Ann" in older["href"]
    (newer,) = Html(second).all("a", rel="prev")
    assert ids(await guest.get(newer["href"])) == ids(first)


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_nothing_that_is_written_runs(bot: FakeBot, guest: Client, hostile: str) -> None:
    """In names, places, captions, prompts and searches, in the gallery, on the page and in the owner's view."""
    words = dict.fromkeys(("speaker", "place", "caption", "prompt", "words", "style", "session"), hostile)
    picture = await hang(bot, **words)
    secret = await hang(bot, png(1), private=True, **words)
    for logged_in in (False, True):
        if logged_in:
            await guest.log_in()
        for path in ("/gallery", f"/i/{picture.id}", f"/i/{secret.id}", "/gallery?show=private"):
            assert unsafe(await guest.get(path)) == [], path
    async with guest.http.get(f"{guest.url}/gallery", params={"q": hostile, "player": hostile, "place": hostile,
                              "session": hostile, "day": hostile, "before": hostile}) as answer:  # fmt: skip
        if answer.status != 400:  # an address of 20,000 bytes is none
            assert (answer.status, unsafe(await answer.text())) == (200, [])


async def test_what_is_hostile_is_still_told(bot: FakeBot, guest: Client) -> None:
    """As text: nothing of a name is lost for its angle brackets."""
    picture = await hang(bot, caption='<b>bold</b> & "quoted"', speaker="<Ann>")
    for path in ("/gallery", f"/i/{picture.id}"):
        html = Html(await guest.get(path))
        assert '<b>bold</b> & "quoted"' in html.text
        assert "<Ann>" in html.text


async def test_the_owner_sees_private_and_pinned_ones_when_asked(bot: FakeBot, owner: Client) -> None:
    public, private, pinned = await hang(bot), await hang(bot, png(1), private=True), await hang(bot, png(2))
    await bot.pictures.pin(pinned.id, pinned=True)
    assert ids(await owner.get("/gallery")) == [pinned.id, public.id]
    assert ids(await owner.get("/gallery?show=private")) == [private.id]
    assert ids(await owner.get("/gallery?show=pinned")) == [pinned.id]
    assert owner.headers["Cache-Control"] == "no-store"


async def test_a_gallery_behind_a_folder_of_a_proxy_has_its_links(tmp_path: Path, serve: Serve) -> None:
    bot = make_bot(config_of(tmp_path, public_url="https://example.org/mud"))
    bot.pictures.public_url = "https://example.org/mud"
    guest = await serve(bot)
    picture = await hang(bot)
    page = await guest.get("/mud/gallery")
    assert Html(page).all("a", href=f"/mud/i/{picture.id}")
    assert Html(page).all("link", type="application/atom+xml", href="https://example.org/mud/feed.atom")


async def test_a_store_that_is_down_is_said_without_details(
    bot: FakeBot, guest: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_query: object) -> None:
        raise StoreError("disk /secret/place is full")

    monkeypatch.setattr(bot.store, "browse", down)
    for path in ("/gallery", "/i/aaaaaaa", "/feed.atom"):
        assert "secret" not in await guest.get(path, status=503)
