"""The pages of who talked with whom: by player, by words in every language; and whatever was said is only text."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.store import talks
from mudbot.web.paging import marked
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

HOME = "/dashboard/conversations"
EVIL = "<script>alert(1)</script>\" onload='x'>"


async def say(bot: FakeBot, words: str, speaker: str = "ann", **more: Any) -> None:
    row = {"character": "inn/Chen", "speaker": speaker, "private": False, "name": speaker.title(), "own": False}
    await bot.store.write("turns", **row | {"text": words} | more)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_players_are_listed_and_lead_to_what_they_said(bot: FakeBot, owner: Client, language: str) -> None:
    await say(bot, "An ale, please")
    await say(bot, "At once", name="Chen", own=True)
    await say(bot, "a secret", private=True)
    text = await owner.get(HOME, **speaking(language))
    link = f"{HOME}/talk?character=inn%2FChen&amp;speaker=ann"
    assert link in text
    talk = await owner.get(link.replace("&amp;", "&"), **speaking(language))
    said = [talk.index(words) for words in ("An ale, please", "At once", "a secret")]
    assert said == sorted(said)
    assert ("private" if language == "en" else "私聊") in talk


@pytest.mark.parametrize(("words", "hit"), [("壶酒", "一<mark>壶酒</mark>"), ("ALE", "An <mark>ale</mark>")])
async def test_what_was_said_is_found_and_marked(bot: FakeBot, owner: Client, words: str, hit: str) -> None:
    await say(bot, "老陈，来一壶酒")
    await say(bot, "An ale, please", speaker="bob")
    text = await owner.get(f"{HOME}?q={words}")
    assert hit in text
    assert text.count("<mark>") == 1
    assert text.count('class="who"') == 1


async def test_a_search_can_be_for_one_players_words(bot: FakeBot, owner: Client) -> None:
    await say(bot, "ale for me")
    await say(bot, "ale for you", speaker="bob")
    assert "ale</mark> for me" not in await owner.get(f"{HOME}?q=ale&who=bob")
    assert "ale</mark> for you" in await owner.get(f"{HOME}?q=ale&who=bob")
    assert "Nothing was said like that." in await owner.get(f"{HOME}?q=ale&who=nobody")


async def test_words_and_names_are_only_text(bot: FakeBot, owner: Client) -> None:
    """In the list, in the talk, in what was found, and in the fields that say what was looked for."""
    await say(bot, f"hello {EVIL}", speaker=EVIL, name=EVIL, place=EVIL, character=EVIL)
    await say(bot, "hello", character="other/Wu")
    from urllib.parse import urlencode

    for path in (
        HOME,
        f"{HOME}?{urlencode({'q': 'hello'})}",
        f"{HOME}?{urlencode({'q': EVIL, 'who': EVIL, 'character': EVIL})}",
        f"{HOME}/talk?{urlencode({'character': EVIL, 'speaker': EVIL})}",
    ):
        text = await owner.get(path)
        assert "<script>alert" not in text
        assert "' onload='" not in text.replace("&#39;", "")
        assert "&lt;script&gt;" in text


async def test_long_talks_are_turned_page_by_page(bot: FakeBot, owner: Client) -> None:
    for number in range(talks.PAGE + 5):
        await say(bot, f"word-{number:03}-")
    first = await owner.get(f"{HOME}/talk?character=inn/Chen&speaker=ann")
    assert "word-004-" not in first
    assert "word-005-" in first
    second = await owner.get(f"{HOME}/talk?character=inn/Chen&speaker=ann&before=6")
    assert "word-004-" in second
    assert "word-005-" not in second


async def test_who_is_not_there_is_not_found(owner: Client) -> None:
    await owner.get(f"{HOME}/talk?character=x&speaker=y", status=404)
    assert "Nobody has talked" in await owner.get(HOME)


@pytest.mark.parametrize(
    "odd", ["before=x", "before=-1", "before=" + "9" * 400, "skip=9999999999999", "q=%22%00", "q=*"]
)
async def test_odd_questions_are_answered(owner: Client, odd: str) -> None:
    await owner.get(f"{HOME}?q=a&{odd}")


@pytest.mark.parametrize("path", [HOME, f"{HOME}/talk?character=x&speaker=y"])
async def test_only_the_owner_sees_them(guest: Client, path: str) -> None:
    await guest.get(path, status=302)


def test_marks_stand_where_the_words_do() -> None:
    assert marked("An ale, an ALE!", "ale an") == [
        ("An", True),
        (" ", False),
        ("ale", True),
        (", ", False),
        ("an", True),
        (" ", False),
        ("ALE", True),
        ("!", False),
    ]
    assert marked("a.b", ".") == [("a", False), (".", True), ("b", False)]
    assert marked("text", " ") == [("text", False)]


async def test_what_was_found_is_shown_within_its_talk(bot: FakeBot, owner: Client) -> None:
    """With what followed, however long ago it was; where the newest are shown as well nothing leads to newer ones."""
    for number in range(1, 200):
        await say(bot, f"word {number}.", own=number % 2 == 0)
    await say(bot, "somebody else", speaker="bob")
    found = await owner.get(f"{HOME}?q=100")
    assert "turn=100#turn100" in found
    talk = await owner.get(f"{HOME}/talk?character=inn%2FChen&speaker=ann&turn=100")
    assert 'id="turn100"' in talk
    assert "word 101." in talk
    assert "word 125." in talk
    assert "word 126." not in talk
    assert "word 76." in talk
    newest = f"{HOME}/talk?character=inn%2FChen&speaker=ann"
    assert f'href="{newest.replace("&", "&amp;")}">Newest<' in talk
    assert "word 150." in await owner.get(f"{newest}&turn=190")
    assert ">Newest<" not in await owner.get(f"{newest}&turn=190")
