"""A picture's link: a page for people, the picture for programs, good previews, and a polite end."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from mudbot.store.pictures import Picture
from mudbot.web.shown import plain, short, shown
from tests.web.web_fakes import TOKEN, Client, FakeBot
from tests.web.web_html import ZH, Html, hang, png, unsafe

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


async def ask(guest: Client, path: str, **headers: str) -> tuple[int, Any, bytes]:
    async with guest.http.get(guest.url + path, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "agent", "kind"),
    [
        (BROWSER, "Mozilla/5.0", "text/html"),
        ("text/html", "", "text/html"),
        ("TEXT/HTML;q=0.3,image/*", "", "text/html"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "Mozilla/5.0", "image/png"),
        ("*/*", "curl/8", "image/png"),
        ("", "", "image/png"),
        ("text/html;q=0, */*", "", "image/png"),
        ("image/png", "", "image/png"),
        ("*/*", "facebookexternalhit/1.1", "text/html"),
        ("*/*", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "text/html"),
        ("*/*", "TelegramBot (like TwitterBot)", "text/html"),
    ],
)
async def test_a_link_is_a_page_for_people_and_a_picture_for_programs(
    bot: FakeBot, guest: Client, accept: str, agent: str, kind: str
) -> None:
    """Those who make previews in chats take anything, and get the page: it has title and caption."""
    picture = await hang(bot)
    status, headers, body = await ask(guest, f"/i/{picture.id}", **{"Accept": accept, "User-Agent": agent})
    assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)
    assert (body == png()) is (kind == "image/png")
    assert {"Accept", "User-Agent"} <= set(headers["Vary"].split(", "))


@pytest.mark.parametrize(
    ("form", "suffix", "kind"),
    [("PNG", "png", "image/png"), ("JPEG", "jpg", "image/jpeg"), ("WEBP", "webp", "image/webp")],
)
async def test_the_picture_has_an_address_with_its_own_suffix(
    bot: FakeBot, guest: Client, form: str, suffix: str, kind: str
) -> None:
    """Other suffixes lead there."""
    data = png(form=form)
    picture = await hang(bot, data)
    status, headers, body = await ask(guest, f"/i/{picture.id}.{suffix}", Accept=BROWSER)
    assert (status, headers["Content-Type"], body) == (200, kind, data)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == f'inline; filename="{picture.id}.{suffix}"'
    wrong = "png" if suffix != "png" else "jpg"
    status, headers, _ = await ask(guest, f"/i/{picture.id}.{wrong}")
    assert (status, headers["Location"]) == (301, f"/i/{picture.id}.{suffix}")


async def test_pictures_may_be_kept_by_caches_for_a_week_and_private_ones_by_ones_own(
    bot: FakeBot, guest: Client
) -> None:
    """A deleted one shall not be somewhere for ever."""
    public, private = await hang(bot), await hang(bot, png(1), private=True)
    for picture, whose in ((public, "public"), (private, "private")):
        for path in (f"/i/{picture.id}.png", f"/i/{picture.id}/thumb.webp"):
            _, headers, _ = await ask(guest, path)
            assert headers["Cache-Control"] == f"{whose}, max-age=604800, immutable"
    page = await ask(guest, f"/i/{public.id}", Accept=BROWSER)
    assert page[1]["Cache-Control"] == "no-cache"


async def test_a_client_that_knows_the_picture_need_not_load_it_again(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot)
    _, headers, _ = await ask(guest, f"/i/{picture.id}.png")
    status, _, body = await ask(guest, f"/i/{picture.id}.png", **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")


async def test_a_thumbnail_is_small_and_made_when_missing(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot, png(size=(900, 300)))
    path = await bot.pictures.thumb(picture)
    assert path is not None
    path.unlink()
    status, headers, body = await ask(guest, f"/i/{picture.id}/thumb.webp")
    assert (status, headers["Content-Type"], body[8:12]) == (200, "image/webp", b"WEBP")


async def test_what_has_no_thumbnail_is_sent_itself(bot: FakeBot, guest: Client) -> None:
    data = bytearray(png(size=(64, 64)))
    data[60] ^= 0xFF
    picture = await hang(bot, bytes(data))
    status, headers, body = await ask(guest, f"/i/{picture.id}/thumb.webp")
    assert (status, headers["Content-Type"], body) == (200, "image/png", bytes(data))


# -- the page ----------------------------------------------------------------------------------------------------------


async def test_the_page_tells_all_that_is_public(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot, place="The Inn", style="ink wash", words="a crane please")
    page = await guest.get(f"/i/{picture.id}")
    text = Html(page).text
    for told in ("A white crane", "a white crane, ink", "a crane please", "The Inn", "Ann", "ink wash", "mud.example"):
        assert told in text
    assert picture.link in text
    assert unsafe(page) == []
    assert "求画的人" in await guest.get(f"/i/{picture.id}", **ZH)


async def test_previews_have_title_caption_and_the_picture_by_absolute_addresses(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot, png(size=(640, 480)), place="The Inn", caption='A "crane" & <more>')
    html = Html(await guest.get(f"/i/{picture.id}"))
    assert html.meta("og:title") == html.meta("twitter:title") == "The Inn"
    assert html.meta("og:description") == 'A "crane" & <more>'
    assert html.meta("og:url") == picture.link == f"http://bot.example/i/{picture.id}"
    assert html.meta("og:image") == html.meta("twitter:image") == f"{picture.link}.png"
    assert (html.meta("og:image:width"), html.meta("og:image:height")) == ("640", "480")
    assert html.meta("og:image:type") == "image/png"
    assert html.meta("twitter:card") == "summary_large_image"
    assert html.all("link", rel="canonical", href=picture.link)


async def test_of_a_private_picture_nothing_is_told_but_itself(bot: FakeBot, guest: Client) -> None:
    """Not to people, not in previews, and search engines shall forget it."""
    words = {"caption": "my gold", "prompt": "under the oak", "words": "hide it", "speaker": "Eve", "place": "Cellar"}
    picture = await hang(bot, private=True, session="secret.example", style="for-eve", player="eve7", **words)
    await hang(bot, png(1), parent=picture.id)
    page = await guest.get(f"/i/{picture.id}")
    told = (*words.values(), "secret.example", "for-eve", "eve7")
    assert not [word for word in told if word in page]
    assert Html(page).meta("og:image") == f"{picture.link}.png"
    assert Html(page).meta("robots") == guest.headers["X-Robots-Tag"] == "noindex"
    assert len([each for each in Html(page).all("img") if "/i/" in each["src"]]) == 1


async def test_pages_lead_to_neighbours_and_to_what_was_made_of_them(bot: FakeBot, guest: Client) -> None:
    """Never to a private one: its address is its key."""
    first = await hang(bot)
    second = await hang(bot, png(1), parent=first.id)
    hidden = await hang(bot, png(2), private=True, parent=first.id)
    third = await hang(bot, png(3), parent=hidden.id)
    pages = {each.id: await guest.get(f"/i/{each.id}") for each in (first, second, hidden, third)}
    assert Html(pages[first.id]).all("a", rel="prev", href=f"/i/{second.id}")
    assert Html(pages[second.id]).all("a", rel="next", href=f"/i/{first.id}")
    assert "Made from this picture" in pages[second.id]
    assert "Made from it" in pages[first.id]
    assert not [page for name, page in pages.items() if name != hidden.id and hidden.id in page]
    assert not [each.id for each in (first, second, third) if each.id in pages[hidden.id]]


async def test_odd_pictures_have_odd_fields(bot: FakeBot, guest: Client) -> None:
    """Nothing is told, and a parent that is no more: the page is there all the same."""
    picture = await hang(bot, caption="", prompt="", speaker="", session="", parent="zzzzzzz")
    assert Html(await guest.get(f"/i/{picture.id}")).meta("og:title") == "A picture"


# -- what is not there -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["", ".png", "/thumb.webp"])
async def test_a_deleted_picture_is_gone_politely(bot: FakeBot, guest: Client, tail: str) -> None:
    """410, with a page for people and a line for programs, which caches do not keep."""
    picture = await hang(bot)
    await bot.pictures.delete([picture.id])
    page = await guest.get(f"/i/{picture.id}{tail}", status=410)
    assert "This picture is gone" in page
    assert "perhaps somebody draws it again" in page
    status, headers, body = await ask(guest, f"/i/{picture.id}{tail}")
    assert (status, headers["Cache-Control"], headers["Content-Type"]) == (410, "no-store", "text/plain; charset=utf-8")
    assert b"It was here once." in body


async def test_a_picture_whose_file_is_lost_is_gone_as_well(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot)
    picture.path.unlink()
    assert "这幅画已经不在了" in await guest.get(f"/i/{picture.id}", status=410, **ZH)


@pytest.mark.parametrize("odd", ["aaaaaaa", "x", "AAAAAAA", "%252e", "aaaaaaa.gif", "aaaaaaa/thumb.png", "a'--"])
async def test_what_never_was_is_not_found(guest: Client, odd: str) -> None:
    await guest.get(f"/i/{odd}", status=404)


# -- the owner's -------------------------------------------------------------------------------------------------------


async def test_the_owner_sees_who_asked_in_private(bot: FakeBot, owner: Client) -> None:
    picture = await hang(bot, private=True, caption="my gold", speaker="Eve")
    page = await owner.get(f"/i/{picture.id}")
    assert "my gold" in page
    assert "Eve" in page
    assert owner.headers["Cache-Control"] == "no-store"


async def test_the_owner_pins_and_unpins(bot: FakeBot, owner: Client) -> None:
    picture = await hang(bot)
    csrf = await owner.csrf(f"/i/{picture.id}")
    for value, pinned in (("1", True), ("0", False)):
        await owner.post(f"/i/{picture.id}/pin", csrf=csrf, pinned=value)
        assert owner.headers["Location"] == f"/i/{picture.id}"
        found = await bot.pictures.find(picture.id)
        assert found is not None
        assert found.pinned is pinned


async def test_the_owner_deletes(bot: FakeBot, owner: Client) -> None:
    picture = await hang(bot)
    await owner.post(f"/i/{picture.id}/delete", csrf=await owner.csrf(f"/i/{picture.id}"))
    assert owner.headers["Location"] == "/gallery"
    assert not picture.path.exists()
    await owner.get(f"/i/{picture.id}", status=410)


async def test_nobody_else_changes_anything(bot: FakeBot, guest: Client) -> None:
    """Not without a login, not without the form's secret, not from another site, not by GET."""
    picture = await hang(bot)
    page = await guest.get(f"/i/{picture.id}")
    assert not [each for each in Html(page).all("form") if each.get("method") == "post"]
    for what in ("pin", "delete"):
        await guest.post(f"/i/{picture.id}/{what}", status=302, pinned="1")
        assert guest.headers["Location"].startswith("/login")
    await guest.post("/login", token=TOKEN, next="/")
    csrf = await guest.csrf(f"/i/{picture.id}")
    for what in ("pin", "delete"):
        await guest.post(f"/i/{picture.id}/{what}", status=403, pinned="1")
        await guest.post(f"/i/{picture.id}/{what}", status=403, pinned="1", csrf="0" * 64)
        await guest.post(f"/i/{picture.id}/{what}", status=403, pinned="1", csrf=csrf,
                         headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})  # fmt: skip
        await guest.get(f"/i/{picture.id}/{what}", status=405)
    assert await bot.pictures.find(picture.id) == picture
    await guest.post("/i/aaaaaaa/pin", status=404, csrf=csrf, pinned="1")


# -- what is shown, without any web ------------------------------------------------------------------------------------


def test_texts_are_plain_and_short() -> None:
    assert plain("a\x1b[31mb\x00\u202ec\ufeff\n d\t") == "a[31mb" + "c\n d"
    assert short("one\n two  three") == "one two three"
    assert short("x" * 200) == "x" * 89 + "…"


def test_a_prompt_that_the_caption_repeats_is_told_once(tmp_path: Any) -> None:
    picture = Picture("aaaaaaa", tmp_path, "image/png", "a crane, ink", "http://h/i/aaaaaaa", prompt="a crane",
                      words="a crane", private=False)  # fmt: skip
    told = shown(picture)
    assert (told.caption, told.prompt, told.words) == ("a crane, ink", "", "")


async def test_heads_are_answered_without_bodies(bot: FakeBot, guest: Client) -> None:
    picture = await hang(bot)
    async with aiohttp.ClientSession() as http:
        for path in (f"/i/{picture.id}", f"/i/{picture.id}.png", "/gallery", "/feed.atom"):
            async with http.head(guest.url + path) as answer:
                assert (answer.status, await answer.read()) == (200, b"")
