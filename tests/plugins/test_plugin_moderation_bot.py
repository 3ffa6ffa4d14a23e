"""What follows for who said it: a warning, a mute, words to the owners; with all of the real bot around."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mudbot.testing import Bot

AWFUL = "you awful thing, Chen"


async def rude(bot: Bot, category: str = "harassment", **settings: Any) -> None:
    """An innkeeper with moderation, to whom ``awful`` is of *category*."""
    bot.ai.will_flag("awful|讨厌", category=category)
    bot.ai.will_say(*["Good day."] * 20)
    await bot.load("dialogue")
    await bot.load("moderation", **settings)
    await bot.advance(5)
    bot.forget()


def told(bot: Bot, who: str = "Ann") -> list[str]:
    return [line for line in bot.sent if line.startswith(f"tell {who} ")]


async def test_the_model_never_sees_what_is_unfit_and_the_player_is_warned_in_private(bot: Bot) -> None:
    await rude(bot)
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert told(bot) == ["tell Ann Please mind your words with me. I did not pass that on."]
    assert [asked for asked in bot.ai.asked if asked.kind in ("chat", "complete")] == []


async def test_a_warning_is_in_the_players_language_and_once_an_hour(bot: Bot) -> None:
    await rude(bot)
    for words in ("你真讨厌，Chen", "讨厌的Chen", AWFUL):
        await bot.say(words, who="Ann")
        await bot.advance(30)
    assert told(bot) == ["tell Ann 请注意言辞。这句话我没有转达。"]
    await bot.advance("1h")
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert len(told(bot)) == 2


async def test_who_speaks_of_ending_it_gets_kind_words_and_no_warning(bot: Bot) -> None:
    await rude(bot, category="self-harm/intent")
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert "talk to somebody you trust" in " ".join(told(bot))
    assert "mind your words" not in " ".join(bot.sent)


async def test_a_muted_speaker_is_answered_by_nothing_until_the_time_is_over(bot: Bot) -> None:
    """Neither talk nor commands; others are answered as ever."""
    await rude(bot, player={"harassment": "mute"}, mute="10m")
    await bot.load("basics")
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert told(bot) == ["tell Ann I will not hear you for 10 minutes."]
    bot.forget()
    for words in ("Chen, an ale please", "!help"):
        await bot.say(words, who="Ann")
        await bot.tell(words, who="Ann")
        await bot.advance(30)
    assert bot.sent == []
    await bot.say("Chen, an ale please", who="Bob")
    await bot.advance(30)
    assert bot.said == ["Good day."]
    await bot.advance("10m")
    bot.forget()
    await bot.say("Chen, an ale please", who="Ann")
    await bot.advance(30)
    assert bot.said == ["Good day."]


async def test_what_the_model_says_unfit_is_not_said(bot: Bot) -> None:
    bot.ai.will_flag("awful")
    bot.ai.will_say("An awful thing to say.", "Quite awful.")
    await bot.load("dialogue")
    await bot.load("moderation")
    await bot.say("Chen, how are you?", who="Ann")
    await bot.advance(30)
    assert bot.sent
    assert "awful" not in " ".join(bot.sent)
    assert told(bot) == []


async def test_masked_words_reach_neither_the_model_nor_the_game(bot: Bot) -> None:
    bot.ai.will_flag("gnome|bitch")
    bot.ai.will_say("That gnome is no friend of mine.")
    await bot.load("dialogue")
    await bot.load("moderation", player={"harassment": "mask"}, model={"harassment": "mask"}, words=["gnome"])
    await bot.say("Chen, who is that bitch?", who="Ann")
    await bot.advance(30)
    asked = next(asked for asked in bot.ai.asked if asked.kind in ("chat", "complete"))
    assert "bitch" not in asked.text
    assert "who is that" in asked.text
    assert bot.said == ["That ***** is no friend of mine."]


async def test_one_call_a_line_each_way(bot: Bot) -> None:
    await rude(bot)
    await bot.say("Chen, an ale please", who="Ann")
    await bot.advance(30)
    assert [asked.text for asked in bot.ai.asked if asked.kind == "moderate"] == ["Chen, an ale please", "Good day."]
    await bot.say("Chen, an ale please", who="Bob")
    await bot.advance(30)
    assert len([asked for asked in bot.ai.asked if asked.kind == "moderate"]) == 2


async def test_the_local_filter_alone_asks_nothing(bot: Bot) -> None:
    await rude(bot, only="local")
    await bot.say(AWFUL, who="Ann")
    await bot.say("Chen, an ale please", who="Bob")
    await bot.advance(30)
    assert len(told(bot)) == 1
    assert not [asked for asked in bot.ai.asked if asked.kind == "moderate"]


async def test_pictures_wishes_are_reviewed_too(bot: Bot) -> None:
    bot.ai.will_flag("awful")
    await bot.load("scenes", permissions={"images": True})
    await bot.load("moderation")
    await bot.say("!scene an awful place", who="Ann")
    await bot.advance(60)
    assert not [asked for asked in bot.ai.asked if asked.kind == "image"]


@pytest.mark.mudbot(dialect="nt7")
async def test_the_start_says_in_the_log_what_happens_without_the_api(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await bot.load("moderation", when_away="allow")
    assert "text that nobody can judge is let through (fails open)" in caplog.text


def test_the_plugin_is_short() -> None:
    """A page that anyone can read."""
    from mudbot.host import loader

    assert len(Path(loader.shipped(), "moderation.py").read_text("utf-8").splitlines()) <= 150


async def test_the_owners_are_told_where_tells_reach_them(bot: Bot) -> None:
    """Once a minute at most: a flood of abuse must not become one of tells."""
    bot.choose(dialect="nt7", language="zh")
    await bot.load("basics")
    await bot.tell("!help", who="王五", role="owner")
    await rude(bot, category="sexual/minors", mute="1s")
    for who in ("张三", "李四"):
        await bot.tell("awful", who=who)
        await bot.advance(10)
    assert [line for line in bot.sent if line.startswith("tell wangwu ")] == [
        "tell wangwu 审核：张三，sexual/minors：awful"
    ]
