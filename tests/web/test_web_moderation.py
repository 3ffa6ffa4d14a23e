"""The page of decisions: a queue to review, verdicts that hold, and mutes; nothing changes without the owner's form."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.events import Speech
from mudbot.mind.rulings import BLOCKED
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

HOME = "/dashboard/moderation"
EVIL = "<script>alert(1)</script>\"'><img src=x>"


async def decide(bot: FakeBot, words: str, speaker: str = "Ann", **more: Any) -> None:
    row = {"session": bot.hosts[0].session, "speaker": speaker, "source": "player", "reason": "harassment: refuse"}
    await bot.store.write("decisions", **row | {"text": words} | more)


async def judge(owner: Client, verdict: str, number: int = 1, status: int = 303, **more: Any) -> None:
    await owner.post(f"{HOME}/judge", status=status, csrf=await owner.csrf(), id=str(number), verdict=verdict, **more)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_waits_is_shown_with_what_can_be_said_of_it(bot: FakeBot, owner: Client, language: str) -> None:
    await decide(bot, "you awful thing")
    await decide(bot, "the model's own words", source="model")
    text = await owner.get(HOME, **speaking(language))
    assert "you awful thing" in text
    assert ("2 wait for you" if language == "en" else "2 条待处理") in text
    for verdict, times in (("allow", 2), ("block", 2), ("mute", 1)):  # nobody can mute the model
        assert text.count(f'name="verdict" value="{verdict}"') == times


async def test_what_is_allowed_passes_from_now_on(bot: FakeBot, owner: Client) -> None:
    """In every form of case, width and blanks, and nothing else does; other sessions as well."""
    await decide(bot, "You  awful THING")
    await judge(owner, "allow")
    host = bot.hosts[0]
    assert host.rulings.of("you awful ｔhing ") == "allow"
    assert host.rulings.of("you awful thing!") is None
    assert "you awful" not in (await owner.get(HOME)).lower()
    done = await owner.get(f"{HOME}?state=reviewed")
    assert "allowed from now on" in done


async def test_what_is_blocked_is_refused_from_now_on(bot: FakeBot, owner: Client) -> None:
    await decide(bot, "Buy gold at x.example")
    await judge(owner, "block")
    for words in ("buy gold at x.example", "BUY GOLD, at x.example!!", "b u y gold at x example"):
        assert await bot.hosts[0].review(words, "player", "Bob") == BLOCKED
    assert await bot.hosts[0].review("buy bread", "player", "Bob") is None


async def test_a_verdict_can_be_taken_back(bot: FakeBot, owner: Client) -> None:
    await decide(bot, "spam spam")
    await judge(owner, "block")
    await judge(owner, "reopen")
    assert await bot.hosts[0].review("spam spam", "player", "Bob") is None
    assert "spam spam" in await owner.get(HOME)


async def test_the_last_verdict_counts_after_a_restart_too(bot: FakeBot, owner: Client) -> None:
    await decide(bot, "spam")
    await judge(owner, "block")
    await judge(owner, "allow")
    from mudbot.host.decisions import Decisions

    again = Decisions(bot.store, bot.clock, list)
    await again.begin()
    assert again.rulings.of("spam") == "allow"


async def test_a_speaker_is_muted_by_name_and_id_for_as_long_as_chosen(bot: FakeBot, owner: Client) -> None:
    host = bot.hosts[0]
    host.mutes.note(Speech("say", "Ann", "you awful thing", id="ann42"))
    await decide(bot, "you awful thing")
    await judge(owner, "mute", lasts="1d")
    assert {name: round(left / 3600) for name, left in host.mutes.names().items()} == {"ann": 24, "ann42": 24}
    assert await host.review("you awful thing", "player", "Bob") is None  # the words are nobody's fault
    text = await owner.get(HOME)
    assert "Hear ann42 again" in text
    await owner.post(f"{HOME}/unmute", csrf=await owner.csrf(), session=host.session, who="ann42")
    assert set(host.mutes.names()) == {"ann"}


async def test_the_way_back_keeps_the_filters_and_leads_nowhere_else(bot: FakeBot, owner: Client) -> None:
    await decide(bot, "spam")
    await judge(owner, "allow", back=f"{HOME}?state=all&q=x")
    assert owner.headers["Location"] == f"{HOME}?state=all&q=x"
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "", f"{HOME}/../../\r\nX: y"):
        await judge(owner, "reopen", back=elsewhere)
        assert owner.headers["Location"].startswith(HOME)
        assert "\n" not in owner.headers["Location"]


@pytest.mark.parametrize(
    ("number", "verdict", "status"), [("1", "ban", 400), ("x", "allow", 400), ("77", "allow", 404)]
)
async def test_what_cannot_be_judged_is_not(
    bot: FakeBot, owner: Client, number: str, verdict: str, status: int
) -> None:
    await decide(bot, "spam")
    await owner.post(f"{HOME}/judge", status=status, csrf=await owner.csrf(), id=number, verdict=verdict)
    assert await bot.hosts[0].review("spam", "player", "Bob") is None


async def test_without_the_forms_own_sign_nothing_changes(bot: FakeBot, owner: Client) -> None:
    await decide(bot, "spam")
    await owner.post(f"{HOME}/judge", status=403, id="1", verdict="block")
    await owner.post(f"{HOME}/judge", status=403, csrf="0" * 64, id="1", verdict="block")
    assert await bot.hosts[0].review("spam", "player", "Bob") is None


async def test_nobody_else_judges(bot: FakeBot, guest: Client) -> None:
    await decide(bot, "spam")
    await guest.get(HOME, status=302)
    await guest.post(f"{HOME}/judge", status=302, id="1", verdict="block")
    await guest.post(f"{HOME}/unmute", status=302, session="x", who="y")
    assert await bot.hosts[0].review("spam", "player", "Bob") is None


async def test_words_and_names_are_only_text(bot: FakeBot, owner: Client) -> None:
    await decide(bot, EVIL, speaker=EVIL, reason=EVIL)
    bot.hosts[0].mutes.mute(EVIL, 60)
    text = await owner.get(HOME)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;") >= 4
